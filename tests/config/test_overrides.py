"""KEY=VALUE texts become values of the type that the script's parameter has."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.overrides import (
    EnumMember,
    misfit,
    nearest,
    parse_overrides,
    split_override,
    typed_value,
)
from kohakuengine.errors import OverrideError

RED = EnumMember("Color", "RED")


def parameter(
    annotation: str | None = None, default: object = ..., **facts: object
) -> SimpleNamespace:
    """What is known of a parameter: as `engine.parameters` tells it."""
    known = {"name": "x", "default": None, "literal": False, "type": annotation, "place": "line 3"}
    known |= {"annotation": annotation, "choices": None, "enum": None, "members": None}
    if default is not ...:
        kind = "None" if default is None else type(default).__name__
        known |= {"default": default, "literal": True, "type": annotation or kind}
    return SimpleNamespace(**{**known, **facts})


def color(annotation: str | None = None) -> SimpleNamespace:
    facts = {"enum": "Color", "choices": ("RED", "BLUE"), "members": {"RED": 1, "BLUE": "blue"}}
    return parameter(annotation, **{"type": "Color", **facts})


def same(value: object, expected: object) -> bool:
    """Equal, and of the same types throughout."""
    return repr(value) == repr(expected) and value == expected


# By annotation: the texts it takes and what they come to, and texts it refuses.
BY_ANNOTATION = {
    "int": (
        {"3": 3, "-3": -3, " 3 ": 3, "1_000": 1000, "0x10": 16, "0b11": 3, "007": 7},
        ["2.5", "1e3", "True", "", "None", "three", "9" * 5000],
    ),
    "float": (
        {
            "3": 3.0,
            "1e-3": 0.001,
            "inf": math.inf,
            "-Infinity": -math.inf,
            "1_0.5": 10.5,
            "0x10": 16.0,
        },
        ["a", "", "1,5", "True", "1/3", "0x" + "f" * 400],
    ),
    "bool": (
        {
            **{text: True for text in ("true", "True", "TRUE", "yes", "on", "1", " On ")},
            **{text: False for text in ("false", "False", "no", "OFF", "0")},
        },
        ["2", "", "y", "None"],
    ),
    "str": ({text: text for text in ("3", "", " a ", "None", "'a'", "[1]", "a=b")}, []),
    "complex": ({"1+2j": 1 + 2j, "1 + 2j": 1 + 2j}, ["a"]),
    "bytes": ({"b'a'": b"a"}, ["a", "'a'"]),
    "None": ({"None": None}, ["null", "0", ""]),
    "Any": ({"3": 3, "a": "a", "[1]": [1], "None": None}, []),
    "torch.float": ({"3": 3, "a": "a"}, []),
    "Tensor": ({"3": 3, "a b": "a b", "null": "null"}, []),
    "not python": ({"3": 3}, []),
    "list": (
        {"[1, 2]": [1, 2], "(1, 2)": [1, 2], "1,2": [1, 2], "[]": [], "[1, 'a']": [1, "a"]}
        | {"a,b": ["a", "b"], "[a, 2]": ["a", 2], "1,": [1], "[[1], 2]": [[1], 2]},
        ["1", "a", "", "{1, 2}", "1,,2", "[1", "a,'b"],
    ),
    "list[int]": ({"1,2": [1, 2], "[0x10]": [16]}, ["1,2.5", "[1, 'a']", "a,b", "[[1]]"]),
    "List[float]": ({"1,2": [1.0, 2.0], "[1, 2.5]": [1.0, 2.5], "inf,1": [math.inf, 1.0]}, ["[a]"]),
    "Sequence[str]": (
        {"a,b": ["a", "b"], "['a', 'b']": ["a", "b"], "1,2": ["1", "2"], "[a]": ["a"]},
        ["['a', 1]", "a"],
    ),
    "list[bool]": ({"true,False": [True, False], "[True]": [True]}, ["[2, 3]"]),
    "list[Path]": ({"a,b": [Path("a"), Path("b")], "['a']": [Path("a")]}, ["[['a']]"]),
    "list[Optional[int]]": ({"1,None": [1, None]}, ["1,a"]),
    "tuple": ({"1,2": (1, 2), "[1]": (1,), "()": ()}, ["1"]),
    "tuple[int, str]": ({"1,a": (1, "a"), "(1, 'a')": (1, "a")}, ["1", "1,2,3", "a,1"]),
    "Tuple[float, ...]": ({"1,2": (1.0, 2.0), "[]": ()}, ["a,b"]),
    "tuple[int, tuple[int, int]]": ({"1,(2,3)": (1, (2, 3))}, ["1,(2,3,4)"]),
    "set": ({"{1}": {1}, "[1, 1]": {1}, "1,1": {1}, "set()": set(), "{}": set()}, ["1", "[[1]]"]),
    "frozenset[str]": ({"a,a": frozenset({"a"}), "{'a'}": frozenset({"a"})}, ["a"]),
    "dict": (
        {"{'a': 1}": {"a": 1}, '{"a": null, "b": true}': {"a": None, "b": True}, "{}": {}},
        ["a=1", "[1]", "{a: 1}", ""],
    ),
    "Mapping[str, float]": ({"{'a': 1}": {"a": 1.0}}, ["{1: 1}", "{'a': 'b'}"]),
    "dict[list, int]": ({"{}": {}}, ["{(1,): 2}"]),
    "Path": ({"a/b": Path("a/b"), "a b": Path("a b")}, []),
    "pathlib.Path": ({"a": Path("a")}, []),
    "os.PathLike[str]": ({"a": Path("a")}, []),
    "Literal['fast', 2, True, None]": (
        {"fast": "fast", "'fast'": "fast", "2": 2, "True": True, "yes": True, "None": None},
        ["slow", "3", "2.0", "", "false"],
    ),
    "Literal['a'] | Literal[Literal['b'], -1]": ({"a": "a", "b": "b", "-1": -1}, ["c"]),
    "Optional[int]": ({"3": 3, "None": None}, ["a", "null"]),
    "int | None": ({"3": 3, "None": None}, ["2.5"]),
    "Union[int, float, str]": ({"3": 3, "3.0": 3.0, "a": "a"}, []),
    "str | int": ({"3": 3, "a": "a"}, []),
    "bool | int": ({"1": 1, "true": True}, ["a"]),
    "str | list[str]": ({"a,b": "a,b", "[a, b]": ["a", "b"]}, []),
    "list[int] | int": ({"1,2": [1, 2], "1": 1}, ["a"]),
    "Path | None": ({"a": Path("a"), "None": None}, []),
    "Optional[Literal['a']]": ({"a": "a", "None": None}, ["b"]),
    "int | Tensor": ({"3": 3, "a": "a"}, []),
    "'int'": ({"3": 3}, ["a"]),
    "Optional['list[int]']": ({"1,2": [1, 2]}, ["a"]),
    "Annotated[int, 'steps']": ({"3": 3}, ["a"]),
    "Final[int]": ({"3": 3}, ["a"]),
    "ClassVar[Optional[int]]": ({"3": 3, "None": None}, ["a"]),
}
TAKEN = [
    (a, text, value) for a, (taken, _) in BY_ANNOTATION.items() for text, value in taken.items()
]
REFUSED = [(a, text) for a, (_, refused) in BY_ANNOTATION.items() for text in refused]


def shown(value: object) -> str:
    return str(value)[:20]


@pytest.mark.parametrize("annotation, text, value", TAKEN, ids=shown)
def test_an_annotation_types_a_text(annotation: str, text: str, value: object) -> None:
    """The value has the type that the annotation asks for."""
    assert same(typed_value("x", text, parameter(annotation)), value)


@pytest.mark.parametrize("annotation, text", REFUSED, ids=shown)
def test_a_text_that_does_not_fit_is_refused(annotation: str, text: str) -> None:
    """The error names the key, the value and the expected type, on one line of bearable length."""
    with pytest.raises(OverrideError) as caught:
        typed_value("x", text, parameter(annotation), "train.py")
    message = str(caught.value)
    assert message.startswith(f"--set x={text[:20] or repr('')}")
    assert f"x is {annotation} (train.py line 3)" in message
    assert "\n" not in message and len(message) < 300
    assert caught.value.key == "x"


def test_a_value_that_does_not_fit_is_told_in_one_sentence() -> None:
    """What a user reads."""
    with pytest.raises(OverrideError) as caught:
        typed_value("epochs", "2.5", parameter("int"), "train.py")
    expected = "--set epochs=2.5: epochs is int (train.py line 3); 2.5 is not an int."
    assert str(caught.value) == expected


BY_DEFAULT = [
    (3, "4", 4),
    (0.5, "4", 4.0),
    (True, "no", False),
    ("a", "4", "4"),
    (None, "4", 4),
    (None, "a", "a"),
    ([1], "a,2", ["a", 2]),
    ((0.9, 0.999), "0.5,1", (0.5, 1)),
    ({1}, "2,3", {2, 3}),
    ({}, "{'a': 1}", {"a": 1}),
    (b"a", "b'b'", b"b"),
    (1j, "2j", 2j),
    (..., "4", 4),
]


@pytest.mark.parametrize("default, text, value", BY_DEFAULT, ids=shown)
def test_a_default_types_a_text(default: object, text: str, value: object) -> None:
    """Without an annotation the type is that of the default."""
    assert same(typed_value("x", text, parameter(None, default)), value)


@pytest.mark.parametrize("default, text", [(3, "2.5"), (0.5, "a"), (True, "2"), ([1], "2")])
def test_a_text_that_does_not_fit_the_default_is_refused(default: object, text: str) -> None:
    """The type of a default binds as an annotation does."""
    with pytest.raises(OverrideError, match=f"x is {type(default).__name__} "):
        typed_value("x", text, parameter(None, default))


def test_a_path_default_types_a_text() -> None:
    """A parameter whose default is Path("...") gets a Path."""
    assert typed_value("x", "a", parameter(None, type="Path")) == Path("a")


def test_final_alone_leaves_the_type_to_the_default() -> None:
    """`x: Final = 3` is an int."""
    facts = {"default": 3, "literal": True, "type": "int"}
    assert typed_value("x", "4", parameter("Final", **facts)) == 4
    with pytest.raises(OverrideError):
        typed_value("x", "a", parameter("typing.Final", **facts))


@pytest.mark.parametrize(
    "text, value",
    [("3", 3), ("a", "a"), ("[1, 'a']", [1, "a"]), ("1,2", (1, 2)), ("", ""), ("\\d", "\\d")],
)
def test_an_unknown_parameter_takes_a_literal_else_text(text: str, value: object) -> None:
    """Where nothing is known of a name, its value is a Python literal if it looks like one."""
    assert same(typed_value("x", text, None), value)


@pytest.mark.parametrize("text", ["RED", "Color.RED", " RED ", "1"])
@pytest.mark.parametrize("annotation", [None, "Color", "'Color'", "Optional[Color]"])
def test_a_member_of_an_enum_is_taken_by_name_or_value(annotation: str | None, text: str) -> None:
    """A member can be given by its name, by its value, and as Python writes it."""
    assert typed_value("x", text, color(annotation)) == RED


def test_an_enum_of_another_module_is_named_as_the_script_does() -> None:
    """The member's expression is what the script would write."""
    known = color("colors.Color")
    known.enum = "colors.Color"
    for text in ("BLUE", "Color.BLUE", "colors.Color.BLUE", "blue", "'blue'"):
        member = typed_value("x", text, known)
        assert isinstance(member, EnumMember)
        assert member.expression == "colors.Color.BLUE"


