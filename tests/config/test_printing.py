"""Configs printed as config files."""

from __future__ import annotations

import collections
import enum
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from keyword import iskeyword
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kohakuengine.config.base import Config
from kohakuengine.config.loader import load_config
from kohakuengine.config.secret import Secret
from kohakuengine.errors import ConfigError

FORMATS = ("py", "yaml", "toml", "json")


class Color(enum.Enum):
    RED = 1


class Mode(enum.Flag):
    A = 1
    B = 2


@dataclass
class Layer:
    width: int
    act: str = "relu"


Point = collections.namedtuple("Point", "x y")


def exact(value: Any) -> Any:
    """A value, and the types of all that it consists of, to compare."""
    if type(value) is dict:
        return dict, sorted((repr(key), exact(item)) for key, item in value.items())
    if type(value) in (list, tuple):
        return type(value), [exact(item) for item in value]
    if type(value) in (set, frozenset):
        return type(value), sorted(map(repr, value))
    return type(value), repr(value) if not isinstance(value, int) else hex(value)


def fields(config: Config) -> dict[str, Any]:
    return {name: exact(value) for name, value in config.to_dict().items()}


# ---- what is printed is read as it was ----

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("\\${}[a.:#&*!|>'\"%@`?~- \n\t,=0", max_size=12),
    st.sampled_from(
        [
            "on",
            "no",
            "1e-3",
            "010",
            "null",
            "~",
            "",
            "true",
            "<<",
            "=",
            "???",
            "\\???",
            "0x1",
            ".nan",
        ]
        + ["2024-01-01", "12:30", "1_000", "${x}", "\\${x}", "\\\\${env:A}\\", "- a", "a: b", " a "]
        + [
            "a\nb\n",
            "\n",
            "\x7f\x00",
            "\x85\u2028\ufeff",
            "\U0001f600",
            "---",
            "...",
            "#",
            "x" * 200,
        ]
    ),
)
numbers = st.one_of(
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.sampled_from([-0.0, 1e16, 5e-324]),
)
zones = st.one_of(st.none(), st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))))
days = st.dates()
moments = st.datetimes(timezones=zones).map(lambda moment: moment.replace(fold=0))
times = st.times().map(lambda moment: moment.replace(fold=0))
SINGLE: dict[str, st.SearchStrategy[Any]] = {
    "json": st.one_of(texts, numbers, st.booleans(), st.none()),
    "toml": st.one_of(texts, numbers, st.booleans(), st.none(), days, moments, times),
    "yaml": st.one_of(
        *(texts, numbers, st.booleans(), st.none(), days, moments, st.binary(max_size=90)),
        st.sets(st.one_of(texts, st.integers()), max_size=3),
    ),
    "py": st.one_of(
        *(
            st.text(max_size=12),
            texts,
            numbers,
            st.booleans(),
            st.none(),
            days,
            moments,
            st.times(),
        ),
        *(
            st.binary(max_size=9),
            st.complex_numbers(),
            st.timedeltas(),
            st.decimals(),
            st.fractions(),
        ),
        st.sampled_from(
            [Path("a/b"), PurePosixPath("x"), Color.RED, Mode.B, Layer(3), Point(1, [2])]
        ),
        st.sampled_from([math.sqrt, len, Path, Color, ..., range(3), math, Layer]),
        st.sets(st.integers(), max_size=3),
        st.frozensets(st.text(max_size=3), max_size=3),
    ),
}
INNER: dict[str, st.SearchStrategy[Any]] = {
    "json": texts,
    "toml": texts,
    "yaml": st.one_of(texts, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False)),
    "py": st.one_of(texts, st.integers(), st.tuples(st.integers(), texts), st.none()),
}
words = st.from_regex(r"[^\W_]\w{0,6}", fullmatch=True)
names = st.one_of(
    words,
    st.sampled_from(
        ["on", "null", "lr", "Path", "datetime", "use", "Decimal", "self", "Color", "len"]
    ),
).filter(lambda name: name.isidentifier() and not iskeyword(name))
anything = st.one_of(
    names, texts, st.sampled_from(["_x", "class", "CONFIG", "config_gen", "a-b", "ﬁ"])
)


