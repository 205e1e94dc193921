"""Scripts and configs become runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shared import configs, train  # noqa: F401

from kohakuengine import Config, ConfigGenerator, Script, load_config
from kohakuengine.errors import ConfigError, ConfigTypeError
from kohakuengine.config.sweep import Sweep
from kohakuengine.flow.plan import Plan, Planned


def planned(script: Script, config: Config, *axes: str) -> Planned:
    [one] = Plan([(script, config)], axes).runs()
    return one


@pytest.fixture
def script(train: Path) -> Script:
    return Script(train)


def _lock() -> Config:
    return Config({"lr": "x" * 60, "lock": threading.Lock()})


ALIKE: dict[str, list[Config]] = {
    "at the end": [Config({"lr": "x" * 60 + end}) for end in "ab"],
    "in the middle": [Config({"lr": "x" * 40 + middle + "x" * 40}) for middle in "ab"],
    "by type": [Config({"lr": "1" * 60}), Config({"lr": int("1" * 60)})],
    "functions": [Config({"lr": lambda: 1}), Config({"lr": lambda: 2})],
    "without a key": [_lock(), _lock()],
}


@pytest.mark.parametrize("alike", ALIKE.values(), ids=ALIKE)
def test_names_tell_runs_apart(script: Script, alike: list[Config]) -> None:
    """Also where values are long; they are of one length at most, and the same on resume."""
    one, other = (run.name for run in Plan([(script, alike)], ["lr"]).runs())
    assert one != other and one[:3] == other[:3] == "lr=" and {len(one), len(other)} <= {40}
    assert [run.name for run in Plan([(script, alike)], ["lr"]).runs()] == [one, other]
    if alike is not ALIKE["without a key"]:
        assert planned(script, alike[1], "lr").name == other


def test_each_config_is_a_run(script: Script) -> None:
    """The runs of a script are in the order of its configs, numbered from 0."""
    plan = Plan([(script, configs(1, 2, 3))])
    assert [(run.position, run.params) for run in plan.runs()] == [
        (0, {"lr": 1}),
        (1, {"lr": 2}),
        (2, {"lr": 3}),
    ]


def test_scripts_follow_each_other(script: Script, tmp_path: Path) -> None:
    """All runs of a script come before those of the next, and positions count on."""
    (tmp_path / "other.py").write_text("")
    other = Script(tmp_path / "other.py")
    plan = Plan([(script, configs(1, 2)), (other, None)])
    assert [(run.position, run.script) for run in plan.runs()] == [
        (0, script),
        (1, script),
        (2, other),
    ]
    assert plan.scripts == [script, other]


def test_a_script_without_configs_is_one_run(script: Script) -> None:
    """Nothing is overridden then."""
    [run] = Plan([(script, None)]).runs()
    assert (run.config, run.params, run.name) == (Config(), {}, "train")


NAMES: dict[str, tuple[Config, tuple[str, ...], str]] = {
    "what is set": (Config({"lr": 0.1, "bs": 2}), (), "lr=0.1 bs=2"),
    "what varies": (Config({"lr": 0.1, "bs": 2}), ("bs",), "bs=2"),
    "axes that aren't set": (Config({"lr": 0.1}), ("bs",), "lr=0.1"),
    "metadata": (Config({"lr": 0.1}, metadata={"name": "first"}), ("lr",), "first"),
    "no text": (Config({"lr": 0.1}, metadata={"name": 3}), (), "lr=0.1"),
    "arguments": (Config(args=["a"], kwargs={"k": 1}), (), "args[0]=a k=1"),
}


@pytest.mark.parametrize("config, axes, name", NAMES.values(), ids=NAMES)
def test_names(script: Script, config: Config, axes: tuple[str, ...], name: str) -> None:
    """A run is called as its metadata says, else by what varies, else by what is set."""
    assert planned(script, config, *axes).name == name


def test_the_key_depends_on_all_that_is_run(train: Path) -> None:
    """Config, arguments and entrypoint make the key; equal ones have the same."""
    scripts = [Script(train), Script(train, argv=["-v"]), Script(train, entrypoint="main")]
    keys = [planned(script, Config({"lr": 1})).key for script in scripts]
    keys.append(planned(scripts[0], Config({"lr": 1.0})).key)
    assert len(set(keys)) == 4 and None not in keys
    assert planned(Script(train), Config({"lr": 1})).key == keys[0]


def test_a_value_without_a_digest_has_no_key(script: Script) -> None:
    """The run has no key then, and the value that is to blame is named."""
    run = planned(script, Config({"lr": object()}))
    assert run.key is None and "globals_dict['lr']" in (run.fault or "")


TOTALS: dict[str, tuple[Any, int | None]] = {
    "none": (None, 1),
    "one": (Config(), 1),
    "a list": (configs(1, 2, 3), 3),
    "a sweep": (Sweep(Config(), {"lr": [1, 2], "bs": [1, 2, 3]}), 6),
    "an iterator": (iter(configs(1, 2)), None),
    "a generator function": (ConfigGenerator(lambda: iter(configs(1))), None),
}


@pytest.mark.parametrize("source, total", TOTALS.values(), ids=TOTALS)
def test_the_total_is_known_where_nothing_has_to_be_made_for_it(
    script: Script, source: Any, total: int | None
) -> None:
    """Of what is made while it is consumed nobody knows the number."""
    assert Plan([(script, source)]).total == total


def test_a_generator_is_asked_when_its_config_is_wanted(script: Script) -> None:
    """Nothing is made ahead."""
    made = []

    def source() -> Iterator[Config]:
        for value in (1, 2, 3):
            made.append(value)
            yield Config({"lr": value})

    runs = Plan([(script, ConfigGenerator(source))]).runs()
    assert made == []
    next(runs), next(runs)
    assert made == [1, 2]


def test_each_generator_is_told_of_its_own_runs(script: Script) -> None:
    """Outcomes reach the generator whose config the run had, one a config."""
    told: dict[str, list[object]] = {"a": [], "b": []}

    def source(name: str) -> Iterator[Config]:
        for value in range(3):
            told[name].append((yield Config({"lr": value})))

    items = [(script, ConfigGenerator(lambda: source("a")))]
    items += [(script, ConfigGenerator(lambda: source("b")))]
    plan = Plan(items)
    for run in plan.runs():
        plan.tell(run, run.position)
    assert told == {"a": [0, 1, 2], "b": [3, 4, 5]}


def test_outcomes_are_told_in_the_order_of_their_ends(script: Script) -> None:
    """When several runs have ended, the next configs bring the news one by one."""
    told: list[object] = []

    def source() -> Iterator[Config]:
        for value in range(4):
            told.append((yield Config({"lr": value})))

    plan = Plan([(script, ConfigGenerator(source))])
    runs = plan.runs()
    first, second = next(runs), next(runs)
    plan.tell(second, "second")
    plan.tell(first, "first")
    list(runs)
    assert told == [None, "second", "first", None]


WRONG: dict[str, tuple[Any, str]] = {
    "a dict": ({"lr": 1}, "config must be a Config, got dict"),
    "a text": ("lr=1", "config must be an iterable"),
    "a number": (3, "config must be an iterable"),
}


@pytest.mark.parametrize("source, message", WRONG.values(), ids=WRONG)
def test_what_is_no_config_is_refused(script: Script, source: Any, message: str) -> None:
    """At once, before anything is run."""
    with pytest.raises(ConfigTypeError, match=message):
        Plan([(script, source)])


def test_what_a_generator_gives_is_checked(script: Script) -> None:
    """The one that isn't a Config is named by its number."""
    runs = Plan([(script, [Config(), {"lr": 1}])]).runs()  # type: ignore[list-item]
    next(runs)
    with pytest.raises(ConfigTypeError, match="number 2 .* got dict"):
        next(runs)


def test_a_list_in_a_config_file_is_counted(tmp_path: Path) -> None:
    """So that a sweep over it can say how far it is; what a function gives isn't known before."""
    for text, total in (("CONFIG = some", 2), ("def config_gen(): return some", None)):
        file = tmp_path / "config.py"
        file.write_text(f"from kohakuengine import Config\nsome = [Config(), Config()]\n{text}\n")
        plan = Plan([(Script(__file__), load_config(file))])
        assert plan.total == total
        assert len(list(plan.runs())) == 2