@pytest.mark.parametrize("text", ["PINK", "Size.RED", "red", "2", "", "None", "True"])
def test_what_is_no_member_is_refused_with_the_members(text: str) -> None:
    """The error lists the members there are."""
    with pytest.raises(OverrideError, match="x is Color .* is none of RED, BLUE"):
        typed_value("x", text, color())


def test_an_enum_may_be_optional() -> None:
    """None is taken where the annotation says so."""
    assert typed_value("x", "None", color("Color | None")) is None


@pytest.mark.parametrize("text", ["RED,BLUE", "['RED', 'BLUE']", "[Color.RED, BLUE]"])
def test_members_within_containers(text: str) -> None:
    """A list of members is said like a list of words."""
    assert typed_value("x", text, color("list[Color]")) == [RED, EnumMember("Color", "BLUE")]
    with pytest.raises(OverrideError, match="PINK"):
        typed_value("x", text.replace("RED", "PINK"), color("list[Color]"))


def test_an_alias_of_a_literal_gives_the_choices() -> None:
    """Where the annotation names an alias, the choices that the parameter has count."""
    known = parameter("Mode", choices=("fast", 2))
    assert typed_value("x", "2", known) == 2
    with pytest.raises(OverrideError, match="none of fast, 2"):
        typed_value("x", "slow", known)


