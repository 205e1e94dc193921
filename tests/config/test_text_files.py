"""Config files in YAML, TOML and JSON."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from math import inf, isnan
from pathlib import Path
from typing import Any

import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.loader import load_config
from kohakuengine.config.schema import check_by_own
from kohakuengine.errors import CheckError, ConfigError, ConfigFileError, ConfigTypeError

Write = Callable[[str, str], Path]

STUDY = {
    "py": """
        learning_rate = 1e-3
        epochs = 10
        tags = ["a", "no", "12:30"]
        model = {"layers": 2, "wide": True, "dropout": None}
        big = 123456789012345678901234567890
        limit = float("inf")
        _args = ["data"]
        _kwargs = {"resume": False}
        _metadata = {"project": "lines"}
        _sweep = {
            "_zip": {"learning_rate": "log(1e-5,1e-1,3)", "epochs": [30, 20, 10]},
            "model.layers": [2, 4],
            "optimizer": ["sgd", "adam"],
            "_exclude": "optimizer == 'sgd' and epochs > 20",
            "_repeat": {"times": 2, "seed": "seed"},
        }
    """,
    "yaml": """
        learning_rate: 1e-3
        epochs: 10
        tags: [a, "no", 12:30]
        model:
          layers: 2
          wide: true
          dropout:
        big: 123456789012345678901234567890
        limit: .inf
        _args: [data]
        _kwargs: {resume: false}
        _metadata: {project: lines}
        _sweep:
          _zip:
            learning_rate: log(1e-5,1e-1,3)
            epochs: [30, 20, 10]
          model.layers: [2, 4]
          optimizer: [sgd, adam]
          _exclude: optimizer == 'sgd' and epochs > 20
          _repeat: {times: 2, seed: seed}
    """,
    "toml": """
        learning_rate = 1e-3
        epochs = 10
        tags = ["a", "no", "12:30"]
        model = {layers = 2, wide = true, dropout = "${none:}"}
        big = 123456789012345678901234567890
        limit = inf
        _args = ["data"]

        [_kwargs]
        resume = false

        [_metadata]
        project = "lines"

        [_sweep]
        "model.layers" = [2, 4]
        optimizer = ["sgd", "adam"]
        _exclude = "optimizer == 'sgd' and epochs > 20"
        _repeat = {times = 2, seed = "seed"}

        [_sweep._zip]
        learning_rate = "log(1e-5,1e-1,3)"
        epochs = [30, 20, 10]
    """,
    "json": """
        {
          "learning_rate": 1e-3,
          "epochs": 10,
          "tags": ["a", "no", "12:30"],
          "model": {"layers": 2, "wide": true, "dropout": null},
          "big": 123456789012345678901234567890,
          "limit": Infinity,
          "_args": ["data"],
          "_kwargs": {"resume": false},
          "_metadata": {"project": "lines"},
          "_sweep": {
            "_zip": {"learning_rate": "log(1e-5,1e-1,3)", "epochs": [30, 20, 10]},
            "model.layers": [2, 4],
            "optimizer": ["sgd", "adam"],
            "_exclude": "optimizer == 'sgd' and epochs > 20",
            "_repeat": {"times": 2, "seed": "seed"}
          }
        }
    """,
}


def load(write: Write, text: str, name: str = "study.yaml") -> Any:
    """What a file with this text gives."""
    return load_config(write(name, text))


def refusal(write: Write, text: str, name: str = "study.yaml") -> str:
    """What is said of a file that can't be loaded; its folder is left out."""
    path = write(name, text)
    with pytest.raises(ConfigError) as caught:
        loaded = load_config(path)
        pytest.fail(f"{loaded} was loaded")
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("format", ["yaml", "toml", "json"])
def test_the_same_study_in_each_format_gives_the_same_configs(write: Write, format: str) -> None:
    """Whichever format it is written in, values, types, order and sweep are those of Python's."""
    ours = [*load(write, STUDY[format], f"study.{format}")]
    theirs = [*load(write, STUDY["py"], "study.py")]
    assert len(ours) == 20
    assert [repr(config) for config in ours] == [repr(config) for config in theirs]


