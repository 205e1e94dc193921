"""kogine config validate, show and check"""

from __future__ import annotations

import json

import pytest

SWEEP = """\
    from kohakuengine import Config

    def config_gen():
        for lr in (0.1, 0.2, 0.3):
            print("made", lr)
            yield Config({"lr": lr}, args=[1], kwargs={"a": None}, metadata={"b": {2}})
"""
LATE = """\
    from kohakuengine import Config

    def config_gen():
        yield Config({"lr": 0.1})
        raise ValueError("no more")
"""


def test_a_valid_file_is_told(kogine, write) -> None:
    """`validate` says what the file gives."""
    write("bare.py", "lr = 0.1\nepochs = 3\n")
    reply = kogine("config", "validate", "bare.py")
    assert (reply.outcome, reply.err) == (0, "")
    assert "bare.py is valid: one config, that sets lr, epochs" in reply.out


def test_of_several_configs_the_first_is_made(kogine, write) -> None:
    """`validate` of a generator asks for its first config only."""
    write("sweep.py", SWEEP)
    reply = kogine("config", "validate", "sweep.py")
    assert reply.outcome == 0
    assert reply.out.count("made 0") == 1 and "several configs" in reply.out


@pytest.mark.parametrize(
    "text", ["lr = = 1", "lr = 1\nraise ValueError('oh')", "def config_gen():\n    return 3"]
)
def test_a_broken_file_is_told(kogine, write, text: str) -> None:
    """`validate` of a file that can't be loaded says why, and exits with 1."""
    write("broken.py", text)
    reply = kogine("config", "validate", "broken.py")
    assert (reply.outcome, reply.out) == (1, "")
    assert reply.err.startswith("kogine: error: ") and "broken.py" in reply.err
    assert "Traceback" not in reply.err


def test_options_of_a_run_are_validated(kogine, write) -> None:
    """A file whose config chooses for its run what can't be isn't valid."""
    write("bare.py", "lr = 0.1\n_metadata = {'options': {'timeout': '5m'}}\n")
    reply = kogine("config", "validate", "bare.py")
    assert (reply.outcome, reply.out) == (1, "")
    assert "config of lr=0.1: timeout must be a number above 0, got '5m'." in reply.err


def test_validate_as_json(kogine, write) -> None:
    """With `--json` both answers are documents on stdout."""
    write("bare.py", "lr = 0.1\n")
    write("broken.py", "\nlr = = 1\n")
    good = kogine("config", "validate", "bare.py", "--json")
    assert json.loads(good.out) == {
        **{"file": "bare.py", "valid": True, "kind": "config", "keys": ["lr"]}
    }
    bad = kogine("config", "validate", "broken.py", "--json")
    document = json.loads(bad.out)
    assert (bad.outcome, bad.err, document["valid"], document["line"]) == (1, "", False, 2)


@pytest.mark.parametrize("command", ["validate", "show"])
def test_a_missing_file_is_a_usage_error(kogine, command: str) -> None:
    """A file that isn't there is told with exit code 2."""
    reply = kogine("config", command, "nosuch.py")
    assert (reply.outcome, reply.out) == (2, "")
    assert reply.err.startswith("kogine: error: ") and "nosuch.py" in reply.err


def test_a_config_is_shown_with_types(kogine, write) -> None:
    """`show` lists all that a config holds: name, type, value."""
    write("bare.py", "lr = 0.1\nname = 'a'\n_args = [1]\n_kwargs = {'b': None}\n")
    assert kogine("config", "show", "bare.py").out == (
        "lr           float     0.1\n"
        "name         str       'a'\n"
        "args[0]      int       1\n"
        "kwargs['b']  NoneType  None\n"
    )


def test_an_empty_config_is_told(kogine, write) -> None:
    """A file that sets nothing is no error."""
    write("bare.py", "import math\n")
    assert kogine("config", "show", "bare.py").out == "an empty config\n"


def test_a_generator_is_shown_lazily(kogine, write) -> None:
    """`show --limit 2` makes two configs, not three, and says that there may be more."""
    write("sweep.py", SWEEP)
    out = kogine("config", "show", "sweep.py", "--limit", "2").out
    assert out.count("made") == 2
    assert "args[0]        int       1\n" in out
    assert "\n\n   lr\n0  0.1\n1  0.2\n" in out
    assert "the first 2, see --limit" in out