def test_an_enum_member_is_a_value() -> None:
    """Members compare by class and name, can be dict keys, and survive pickling."""
    assert pickle.loads(pickle.dumps(RED)) == RED
    assert {RED: 1}[EnumMember("Color", "RED")] == 1
    assert RED != EnumMember("Color", "BLUE") and RED != "Color.RED"
    assert repr(RED) == "<Color.RED>"


@pytest.mark.parametrize(
    "text, key, value",
    [
        ("lr=0.1", "lr", "0.1"),
        ("a=b=c", "a", "b=c"),
        (" a =", "a", ""),
        ("ﬁ=1", "fi", "1"),
        ("é= ", "é", " "),
    ],
)
def test_a_key_and_a_value_are_split_at_the_first_equals_sign(
    text: str, key: str, value: str
) -> None:
    """The value is verbatim; the key is what Python makes of the name."""
    assert split_override(text) == (key, value)


@pytest.mark.parametrize(
    "text, said",
    [
        ("lr", "KEY=VALUE"),
        ("", "KEY=VALUE"),
        ("=1", "no name before the ="),
        ("class=1", "class is a keyword"),
        ("True=1", "True is a keyword"),
        ("a-b=1", "a-b is no name in Python"),
        ("1a=1", "1a is no name"),
        ("model..lr=1", "model..lr is no name in Python"),
        (".lr=1", ".lr is no name in Python"),
        ("class.lr=1", "class.lr is no name in Python"),
        ("-.a=1", "no name in Python"),
        ("a\nb=1", "no name in Python"),
    ],
)
def test_what_is_no_key_and_value_is_refused(text: str, said: str) -> None:
    """Each way of getting it wrong is told, with the text, on one line."""
    with pytest.raises(OverrideError) as caught:
        split_override(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("--set ") and "\n" not in str(caught.value)


def test_the_last_of_several_texts_for_a_key_wins() -> None:
    """`--set` can be repeated, for other keys and for the same."""
    known = [parameter("float", name="lr")]
    assert parse_overrides(["lr=1", "n=2", "lr=3"], known) == {"lr": 3.0, "n": 2}


def test_parse_overrides_says_where() -> None:
    """An error names the script."""
    with pytest.raises(OverrideError, match=r"lr is float \(train.py line 3\)"):
        parse_overrides(["lr=a"], [parameter("float", name="lr")], "train.py")


@pytest.mark.parametrize(
    "name, near",
    [
        ("learing_rate", ["learning_rate"]),
        ("EPOCHS", ["epochs"]),
        ("epoch", ["epochs"]),
        ("nothing_like_it", []),
        ("debug", ["DEBUG", "Debug"]),
    ],
)
def test_nearest_names_are_those_that_look_alike(name: str, near: list[str]) -> None:
    """Misspelt names are recognised, whatever their case."""
    assert nearest(name, ["learning_rate", "epochs", "DEBUG", "Debug", "seed"]) == near


MISFITS = [
    ("int", 3, None),
    ("int", 2.5, "2.5 is not an int"),
    ("int", True, None),
    ("float", 3, None),
    ("float", 10**400, "is not a float"),
    ("float | None", None, None),
    ("str", 3, "3 is not a str"),
    ("None", 0, "0 is not None"),
    ("list[int]", [1, "a"], "'a' is not an int"),
    ("list[int]", (1, 2), None),
    ("list", {1}, "is not a list"),
    ("tuple[int, int]", (1,), "takes 2 items, not 1"),
    ("set", [1, []], "can't hold"),
    ("dict[str, int]", {"a": "b"}, "'b' is not an int"),
    ("dict", [], "is not a dict"),
    ("Path", "a", "'a' is not a Path"),
    ("Path", Path("a"), None),
    ("Path | str", "a", None),
    ("list[Path]", [1], "1 is not a Path"),
    ("Literal['a']", "b", "'b' is none of a"),
    ("Literal['a']", "a", None),
    ("int | str", [], "[] is none of these"),
    ("Tensor", object(), None),
    ("int", SimpleNamespace(), None),
    ("int", range(3), "range(0, 3) is not an int"),
    ("Any", 3, None),
    (None, 3, None),
]


@pytest.mark.parametrize("annotation, value, said", MISFITS, ids=shown)
def test_a_value_is_checked_by_the_annotation(
    annotation: str | None, value: object, said: str | None
) -> None:
    """Values of Python's own types that the annotation doesn't allow are told; others pass."""
    found = misfit(value, parameter(annotation))
    assert found is None if said is None else said in str(found)


def test_a_plain_value_is_no_member_of_an_enum() -> None:
    """In a config, the value of a member doesn't stand for it."""
    assert misfit(1, color("Color")) == "1 is not a member of Color"
    assert misfit(RED, color("Color")) is None


def test_a_value_whose_repr_fails_is_told_all_the_same() -> None:
    """Numbers of more digits than Python shows are named by their type."""
    assert "int" in str(misfit(10**5000, parameter("str")))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.tuples(inner, inner)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_what_python_writes_is_read_back(value: object) -> None:
    """The repr of a value gives it back, where nothing more is known."""
    assert same(typed_value("x", repr(value), None), value)


@given(st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=3)))
def test_what_json_writes_is_read_back(value: dict) -> None:
    """A dict can be given as JSON."""
    assert typed_value("x", json.dumps(value), parameter("dict")) == value