def test_plain_words_of_yaml(write: Write) -> None:
    """Numbers and words are what YAML 1.2 and users of OmegaConf take them for."""
    config = load(
        write,
        """
        a: [1e-3, 1E5, 1., .5, -1.5e+3, 1_000, 0x10, 0o10, 0b11, +7, -0]
        b: [true, False, null, ~, .nan, -.inf, .INF]
        c: [12:30:45, 2024-01-01, 1.2.3, 1e, y, None, nan, "010", 'yes', 0x, 1__0, "1"]
        d: {1: one, 2.5: x, on: kept, "": e}
        """,
    )
    values = config.globals_dict
    assert repr(values["a"]) == "[0.001, 100000.0, 1.0, 0.5, -1500.0, 1000, 16, 8, 3, 7, 0]"
    assert values["b"][:4] == [True, False, None, None] and isnan(values["b"][4])
    assert values["b"][5:] == [-inf, inf]
    assert values["c"] == [
        *("12:30:45", "2024-01-01", "1.2.3", "1e", "y", "None", "nan", "010", "yes", "0x", "1__0"),
        "1",
    ]
    assert values["d"] == {1: "one", 2.5: "x", "on": "kept", "": "e"}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("on", "on is true to some and a text to others: write true or 'on'"),
        ("No", "No is false to some and a text to others: write false or 'No'"),
        ("010", "010 is an octal number to some and a decimal one to others: write 10, 0o10 or"),
    ],
)
def test_words_that_readers_of_yaml_differ_on_are_refused(
    write: Write, word: str, told: str
) -> None:
    """Rather than guessed at: what to write is said."""
    assert f"study.yaml line 2 has a word that can't be told: {told}" in refusal(
        write, f"a: 1\nb: [{word}]"
    )


def test_long_digits_in_a_text(write: Write) -> None:
    """Only numbers have a limit."""
    assert load(write, f"a = 'pi 3 {'1' * 9000}'", "a.toml").globals_dict["a"][-1] == "1"


def test_dates(write: Write) -> None:
    """TOML has dates; in YAML they are texts, but for those that are tagged."""
    toml = load(write, "a = 2024-01-02\nb = 2024-01-02T03:04:05+02:00\nc = 03:04:05", "a.toml")
    zone = timezone(timedelta(hours=2))
    assert toml.globals_dict["a"] == date(2024, 1, 2)
    assert toml.globals_dict["b"] == datetime(2024, 1, 2, 3, 4, 5, tzinfo=zone)
    assert toml.globals_dict["c"] == time(3, 4, 5)
    yaml = load(write, "a: !!timestamp 2024-01-02\nb: !!timestamp 2024-01-02T03:04:05+02:00")
    assert yaml.globals_dict["a"] == date(2024, 1, 2)
    assert yaml.globals_dict["b"] == datetime(2024, 1, 2, 3, 4, 5, tzinfo=zone)