def configs(format: str) -> st.SearchStrategy[Config]:
    """Configs that a format can hold."""
    values = st.recursive(
        SINGLE[format],
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(INNER[format], inner, max_size=3),
            *([st.lists(inner, max_size=2).map(tuple)] if format == "py" else []),
        ),
        max_leaves=6,
    )
    variables = st.dictionaries(names, values, max_size=4)
    if format == "py":
        variables = st.one_of(variables, st.dictionaries(anything, values, max_size=3))
    keywords = st.dictionaries(texts, values, max_size=2)
    return st.builds(Config, variables, st.lists(values, max_size=2), keywords, keywords)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_printed_is_read_as_it_was(format: str, folder: Path) -> None:
    """In each format, a Config that it can hold comes back with every value and its type."""
    path = folder / f"config.{format}"

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(configs(format))
    def check(config: Config) -> None:
        try:
            text = config.to_text(format)
        except ConfigError as error:
            assert "???" in str(error) and format != "py"
            return
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        loaded = load_config(path)
        assert isinstance(loaded, Config)
        assert fields(loaded) == fields(config), text
        assert loaded.to_text(format) == text

    check()


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (
            "py",
            """\
from pathlib import Path

lr = 0.001
data = Path('data')
model = {'layers': [1, 2], 'note': None}
_args = ['x']
_metadata = {'name': 'a'}
""",
        ),
        (
            "yaml",
            "lr: 0.001\nmodel:\n  layers: [1, 2]\n  note: null\n_args: [x]\n_metadata: {name: a}\n",
        ),
        (
            "toml",
            """\
lr = 0.001
_args = ["x"]

[model]
layers = [1, 2]
note = "${none:}"

[_metadata]
name = "a"
""",
        ),
        (
            "json",
            """\
{
    "lr": 0.001,
    "model": {"layers": [1, 2], "note": null},
    "_args": ["x"],
    "_metadata": {"name": "a"}
}
""",
        ),
    ],
)
def test_as_one_would_write_it(format: str, text: str) -> None:
    """The text is one to go on with by hand."""
    values = {"lr": 1e-3, "data": Path("data"), "model": {"layers": [1, 2], "note": None}}
    if format != "py":
        del values["data"]
    assert Config(values, ["x"], metadata={"name": "a"}).to_text(format) == text


def test_long_values_are_broken() -> None:
    """What doesn't fit on a line takes several."""
    text = Config({"names": ["x" * 30] * 4, "one": (1,)}).to_text("py")
    assert text == f"names = [\n{f'''    {'x' * 30!r},{chr(10)}''' * 4}]\none = (1,)\n"


def test_names_that_are_no_variables(folder: Path) -> None:
    """In Python they are written into a Config; elsewhere there is no way."""
    config = Config({"_x": 1, "a-b": 2}, ["a"])
    text = config.to_text("py")
    assert text.startswith("from kohakuengine import Config\n\nCONFIG = Config(globals_dict=")
    (folder / "a.py").write_text(text)
    assert load_config(folder / "a.py") == config
    with pytest.raises(ConfigError, match="_x can't be written in YAML: .*; write it in Python."):
        config.to_text("yaml")


def test_names_of_variables_win(folder: Path) -> None:
    """A variable that is called like what has to be imported keeps its name."""
    config = Config({"Path": 1, "place": Path("x"), "use": math.sqrt})
    config.save(folder / "a.py")
    assert "from pathlib import Path as _Path" in (folder / "a.py").read_text()
    assert load_config(folder / "a.py") == config