@given(st.lists(st.integers(), min_size=2), st.sampled_from(["[{}]", "({})", "{}", " [ {} ] "]))
def test_numbers_between_commas_are_read_back(numbers: list[int], form: str) -> None:
    """A list of numbers is one with and without brackets."""
    text = form.format(", ".join(map(str, numbers)))
    assert typed_value("x", text, parameter("list[int]")) == numbers


@given(st.integers() | st.floats(allow_nan=False))
def test_a_number_fits_float(number: float) -> None:
    """Whatever Python writes for a number is a float."""
    try:
        expected = float(number)
    except OverflowError:
        return
    assert same(typed_value("x", repr(number), parameter("float")), expected)


LONG = [
    "(" * 5000,
    "[" * 150 + "]" * 150,
    "-" * 100_000,
    "1" * 5000,
    "1+" * 900,
    "{" * 100,
    "[" * 10_000,
]


@given(
    st.one_of(
        st.text(max_size=20), st.sampled_from(LONG), st.text("[](){},'\"1.:a-\\\n\0", max_size=12)
    ),
    st.sampled_from([*BY_ANNOTATION, "Color", "Optional[Color]", None]),
)
def test_any_text_gives_a_value_or_an_override_error(text: str, annotation: str | None) -> None:
    """No text brings any other error, however odd it is."""
    known = color(annotation) if "Color" in (annotation or "") else parameter(annotation)
    try:
        typed_value("x", text, known)
    except OverrideError as error:
        assert "\n" not in str(error)