def test_yaml_of_the_safe_kind(write: Write) -> None:
    """Anchors are copied, `<<` merges, and the safe tags are understood."""
    config = load(
        write,
        """
        base: &base {a: [1], b: 2}
        own: {<<: *base, b: 3}
        more: {<<: [{a: 0}, *base]}
        tags: [!!str 1, !!float 1, !!int "3", !!bool yes, !!binary aGk=, !!set {x, y}, !!null ""]
        """,
    )
    values = config.globals_dict
    assert values["own"] == {"a": [1], "b": 3} and values["more"] == {"a": 0, "b": 2}
    assert values["own"]["a"] is not values["base"]["a"]
    assert repr(values["tags"][:5]) == "['1', 1.0, 3, True, b'hi']"
    assert values["tags"][5:] == [{"x", "y"}, None]


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system [touch canary]", "!!python/name:os.system", "!own 1"]
)
def test_tags_that_make_objects_are_refused(
    write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    """Nothing that YAML says is executed."""
    monkeypatch.chdir(folder)
    said = refusal(write, f"a: 1\nb: {tag}")
    assert "study.yaml line 2 has the tag !" in said and "Python" in said
    assert not (folder / "canary").exists()


@pytest.mark.parametrize("name", ["empty.yaml", "empty.toml", "empty.yml"])
def test_an_empty_file(write: Write, name: str) -> None:
    """It sets nothing."""
    assert load(write, "# nothing\n", name) == Config()


def test_private_names(write: Write) -> None:
    """A name that begins with an underscore is for references, as it is in Python."""
    assert load(write, "_half: 50\nlimit: ${_half}") == Config({"limit": 50})
    assert "there is no _arg; did you mean _args?" in refusal(write, "_arg: [1]")
    assert load(write, "_size: 1\n_seed: 3\n_case: 4") == Config()


# ---- schemas ----

SCHEMA = """
    from dataclasses import dataclass

    @dataclass
    class Study:
        epochs: int = 1

        def __post_init__(self):
            if self.epochs > 5:
                raise ValueError("too long")

    _schema = Study
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "_schema: schemas.py:Study\nepochs: 7"),
        ("a.toml", '_schema = "schemas.py:Study"\nepochs = 7'),
        ("a.json", '{"_schema": "schemas.py", "epochs": 7}'),
        ("a.yaml", "_schema: schemas.py\n_sweep: {epochs: [7]}"),
        ("a.yaml", "_base: schemas.py\nepochs: 7"),
        ("a.yaml", "_base: [{file: schemas.py}, b.toml]\nepochs: 7"),
        ("a.yaml", "_base: c.yaml\nepochs: 7"),
    ],
)
def test_schema(write: Write, name: str, text: str) -> None:
    """A text file names its schema, or has that of a file that it builds on."""
    write("schemas.py", SCHEMA)
    write("b.toml", "epochs = 2")
    write("c.yaml", "_schema: schemas.py:Study")
    loaded = load_config(write(name, text))
    config = loaded if isinstance(loaded, Config) else next(iter(loaded))
    with pytest.raises(CheckError, match="by the schema Study, too long"):
        check_by_own(config)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "schemas.py:Stdy",
            "a.yaml line 1 sets _schema wrongly: schemas.py has no Stdy; did you mean Study?",
        ),
        ("empty.py", "empty.py has no _schema: name its class, as in empty.py:Study."),
        ("schema.py:Study", "schema.py: there is no such config file; did you mean schemas.py?"),
        ("schemas.py:dataclass", "dataclass must be a pydantic model or a dataclass"),
        ("schemas:Study", "must name a Python file and a class in it, as in schemas.py:Study"),
        ("[1]", "must name a Python file and a class in it, as in schemas.py:Study, got [1]."),
    ],
)
def test_wrong_schema(
    write: Write, monkeypatch: pytest.MonkeyPatch, folder: Path, given: str, told: str
) -> None:
    """What names no schema is an error that says so, and never passed over."""
    monkeypatch.chdir(folder)
    write("schemas.py", SCHEMA)
    write("empty.py", "")
    write("a.yaml", f"_schema: {given}")
    with pytest.raises(ConfigError) as caught:
        load_config("a.yaml")
    assert told in str(caught.value)


def test_places_of_bases(write: Write) -> None:
    """Each value is known to be of the file that sets it, whichever that is."""
    base = write("base.py", "lr = 1\nepochs = 2")
    under = write("under.toml", "seed = 1")
    top = write("top.yaml", "_base: [base.py, under.toml]\nepochs: 3")
    config = load_config(top)
    assert isinstance(config, Config) and config.origin is not None
    expected = {"lr": f"{base} line 1", "seed": f"{under} line 1", "epochs": f"{top} line 2"}
    assert {name: config.origin.place_of(name) for name in expected} == expected


# ---- what is wrong ----


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.yaml", "lr: 1\nb: 2\nlr: 3", "a.yaml line 3 gives lr twice: it is in line 1, too."),
        ("a.yaml", "m:\n  x: 1\n  x: 3", "a.yaml line 3 gives m.x twice: it is in line 2, too."),
        ("a.json", '{"m": {"x": 1,\n"x": 2}}', "line 2 gives m.x twice: it is in line 1, too."),
        (
            "a.json",
            '{"l": [{"y": [], "x": 1}, {"x": 1,\n"z": ":{", "x":\n2}]}',
            "line 2 gives l.1.x twice: it is in line 1, too.",
        ),
        ("a.toml", "lr = 1\n\nlr = 2", "a.toml line 3 gives lr twice: it is in line 1, too."),
        ("a.toml", "[m]\nx = 1\n[m]\ny = 1", "a.toml line 3 gives m twice: it is in line 1, too."),
        (
            "a.toml",
            's = """\nx = 1\n"""\n[m]\nx = 1\n"x" = [\n1]',
            "line 6 gives m.x twice: it is in line 5",
        ),
        ("a.yaml", "a: [1, 2", "a.yaml line 1 is not valid YAML: "),
        ("a.yaml", "a:\n\tb: 1", "indent by spaces, not by tabs"),
        ("a.yaml", "a: 1\n---\nb: 1", "a.yaml line 2 holds several documents"),
        ("a.yaml", "- 1", "a.yaml line 1 must hold values by name at its top, got list."),
        ("a.yaml", "a: *b", "a.yaml line 1 has no &b above *b."),
        ("a.yaml", "x: 1\na: &a [*a]", "a.yaml line 2 has &a hold itself, by *a."),
        ("a.yaml", "[a]: 1", "a.yaml line 1 has a list or a mapping for a key"),
        ("a.yaml", "my-lr: 1", "a.yaml line 1: 'my-lr' is no name of a variable."),
        ("a.yaml", 'a: "\\UFFFFFFFF"', "a.yaml line 1 is not valid YAML: "),
        ("a.yaml", "a: !!int x", "a.yaml line 1 has !!int before x, which is none."),
        ("a.json", '{"a": 1,\n"b": }', "a.json line 2 is not valid JSON: Expecting value."),
        ("a.json", "[1]", "a.json line 1 must hold values by name at its top, got list."),
        ("a.toml", "a = 1\nb =", "a.toml line 2 is not valid TOML: Invalid value, at the end."),
        ("a.yaml", "a: " + "[" * 5000, "nested more than 100 levels deep"),
        ("a.json", '{"a": ' + "[" * 100_000, "nested more than 100 levels deep"),
        ("a.json", '{"a": ' + "[" * 150 + "]" * 150 + "}", "nested more than 100 levels deep"),
        ("a.toml", "a = " + "[" * 100_000, "nested more than 100 levels deep"),
        ("a.toml", ".".join("a" * 100_000) + " = 1", "nested more than 100 levels deep"),
        ("a.yaml", "a: 1\nb: " + "9" * 100_000, "line 2 holds a number of 100000 digits"),
        ("a.json", '{"a":\n' + "9" * 100_000 + "}", "line 2 holds a number of 100000 digits"),
        ("a.toml", "a = 1\nb = " + "9" * 100_000, "line 2 holds a number of 100000 digits"),
    ],
    ids=lambda value: value[:20],
)
def test_what_cannot_be_read(write: Write, name: str, text: str, told: str) -> None:
    """One sentence says what is wrong, and in which line."""
    assert told in refusal(write, text, name)


def test_aliases_that_multiply(write: Write) -> None:
    """A few lines that stand for thousands of millions of values are refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "comes to more than 100000 values by its aliases" in refusal(write, "\n".join(lines))


@pytest.mark.parametrize("piece", ['"${a%d}${a%d}${a%d}${a%d}"', '["${a%d}", "${a%d}", "${a%d}"]'])
def test_references_that_multiply(write: Write, piece: str) -> None:
    """So are they where references do it."""
    count = piece.count("%d")
    lines = ["a0: xxxxxxxxxxxxxxx"]
    lines += [f"a{n}: " + piece % ((n - 1,) * count) for n in range(1, 29)]
    assert "references come to more than" in refusal(write, "\n".join(lines))


def test_bytes_that_are_no_text(write: Write, folder: Path) -> None:
    """The line with the wrong byte is named; a mark that Windows puts first is none."""
    path = folder / "a.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigFileError, match="line 2 is not UTF-8: it holds the byte 0xff") as e:
        load_config(path)
    assert (e.value.path, e.value.line) == (str(path), 2)
    for name, text in {"a.yaml": "a: 1", "a.toml": "a = 1", "a.json": '{"a": 1}'}.items():
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert load_config(folder / name) == Config({"a": 1})


def test_fields_of_the_wrong_type(write: Write) -> None:
    """They are named, with their line."""
    with pytest.raises(
        ConfigTypeError, match="a.yaml line 2 sets _args wrongly: Config: args must"
    ):
        load(write, "lr: 1\n_args: 3", "a.yaml")
    with pytest.raises(ConfigTypeError, match="a.json line 1 sets _kwargs wrongly"):
        load(write, '{"_kwargs": [1]}', "a.json")


def test_a_text_file_takes_no_arguments(write: Write) -> None:
    """Templates are Python."""
    with pytest.raises(ConfigError, match="takes no arguments, got size"):
        load_config(write("a.yaml", "a: 1"), arguments={"size": 1})


def test_other_files(write: Write) -> None:
    """A name that says nothing of the format is refused with those that do."""
    with pytest.raises(ConfigFileError, match="must end in .py, .yaml, .yml, .toml or .json"):
        load_config(write("a.ini", "a: 1"))
    with pytest.raises(ConfigFileError, match="there is no such config file"):
        load_config("nowhere.yaml")


# ---- sweeps ----


@pytest.mark.parametrize(
    ("sweep", "points"),
    [
        ("{a: [1, 2]}", [{"a": 1}, {"a": 2}]),
        ("[{a: [1]}, {a: [2], b: [x]}]", [{"a": 1}, {"a": 2, "b": "x"}]),
        ("{a: 'range(1,4,2)'}", [{"a": 1}, {"a": 3}]),
        ("grid(a=[1], b=['x'])", [{"a": 1, "b": "x"}]),
        ('{a: [1, 2], b: "when(a > 1, [5])"}', [{"a": 1}, {"a": 2, "b": 5}]),
        (
            "{_zip: [{a: [1, 2], b: [3, 4]}], c: [x]}",
            [{"a": 1, "b": 3, "c": "x"}, {"a": 2, "b": 4, "c": "x"}],
        ),
        ("{a: [1, 2, 3], _exclude: ['a == 1', 'a == 3']}", [{"a": 2}]),
        ("{a: [1], _repeat: 2}", [{"a": 1}, {"a": 1}]),
        ("{a: ['range(1, 3)', 'text']}", [{"a": "range(1, 3)"}, {"a": "text"}]),
    ],
)
def test_sweeps(write: Write, sweep: str, points: list[dict[str, Any]]) -> None:
    """`_sweep` has the meaning that it has in Python, its functions as texts."""
    loaded = load(write, f"_sweep: {sweep}")
    assert [config.globals_dict for config in loaded] == points
    tree = json.dumps({"_sweep": [{n: [v] for n, v in point.items()} for point in points]})
    assert [config.globals_dict for config in load(write, tree, "a.json")] == points


def test_a_sample_of_a_huge_space(write: Write) -> None:
    """It takes no time."""
    loaded = load(write, "_sweep: {a: 'range(10000000)', b: 'range(10000000)', _sample: 3}")
    assert len([*loaded]) == 3


@pytest.mark.parametrize(
    "sweep",
    [
        "\"repeat({'a': [1]}, 10000000000000, 'seed')\"",
        "\"repeat({'a': [1]}, 10000000000000)\"",
        "random(1000000000000, a=[1], b=uniform(0, 1))",
        "{a: 'normal(0, 1, 1000000000000)', _repeat: 1000000000000}",
        "{a: 'linspace(0, 1, 1000000000000)'}",
    ],
)
def test_the_first_points_of_very_many(write: Write, sweep: str) -> None:
    """Whatever they come of, only those that are asked for are made."""
    configs = iter(load(write, f"_sweep: {sweep}"))
    assert isinstance(next(configs), Config) and isinstance(next(configs), Config)


@pytest.mark.parametrize(
    ("sweep", "told"),
    [
        ("when(a > 1, [1])", "got when(a > 1, [1])"),
        ("{a: 'range(0, 1e308, 1e-300)'}", "range(0, 1e308, 1e-300) can't be understood"),
        ("{lr: adam}", "lr must be a list of values, got 'adam'; for one value, write ['adam']"),
        ("{lr: '0.1,0.2'}", "got '0.1,0.2'; write the values in brackets, as a list"),
        ("{lr: 'lgo(1,2,3)'}", "got 'lgo(1,2,3)'; did you mean log(...)?"),
        ("{lr: 3}", "got 3; for one value, write [3]"),
        ("{lr: []}", "lr has no values"),
        ("{_zip: {a: [1], b: [1, 2]}}", "a has 1, b has 2"),
        ("{lr: \"log(__import__('os').getpid(), 1, 1)\"}", "there is no"),
        ("{a: [1], _exclude: \"__import__('os').getpid()\"}", "is no part of a comparison"),
    ],
)
def test_wrong_sweeps(write: Write, sweep: str, told: str) -> None:
    """What is wrong is said, as of `_sweep` in Python, and where."""
    said = refusal(write, f"x: 1\n_sweep: {sweep}")
    assert "study.yaml line 2 sets _sweep wrongly: " in said and told in said


def test_what_is_made_of_what_varies(write: Write) -> None:
    """A value that would be the same for all points, though it refers to what varies, is refused."""
    said = refusal(write, "lr: 1\nhalf: ${lr}\nwarm: {a: '${half}'}\n_sweep: {lr: [1, 2]}")
    assert "study.yaml line 2: half is made of lr, which _sweep varies" in said
    text = "m: {a: 1, b: 2}\nc: ${m.b}\n_sweep: {m.a: [1, 2], d: ['${c}']}"
    assert [c.globals_dict["d"] for c in load(write, text)] == [2, 2]


# ---- what a file builds on ----


def test_bases_of_any_format(write: Write) -> None:
    """Own values win, then those of a later base; fields are layered as by `use_config`."""
    write("deep/one.toml", "a = 1\nb = 1\nc = 1\n_args = [1]\n_metadata = {x = 1, y = 1}")
    write("deep/two.py", "b = 2\nc = 2\n_kwargs = {'k': 2}\n_sweep = {'s': [1, 2]}\ntext = '${a}'")
    write("deep/three.json", '{"_base": ["one.toml", "two.py"], "c": 3, "_metadata": {"y": 3}}')
    loaded = load(write, "_base: deep/three.json\nd: 4\n_kwargs: {l: 4}", "top.yaml")
    whole = Config(
        {"a": 1, "b": 2, "c": 3, "text": "${a}", "d": 4, "s": 1},
        [1],
        {"k": 2, "l": 4},
        {"x": 1, "y": 3},
    )
    assert next(iter(loaded)) == whole
    write("user.py", "from kohakuengine import use_config\nuse_config('top.yaml')\nd = 5\n")
    assert next(iter(load_config(whole_path(write)))).globals_dict["d"] == 5


def whole_path(write: Write) -> Path:
    return write("again.py", "from kohakuengine import use_config\nuse_config('user.py')\n")


def test_templates_as_bases(write: Write) -> None:
    """A base's arguments are written beside its file."""
    write(
        "network.py",
        """
        from kohakuengine import Config

        def config_gen(size: int, name: str = "n"):
            return Config({"size": size, "name": name})
        """,
    )
    config = load(write, "_base: {file: network.py, size: 3}\nname: own")
    assert config == Config({"size": 3, "name": "own"})
    said = refusal(write, "_base:\n  - {file: network.py, size: huge}")
    assert said.startswith("study.yaml line 2: network.py can't be used like this: size")
    write("plain.toml", "a = 1")
    assert "takes no arguments, got size" in refusal(write, "_base: {file: plain.toml, size: 3}")


def test_circles_of_files(write: Write) -> None:
    """They are named in full, whatever the formats."""
    write("a.yaml", "_base: b.py")
    write("b.py", "from kohakuengine import use_config\nuse_config('c.toml')")
    said = refusal(write, "_base = 'a.yaml'", "c.toml")
    assert "c.toml uses a.yaml uses b.py uses c.toml: config files can't build on each" in said


def test_very_many_files(write: Write) -> None:
    """A file on which others build again and again is read once; a chain has its limit."""
    write("a0.yaml", "lr: 1")
    for n in range(1, 40):
        write(f"a{n}.yaml", f"_base: [a{n - 1}.yaml, a{n - 1}.yaml]\nx{n}: 1")
    assert len(load_config(write("top.yaml", "_base: a39.yaml")).globals_dict) == 40
    for n in range(120):
        write(f"b{n}.json", json.dumps({"_base": f"b{n + 1}.json"}))
    said = refusal(write, "_base: b0.json", "top.yaml")
    assert said == "b100.json stands under more than 100 files, each built on the next."


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("nowhere.yaml", "study.yaml line 2: nowhere.yaml: there is no such config file"),
        ("3", "study.yaml line 2: _base must be the path of a config file"),
        ("{size: 3}", "study.yaml line 2: _base must be the path of a config file"),
        ("[many.py]", "study.yaml line 2: many.py gives several Configs: nothing can build on it"),
        ("broken.yaml", "broken.yaml line 1 is not valid YAML"),
    ],
)
def test_wrong_bases(write: Write, base: str, told: str) -> None:
    """What is wrong with a base, and which file wants it."""
    write("many.py", "from kohakuengine import Config\nCONFIG = [Config(), Config()]")
    write("broken.yaml", "a: [")
    assert told in refusal(write, f"x: 1\n_base: {base}")