@pytest.mark.parametrize(
    ("value", "format", "told"),
    [
        (
            (1, 2),
            "json",
            "v can't be written in JSON: it is a tuple, which would come back as a list",
        ),
        ((1, 2), "yaml", "; write it in Python."),
        ({"a": [0, (1,)]}, "toml", "v.a[1] can't be written in TOML: it is a tuple"),
        (
            {1, 2},
            "json",
            "it is a set, which would come back as a list; write it in Python or YAML.",
        ),
        (date(2024, 1, 2), "json", "; write it in Python or YAML or TOML."),
        (Path("x"), "yaml", "Path; write it in Python."),
        (Color.RED, "yaml", "v can't be written in YAML: it is of type Color; write it in Python."),
        (
            {1: 2},
            "json",
            "it has a key, or an item of a set, that is a int; write it in Python or YAML",
        ),
        (
            lambda: 1,
            "py",
            "it can't be imported by its name; no format of config files can hold it.",
        ),
        (object(), "py", "it is of type object; no format of config files can hold it."),
        (10**5000, "yaml", "it is a number of more than 4300 digits; write it in Python."),
        ("\ud800", "toml", "it has half a character in it, a surrogate; write it in Python."),
        ("???", "json", "there, ??? says that a value is missing; write it in Python."),
        (Mode.A | Mode.B, "py", "it is a member of an Enum without a name"),
        (time(1, tzinfo=timezone.utc), "toml", "it has a time zone or a fold that would be lost"),
        (type("Local", (), {}), "py", "it can't be imported by its name"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_format_cannot_hold(value: object, format: str, told: str) -> None:
    """It isn't changed in silence: the value is named, and a format that can hold it."""
    with pytest.raises(ConfigError) as caught:
        Config({"v": value}).to_text(format)
    assert told in str(caught.value) and str(caught.value).startswith("v")


@pytest.mark.parametrize("format", FORMATS)
def test_what_holds_itself(format: str) -> None:
    """It is refused, and so is what is very deep."""
    circle: list[Any] = []
    circle.append(circle)
    deep: Any = 1
    for _ in range(5000):
        deep = {"a": deep}
    for value in (circle, deep):
        with pytest.raises(
            ConfigError, match="^v can't .*it is nested too deeply, or holds itself"
        ):
            Config({"v": value}).to_text(format)


def test_numbers_of_other_libraries() -> None:
    """A number that only looks like one of Python's isn't made into one."""

    class Mine(float):
        pass

    for format in FORMATS:
        with pytest.raises(ConfigError, match="it is of type Mine"):
            Config({"v": Mine(1)}).to_text(format)


def test_classes_of_other_modules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are imported from where they are, also those within others."""
    module = ModuleType("kogine_test_colors")
    exec("import enum\nclass Outer:\n    class Kind(enum.Enum):\n        A = 1\n", vars(module))
    monkeypatch.setitem(sys.modules, "kogine_test_colors", module)
    config = Config({"kind": module.Outer.Kind.A})
    assert config.to_text() == "from kogine_test_colors import Outer\n\nkind = Outer.Kind.A\n"
    config.save(folder / "a.py")
    assert load_config(folder / "a.py") == config


def test_huge_numbers(folder: Path) -> None:
    """Python reads more digits in hexadecimal than in decimal."""
    Config({"v": -(2**99999)}).save(folder / "a.py")
    assert load_config(folder / "a.py").globals_dict == {"v": -(2**99999)}


def test_save(folder: Path) -> None:
    """The file's name says the format; what was there stays where the new one can't be written."""
    config = Config({"lr": 0.1})
    for name in ("a.py", "b.yaml", "c.yml", "d.toml", "e.json"):
        config.save(folder / name)
        assert load_config(folder / name) == config
    with pytest.raises(ConfigError, match="no format 'ini'"):
        config.save(folder / "a.ini")
    with pytest.raises(ConfigError, match="can't be written: No such file or directory"):
        config.save(folder / "nowhere" / "a.py")
    with pytest.raises(ConfigError, match="did you mean yaml"):
        config.to_text("yalm")
    with pytest.raises(ConfigError):
        Config({"v": (1,)}).save(folder / "e.json")
    assert load_config(folder / "e.json") == config
    assert len([*folder.iterdir()]) == 5


def test_values_of_the_standard_library() -> None:
    """They are written as code."""
    config = Config({"d": Decimal("1.50"), "f": Fraction(1, 3), "t": timedelta(1), "l": [Layer(2)]})
    assert config.to_text() == (
        "import datetime\nfrom decimal import Decimal\nfrom fractions import Fraction\n"
        f"from {__name__} import Layer\n\n"
        "d = Decimal('1.50')\nf = Fraction(1, 3)\nt = datetime.timedelta(days=1)\n"
        "l = [Layer(width=2, act='relu')]\n"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_secrets(format: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are printed as the name of their variable, and read as secrets."""
    monkeypatch.setenv("KOGINE_TEST_TOKEN", "hush-hush")
    config = Config(
        {"token": Secret("KOGINE_TEST_TOKEN")}, kwargs={"a": [Secret("KOGINE_TEST_TOKEN")]}
    )
    path = folder / f"a.{format}"
    config.save(path)
    assert "hush" not in path.read_text() and load_config(path) == config
    with pytest.raises(ConfigError, match="write it in Python|^v can't be written in Python"):
        value = Secret("KOGINE_TEST_TOKEN", (lambda text: text) if format == "py" else Path)
        Config({"v": value}).to_text(format)


def test_secrets_that_are_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that isn't set is named; none can be put into a text."""
    monkeypatch.delenv("KOGINE_TEST_TOKEN", raising=False)
    path = folder / "a.yaml"
    path.write_text("a: ${secret:KOGINE_TEST_TOKEN}")
    with pytest.raises(
        ConfigError, match="line 1: a is .* KOGINE_TEST_TOKEN, which is a secret, isn't"
    ):
        load_config(path)
    monkeypatch.setenv("KOGINE_TEST_TOKEN", "hush-hush")
    path.write_text("a: Bearer ${secret:KOGINE_TEST_TOKEN}")
    with pytest.raises(ConfigError, match="a Secret can't be a part of a text") as caught:
        load_config(path)
    assert "hush" not in str(caught.value)