def test_all_of_a_short_generator_is_shown(kogine, write) -> None:
    """Where the limit isn't reached, nothing says that there is more."""
    write("sweep.py", SWEEP)
    out = kogine("config", "show", "sweep.py").out
    assert "2  0.3\n3 config(s)\n" in out and "--limit" not in out


def test_of_a_sweep_the_number_is_known(kogine, write) -> None:
    """An axis varies, whatever it is in the first configs; parts of dictionaries have dots."""
    write("s.py", "m = {'a': 1, 'b': 2}\n_sweep = {'m.a': range(10**6), 'lr': [0.1, 0.2, 0.3]}\n")
    reply = kogine("config", "show", "s.py", "--limit", "2")
    assert reply.out.splitlines() == [
        *("m.b  int  2", "", "   m.a  lr", "0  0    0.1", "1  0    0.2"),
        "3000000 configs: these are the first 2, see --limit.",
    ]
    document = json.loads(kogine("config", "show", "s.py", "--json").out)
    assert (document["count"], document["varies"]) == (3_000_000, ["m.a", "lr"])


def test_show_as_json(kogine, write) -> None:
    """`--json` gives the fields of each config, and the types of its values."""
    write("sweep.py", SWEEP.replace('            print("made", lr)\n', ""))
    document = json.loads(kogine("config", "show", "sweep.py", "--limit", "1", "--json").out)
    assert document["kind"] == "generator"
    (shown,) = document["configs"]
    assert shown["globals_dict"] == {"lr": 0.1} and shown["metadata"] == {"b": "{2}"}
    assert shown["types"]["lr"] == "float"


def test_a_value_whose_repr_fails_is_shown(kogine, write) -> None:
    """Objects of any kind can be shown, on a line each."""
    write(
        "odd.py",
        """\
        class Odd:
            def __repr__(self): raise ValueError
        class Long:
            def __repr__(self): return "a\\n" * 99
        odd, long = Odd(), Long()
        """,
    )
    out = kogine("config", "show", "odd.py").out
    assert "whose repr raises ValueError" in out
    assert len(out.splitlines()) == 4


def test_an_error_of_a_later_config_is_told(kogine, write) -> None:
    """What a generator raises on the way is told as a broken file is."""
    write("late.py", LATE)
    assert kogine("config", "validate", "late.py").outcome == 0
    reply = kogine("config", "show", "late.py")
    assert (reply.outcome, reply.out) == (2, "   lr\n0  0.1\n")
    assert "late.py line 5 raised ValueError: no more" in reply.err


def statuses(out: str) -> dict[str, str]:
    return {key["key"]: key["status"] for key in json.loads(out)["keys"]}


def test_check_tells_what_each_key_means(kogine, write) -> None:
    """Keys fit, are unknown, are new, or have the wrong type; exit code 1 if one doesn't fit."""
    write("script.py", "import os\nx: int = 1\nmodel = f()\ndef f():\n    return DEBUG, os\n")
    write("bare.py", "x = 'a'\nmodel = 1\nDEBUG = True\nzzz = 2\n")
    reply = kogine("config", "check", "script.py", "--config", "bare.py", "--json")
    assert reply.outcome == 1
    assert statuses(reply.out) == {
        **{"x": "wrong type", "model": "fits", "DEBUG": "new", "zzz": "unknown"}
    }


def test_check_names_the_nearest(kogine, write) -> None:
    """A misspelt key is told with the names it may mean."""
    write("bare.py", "epoch = 3\nlr = 0.5\n")
    reply = kogine("config", "check", "train.py", "--config", "bare.py")
    assert reply.outcome == 1
    assert reply.out == "epoch  unknown  did you mean epochs?\nlr     fits\n"


def test_check_is_content_when_all_fit(kogine, write) -> None:
    """Exit code 0 if every key is a variable of the script."""
    write("bare.py", "epochs = 3\nlr = 1\n")
    reply = kogine("config", "check", "train.py", "--config", "bare.py", "--json")
    assert reply.outcome == 0
    assert json.loads(reply.out)["ok"] is True


def test_check_takes_overrides_too(kogine) -> None:
    """`--set` is checked as it would be typed."""
    reply = kogine(
        "config", "check", "train.py", "--set", "color=BLUE", "--set", "mode=slo", "--json"
    )
    assert statuses(reply.out) == {"color": "fits", "mode": "wrong type"}
    assert "none of fast, slow" in json.loads(reply.out)["keys"][1]["note"]