def test_references_across_files(write: Write) -> None:
    """Of text files, the values that are made of others follow what the file on top says."""
    write("base.yaml", "lr: 0.1\nwarm: ${lr}\nneeded: ???\nname: ${needed}")
    config = load(
        write, "_base = 'base.yaml'\nlr = 0.2\nneeded = 'x'\nout = 'runs/${name}'", "a.toml"
    )
    assert config.globals_dict == {
        **{"lr": 0.2, "warm": 0.2, "needed": "x", "name": "x", "out": "runs/x"}
    }
    said = refusal(write, "_base: base.yaml\nlr: 0.2", "a.yaml")
    assert said.startswith("base.yaml line 3: needed is ???: it must be given")


# ---- interpolation ----


def test_references(write: Write) -> None:
    """Whole values keep their types; within a text they are texts; dots lead to neighbours."""
    config = load(
        write,
        r"""
        a: {n: 3, l: [1, {x: y}], f: "${.n}", up: "${..b}"}
        b: true
        c: ${a}
        d: ${a.l[1].x}-${a.n}-${b}
        e: "${a.l.0}"
        f: \${a.n} and \\${a.n}
        g: ${c.n}
        h: ${a.${i}}
        i: n
        none: "${none:}"
        p: $a {a} $
        """,
    )
    values = config.globals_dict
    assert values["a"] == {"n": 3, "l": [1, {"x": "y"}], "f": 3, "up": True}
    assert values["c"] == values["a"] and values["c"]["l"] is not values["a"]["l"]
    assert type(values["c"]) is dict and type(values["c"]["l"]) is list
    assert (values["d"], values["e"], values["f"]) == ("y-3-True", 1, r"${a.n} and \3")
    assert (values["g"], values["h"], values["none"], values["p"]) == (3, 3, None, "$a {a} $")


