"""What a form says, as a value: written as a file, a line or code, it comes back and runs the same."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kohakuengine import Config, Script, axes
from kohakuengine.cli.run import script_of, wanted_of
from kohakuengine.config.loader import load_config
from kohakuengine.config.members import EnumMember
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.readings import as_wanted
from kohakuengine.errors import ConfigError
from kohakuengine.jupyter.commands import group_for
from kohakuengine.jupyter.widgets.form_code import config_text, python_text, yaml_text
from kohakuengine.jupyter.widgets.form_reading import state_of, state_of_file
from kohakuengine.jupyter.widgets.form_state import FormState, configs_of
from kohakuengine.jupyter.widgets.form_words import line_text, shell_text
from kohakuengine.jupyter.widgets.launch_choices import LaunchChoices
from kohakuengine.jupyter.widgets.settings import Drawn, Listed, Span, Steps
from kohakuengine.jupyter.words import split_line

SCRIPT = """
from enum import Enum
from pathlib import Path
from typing import Literal, Optional

class Color(Enum):
    RED = 1
    BLUE = "b"

lr: float = 0.1
epochs: int = 3
fast: bool = False
mode: Literal["a", "b", 3] = "a"
color: Color = Color.RED
name: str = "x"
out: Path = Path("here")
sizes: list[int] = [1]
limit: Optional[int] = None
anything = None
axes = 1
"""

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "lr": st.floats(allow_nan=False),
    "epochs": st.integers(-(10**9), 10**9),
    "fast": st.booleans(),
    "mode": st.sampled_from(["a", "b", 3]),
    "color": st.sampled_from([EnumMember("Color", "RED"), EnumMember("Color", "BLUE")]),
    "name": TEXTS,
    "out": TEXTS.filter(lambda t: "\0" not in t).map(Path),
    "sizes": st.lists(st.integers(), max_size=3),
    "limit": st.none() | st.integers(),
    "anything": st.none() | st.booleans() | st.integers() | FINITE | TEXTS | st.binary(max_size=3)
    | st.lists(st.integers(), max_size=2) | st.tuples(TEXTS) | st.dictionaries(TEXTS, FINITE, max_size=2),
    "axes": st.integers(),
}  # fmt: skip
NUMBERS = st.integers(1, 99) | st.floats(0.001, 1e6)


@st.composite
def _settings(draw: st.DrawFn, name: str, count: int) -> Any:
    """A way in which a variable varies, with so many values."""
    kind = draw(st.sampled_from(["list", "list", "span", "steps", "drawn", "choice"]))
    if kind == "span":
        whole = draw(st.booleans())
        start = draw(st.integers(1, 50))
        stop = start + 10 * count if whole else draw(NUMBERS)
        return Span(draw(st.sampled_from(["linspace", "geomspace"])), start, stop, count, whole)
    if kind == "steps":
        start, step = draw(st.integers(-9, 9)), draw(st.integers(1, 5))
        return Steps(start, start + step * count, step)
    if kind == "drawn":
        low = draw(st.floats(0.001, 1))
        which = draw(st.sampled_from(["uniform", "loguniform", "normal"]))
        return Drawn(which, (low, low + 1), count, draw(st.integers(0, 3)))
    values = draw(st.lists(VALUES[name], min_size=count, max_size=count))
    if kind == "choice" and name not in ("color", "out"):
        return Drawn("choice", (tuple(values),), count, draw(st.integers(0, 3)))
    return Listed(tuple(values))


@st.composite
def states(draw: st.DrawFn) -> FormState:
    names = draw(st.permutations(list(VALUES)))
    cut = draw(st.integers(0, 4))
    tied = draw(st.integers(0, cut))
    tie = names[:tied] if tied > 1 else []
    count = draw(st.integers(1, 3))
    swept = tuple(
        (name, draw(_settings(name, count if name in tie else draw(st.integers(1, 3)))))
        for name in draw(st.permutations(names[:cut]))
    )
    fixed = {name: draw(VALUES[name]) for name in names[cut : cut + draw(st.integers(0, 5))]}
    more: dict[str, Any] = {}
    if swept and draw(st.booleans()):
        more["repeat"] = draw(st.integers(1, 3))
        more["sample"] = draw(st.none() | st.tuples(st.just(1), st.integers(0, 3)))
    return FormState(fixed, swept, (tuple(tie),) if tie else (), **more)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    path = tmp_path_factory.mktemp("form") / "my train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return Script(path)


def points(configs: Config | Sweep | Any) -> list[str]:
    """All configs as texts in which 1, 1.0 and True differ, and the order of variables doesn't."""
    found = [configs] if isinstance(configs, Config) else list(configs)
    return [
        repr((sorted(c.globals_dict.items(), key=lambda i: i[0]), c.args, c.kwargs, c.metadata))
        for c in found
    ]