def test_check_looks_at_the_first_of_several(kogine, write) -> None:
    """Of a generator only the first config is made."""
    write("sweep.py", SWEEP)
    reply = kogine("config", "check", "train.py", "--config", "sweep.py")
    assert reply.out.count("made") == 1 and "lr fits" in " ".join(reply.out.split())


def test_check_says_what_is_unusual(kogine, write) -> None:
    """A key that is bound in an odd way fits, with a note; Python's own names are refused."""
    write("script.py", "for i in range(3):\n    print(i)\n")
    reply = kogine("config", "check", "script.py", "--set", "i=5", "--set", "__name__=x")
    assert reply.outcome == 1
    assert "every iteration of line 1 runs with 5" in reply.out
    assert "__name__  refused" in reply.out


def test_a_name_that_a_star_import_may_bring_is_new(kogine, write) -> None:
    """Where names come from elsewhere, none is called unknown."""
    write("script.py", "from math import *\n")
    assert kogine("config", "check", "script.py", "--set", "tau=3").outcome == 0


def test_check_needs_something_to_check(kogine) -> None:
    """Without a config and overrides it is a usage error."""
    reply = kogine("config", "check", "train.py")
    assert reply.outcome == 2 and "--config" in reply.err


@pytest.mark.parametrize("format", ["py", "yaml", "toml", "json"])
def test_a_config_is_printed_as_a_file(kogine, write, format: str) -> None:
    """`show --format` prints a config file that shows the same."""
    write("a.yaml", "lr: 1e-3\nmodel: {layers: 2, act: null}\n_args: [x]\n")
    reply = kogine("config", "show", "a.yaml", "--format", format)
    assert (reply.outcome, reply.err) == (0, "")
    write(f"again.{format}", reply.out)
    assert kogine("config", "show", f"again.{format}").out == kogine("config", "show", "a.yaml").out


def test_of_several_configs_the_first_can_be_printed(kogine, write) -> None:
    """A file holds one: which is said, and `--limit 1` takes the first."""
    write("sweep.py", SWEEP.replace("{2}", "2"))
    reply = kogine("config", "show", "sweep.py", "--format", "yaml")
    assert reply.outcome == 2 and "several configs, and --format is for one; --limit 1" in reply.err
    reply = kogine("config", "show", "sweep.py", "--format", "yaml", "--limit", "1")
    assert (reply.outcome, reply.err) == (0, "made 0.1\n")
    assert reply.out == "lr: 0.1\n_args: [1]\n_kwargs: {a: null}\n_metadata: {b: 2}\n"


def test_what_a_format_cannot_hold_is_told(kogine, write) -> None:
    """The key is named, and a format that can hold it."""
    write("a.py", "hidden = (64, 32)\n")
    reply = kogine("config", "show", "a.py", "--format", "toml")
    assert (reply.outcome, reply.out) == (2, "")
    assert "hidden can't be written in TOML: it is a tuple" in reply.err
    assert kogine("config", "show", "a.py", "--format", "py").out == "hidden = (64, 32)\n"


@pytest.mark.parametrize("name", ["a.yaml", "a.toml", "a.json"])
def test_config_commands_take_every_format(kogine, write, name: str) -> None:
    """`validate`, `show` and `check` load text files, too, and say what is wrong with one."""
    texts = {"a.yaml": "lr: 0.2", "a.toml": "lr = 0.2", "a.json": '{"lr": 0.2}'}
    write(name, texts[name])
    write("script.py", "lr = 0.1\nprint(lr)\n")
    assert f"{name} is valid: one config, that sets lr" in kogine("config", "validate", name).out
    assert kogine("config", "show", name).out == "lr  float  0.2\n"
    assert kogine("config", "check", "script.py", "--config", name).out.split() == ["lr", "fits"]
    write(name, "{")
    assert f"{name} line " in kogine("config", "validate", name).err


def test_a_format_that_there_is_not(kogine, write) -> None:
    """It says which one may be meant."""
    write("c.py", "lr = 1\n")
    reply = kogine("config", "show", "c.py", "--format", "ymal")
    assert reply.outcome == 2 and "did you mean yaml?" in reply.err


def test_a_valid_sweep_is_counted(kogine, write) -> None:
    """`validate` says how many configs a file gives, where that is known."""
    write("c.py", "lr = 1\n_sweep = {'bs': [1, 2]}\n")
    assert kogine("config", "validate", "c.py").out == (
        "c.py is valid: 2 configs, that set lr, bs.\n"
    )