def test_environment_variables(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their values are texts, and so are defaults; OmegaConf's own names will do."""
    monkeypatch.setenv("KOGINE_TEST_N", "4")
    monkeypatch.delenv("KOGINE_TEST_M", raising=False)
    config = load(
        write,
        """
        a: ${env:KOGINE_TEST_N}
        b: ${oc.env:KOGINE_TEST_M,/some/place}
        c: ${decode:${env:KOGINE_TEST_N}}
        d: ${oc.decode:${env:KOGINE_TEST_M,0.5}}
        e: ${env:KOGINE_TEST_M,null}
        f: runs/${env:KOGINE_TEST_N}/${env:KOGINE_TEST_M,'x, y'}
        """,
    )
    assert config.globals_dict == {
        **{"a": "4", "b": "/some/place", "c": 4, "d": 0.5, "e": None, "f": "runs/4/x, y"}
    }
    said = refusal(write, 'x = 1\n[m]\ndata = "${env:KOGINE_TEST_M}"', "a.toml")
    assert said.startswith(
        "a.toml line 3: m.data is ${env:KOGINE_TEST_M}: the environment variable"
    )
    assert "KOGINE_TEST_M isn't set: set it, or give a default" in said


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("${lrr}", "there is no lrr; did you mean lr?"),
        ("${m.y}", "there is no m.y"),
        ("${lr.x}", "there is no lr.x: lr is a float"),
        ("${....x}", "leads out of the config"),
        ("${a}", "a refers to itself: a -> a"),
        ("x ${b}", "a refers to itself: a -> b -> a"),
        ("x ${m}", "a dict can't be a part of a text"),
        ("${env:}", "env takes 1 or 2 arguments, got 0"),
        ("${eval:1}", "there is no resolver eval; there are env, secret, decode, none"),
        ("${decod:1}", "there is no resolver decod; did you mean decode?"),
        ("${oc.create:1}", "there is no resolver oc.create"),
        ("${lr", "it can't be understood"),
        ("${" * 3000, "it "),
        ("${decode:'[1'}", "it can't be understood"),
    ],
    ids=lambda value: value[:20],
)
def test_wrong_references(write: Write, value: str, told: str) -> None:
    """One sentence with the place, the text, and what is wrong with it."""
    said = refusal(write, f"lr: 0.1\nm: {{x: 1}}\na: {json.dumps(value)}\nb: ${{a}}")
    assert said.startswith("study.yaml line 3: ") and told in said
    assert len(said) < 300