def test_of_what_is_equal_and_not_the_same(tmp_path: Path) -> None:
    """1, 1.0 and True, nan and -0.0 come back as they were."""
    values = (1, 1.0, True, float("nan"), -0.0, float("-inf"), 2 + 3j, {1}, frozenset(), ())
    state = FormState(swept=(("anything", Listed(values)),))
    path = tmp_path / "c.py"
    path.write_text(config_text(state), encoding="utf-8")
    assert repr(state_of_file(path)) == repr(state)


@settings(max_examples=200)
@given(state=states())
def test_a_config_file_gives_the_state_back(
    state: FormState, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A form's state, written as a config file, is read as the same state, and runs the same."""
    path = tmp_path_factory.getbasetemp() / "form_state.py"
    path.write_text(config_text(state, "train.py"), encoding="utf-8")
    back = state_of_file(path)
    assert back == state
    assert repr(back.swept) == repr(state.swept)
    assert points(load_config(path)) == points(configs_of(state))


@settings(max_examples=100)
@example(state=FormState(swept=(("lr", Drawn("choice", ((float("inf"),),), 1, 0)),)))
@given(state=states())
def test_a_file_in_yaml_gives_the_state_back(
    script: Script, state: FormState, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """So does YAML, where it can hold the values; where it can't, it names one."""
    path = tmp_path_factory.getbasetemp() / "form_state.yaml"
    try:
        text = yaml_text(state, script)
    except ConfigError as error:
        assert "YAML" in str(error)
        return
    path.write_text(text, encoding="utf-8", newline="")
    back = state_of_file(path, script)
    assert back == state
    assert repr(back.swept) == repr(state.swept)
    assert points(as_wanted(load_config(path), script)) == points(configs_of(state))


def of_words(words: list[str]) -> Any:
    """What the command makes of words."""
    group = group_for(SimpleNamespace(cell=None))  # type: ignore[arg-type]
    command = group.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None
    given = command.make_context("run", words[1:]).params
    own = {
        n: given.pop(n)
        for n in ("script", "args", "config", "overrides", "entrypoint", "config_args")
    }
    target = script_of(own["script"], own["entrypoint"], own["args"])
    return wanted_of(
        target, own["config"], own["overrides"], given.pop("launcher"), own["config_args"], given
    )


@settings(max_examples=150)
@given(state=states())
def test_the_magics_line_runs_the_same(script: Script, state: FormState) -> None:
    """A `%kogine` line, where one can say it, is understood by the command as the form means it."""
    try:
        line = line_text(state, script, LaunchChoices(workers=2, timeout=90.0, tags=("a b",)))
    except ConfigError as error:
        assert "file" in str(error)
        return
    wanted = of_words(split_line(line.removeprefix("%kogine "), {}))
    assert points(wanted.configs) == points(configs_of(state))
    options = wanted.options
    assert (options.workers, options.timeout, list(options.tags)) == (2, 90.0, ["a b"])


@settings(max_examples=150)
@given(state=states())
def test_the_shells_command_runs_the_same(script: Script, state: FormState) -> None:
    """A command line, where one can say it, is understood by the command as the form means it."""
    try:
        line = shell_text(state, script, LaunchChoices(retries=1))
    except ConfigError as error:
        assert "file" in str(error)
        return
    program, *words = shlex.split(line)
    assert program == "kogine"
    wanted = of_words(words)
    assert points(wanted.configs) == points(configs_of(state))
    assert wanted.options.retries == 1


@settings(max_examples=100)
@given(state=states())
def test_the_code_runs_the_same(
    script: Script, state: FormState, monkeypatch_module: pytest.MonkeyPatch
) -> None:
    """Python code that is copied runs what the form would."""
    seen: list[Any] = []

    def sweep(target: Any, space: Any, config: Config | None = None, **options: Any) -> None:
        seen.append(Sweep(config or Config(), space))

    class Parallel:
        def __init__(self, target: Any, config: Config | None = None, **options: Any) -> None:
            seen.append(config or Config())

        def run(self) -> None:
            return None

    import kohakuengine

    monkeypatch_module.setattr(kohakuengine, "sweep", sweep, raising=False)
    monkeypatch_module.setattr(kohakuengine, "Parallel", Parallel, raising=False)
    exec(python_text(state, script, LaunchChoices()), {})
    assert points(seen[0]) == points(configs_of(state))


@pytest.fixture(scope="module")
def monkeypatch_module() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_plain_lines_stay_plain(script: Script) -> None:
    """What is copied is what a user would have written."""
    state = FormState(
        {"epochs": 5, "color": EnumMember("Color", "BLUE")},
        (("lr", Span("geomspace", 0.001, 0.1, 3)), ("mode", Listed(("a", "b")))),
    )
    target = Script(script.path)
    target.name = "train.py"
    assert shell_text(state, target, LaunchChoices(workers=2)) == (
        "kogine run train.py --set epochs=5 --set color=BLUE "
        "--sweep 'lr=geomspace(0.001, 0.1, 3)' --sweep mode=a,b --workers 2"
    )
    assert line_text(state, target, LaunchChoices()) == (
        "%kogine run train.py --set epochs=5 --set color=BLUE "
        '--sweep "lr=geomspace(0.001, 0.1, 3)" --sweep mode=a,b --background'
    )
    assert config_text(FormState({"lr": 0.5}, (("n", Listed((1, 2))),)), "train.py") == (
        '"""What train.py is run with."""\n\nfrom kohakuengine import axes\n\n'
        "lr = 0.5\n_sweep = axes.grid(n=[1, 2])\n"
    )


def test_long_code_is_indented_by_its_depth(script: Script) -> None:
    """A space within a call is laid out as a formatter would lay it out."""
    swept = tuple((name, Listed(tuple(range(12)))) for name in ("epochs", "seed", "count"))
    target = Script(script.path)
    target.name = "train.py"
    text = python_text(FormState(swept=swept), target, LaunchChoices(workers=2))
    assert text.endswith(
        "runs = sweep(\n"
        "    'train.py',\n"
        "    axes.grid(\n"
        f"        epochs={[*range(12)]},\n"
        f"        seed={[*range(12)]},\n"
        f"        count={[*range(12)]},\n"
        "    ),\n"
        "    workers=2,\n"
        ")\n"
    )


def test_draws_of_what_has_no_literal_are_refused(script: Script) -> None:
    """A line can't name infinity among what is drawn from; the file that can is named."""
    state = FormState(swept=(("lr", Drawn("choice", ((0.0, float("inf")),), 3)),))
    for text in (line_text, shell_text):
        with pytest.raises(ConfigError, match="save it as a config file"):
            text(state, script, LaunchChoices())
    assert 'choice([0.0, float("inf")], 3)' in config_text(state)


def test_yaml_says_paths_and_members_as_the_script_reads_them(
    script: Script, tmp_path: Path
) -> None:
    """What YAML has no value for is written as a text where the script wants it so."""
    members = tuple(EnumMember("Color", name) for name in ("RED", "BLUE"))
    state = FormState({"out": Path("a/b"), "sizes": [1]}, (("color", Listed(members)),))
    text = yaml_text(state, script)
    assert "out: a/b" in text and "RED" in text and "Color" not in text
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    assert state_of_file(path, script) == state
    with pytest.raises(ConfigError, match="anything can't be written in YAML"):
        yaml_text(FormState({"anything": Path("a")}), script)


def test_what_a_form_cant_show_is_written_out(tmp_path: Path) -> None:
    """Conditional axes become tied lists, with the same runs; what is no sweep is refused."""
    space = axes.grid(a=[1, 2], b=axes.when("a > 1", [5, 6], otherwise=0))
    state = state_of(Sweep(Config({"z": 0}), space))
    assert state.ties == (("a", "b"),)
    assert points(configs_of(state)) == points(Sweep(Config({"z": 0}), space))
    conditional = axes.grid(a=[1, 2], b=axes.when("a > 1", [5, 6]))
    with pytest.raises(ConfigError, match="only under a condition.*--config"):
        state_of(Sweep(Config(), conditional), "c.py")
    made = tmp_path / "gen.py"
    made.write_text("def config_gen():\n    yield {}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="one by one"):
        state_of_file(made)


def test_a_list_of_configs_is_read_as_a_grid_where_it_is_one() -> None:
    """Configs that are there are shown as what makes them."""
    grid = Sweep(Config({"c": 1}), {"a": [1, 2], "b": [True, 1]})
    state = state_of(list(grid))
    assert state == FormState({"c": 1}, (("a", Listed((1, 2))), ("b", Listed((True, 1)))))
    odd = [*grid][:3]
    assert state_of(odd).ties == (("a", "b"),)
    assert points(configs_of(state_of(odd))) == points(odd)


def test_exclude_sample_and_repeat_come_back(tmp_path: Path) -> None:
    """What is said of the whole sweep is in the file, the line and the form."""
    state = FormState(
        swept=(("lr", Listed((0.1, 0.2))), ("epochs", Listed((1, 2)))),
        excluded=("lr > 0.1 and  epochs == 2", "mode == 'a  b'"),
        sample=(2, 7),
        repeat=3,
    )
    with pytest.raises(ConfigError, match="looks at mode"):
        configs_of(state)
    state = FormState(swept=state.swept, excluded=state.excluded[:1], sample=(2, 7), repeat=3)
    path = tmp_path / "c.py"
    path.write_text(config_text(state), encoding="utf-8")
    assert state_of_file(path) == state
    assert configs_of(state).size == 6  # type: ignore[union-attr]