def test_what_others_registered_cannot_be_used(write: Write) -> None:
    """A resolver that some library gave to OmegaConf isn't called by a config file."""
    from omegaconf import OmegaConf

    called: list[object] = []
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the name that OmegaConf 2.3 and 2.4 share is the older one
        OmegaConf.register_new_resolver("kogine_test", called.append, replace=True)
    try:
        assert "no resolver kogine_test" in refusal(write, "a: ${kogine_test:1}")
    finally:
        OmegaConf.clear_resolver("kogine_test")
    assert not called


@pytest.mark.process
def test_nothing_heavy_for_python_files(fresh_python: Callable[..., str], write: Write) -> None:
    """What reads the other formats isn't imported for a file that needs none of it."""
    write("a.py", "lr = 0.1")
    write("a.yaml", "lr: 0.1\nhalf: ${lr}")
    code = """
        import sys
        from kohakuengine import load_config
        load_config({!r})
        print([n for n in ("yaml", "omegaconf", "tomllib", "tomli", "tomli_w") if n in sys.modules])
    """
    assert fresh_python(code.format("a.py")).strip() == "[]"
    assert fresh_python(code.format("a.yaml")).strip() == "['yaml']"


def test_circles_and_questions(write: Write, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A circle by way of Python files is named in full, and a question ends a sentence."""
    monkeypatch.chdir(folder)
    for name, base in (("a.py", "b.yaml"), ("c.py", "a.py")):
        write(name, f"from kohakuengine import use_config\nuse_config('{base}')\n")
    write("b.yaml", "_base: c.py")
    with pytest.raises(ConfigError) as caught:
        load_config("a.py")
    told = str(caught.value)
    assert "raised" not in told and "a.py uses b.yaml uses c.py uses a.py: " in told
    write("d.yaml", "lr: ${model.lrr}\nmodel: {lr: 1}")
    with pytest.raises(ConfigFileError, match=r"did you mean model.lr\?$"):
        load_config("d.yaml")
