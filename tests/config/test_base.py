from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.base import Config
from kohakuengine.config.capture import use
from kohakuengine.errors import ConfigError, ConfigTypeError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMED = st.dictionaries(st.text(), VALUES, max_size=4)
CONFIGS = st.builds(Config, NAMED, st.lists(VALUES, max_size=4), NAMED, NAMED)


class Unsure:
    """Like an array: its comparisons have no truth value."""

    def __eq__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise ValueError("the truth value is ambiguous")


def test_fields() -> None:
    """A Config has its four fields as a list and dicts, empty where nothing was given."""
    config = Config({"lr": 0.1}, kwargs={"fast": True})
    assert config.globals_dict == {"lr": 0.1}
    assert config.args == []
    assert config.kwargs == {"fast": True}
    assert config.metadata == {}


def test_tuple_for_args() -> None:
    """A tuple is taken for args."""
    assert Config(args=("a", 1)).args == ["a", 1]


def test_fields_are_copied() -> None:
    """Changing what a Config was made of doesn't change the Config."""
    variables, arguments = {"lr": 0.1}, ["a"]
    config = Config(variables, arguments)
    variables["lr"] = 0.2
    arguments.append("b")
    assert config == Config({"lr": 0.1}, ["a"])


def test_any_value() -> None:
    """A Config holds the very objects it was given."""
    value = object()
    assert Config({"x": value}, [value]).globals_dict["x"] is value


@pytest.mark.parametrize(
    ("field", "value", "got"),
    [
        ("globals_dict", [1], "list"),
        ("globals_dict", "lr=1", "str"),
        ("args", "data", "str"),
        ("args", b"data", "bytes"),
        ("args", {"a": 1}, "dict"),
        ("args", {1, 2}, "set"),
        ("args", 3, "int"),
        ("kwargs", ("a", 1), "tuple"),
        ("metadata", 1.5, "float"),
    ],
)
def test_wrong_type(field: str, value: object, got: str) -> None:
    """A field of the wrong type is refused with the field's name and what it got."""
    with pytest.raises(ConfigTypeError, match=rf"{field} must be .*, got {got}") as caught:
        Config(**{field: value})  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.got) == (field, got)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("field", ["globals_dict", "kwargs", "metadata"])
def test_names_are_text(field: str) -> None:
    """A name that isn't a str is refused."""
    with pytest.raises(ConfigTypeError, match=rf"names in {field} must be str, got int \(1\)"):
        Config(**{field: {1: "x"}})  # type: ignore[arg-type]


def test_used_values_are_unwrapped() -> None:
    """A value in `use()` arrives as the object itself, in every field."""
    config = Config({"a": use(max)}, [use(min)], {"b": use(len)}, {"c": use(use(abs))})
    assert config == Config({"a": max}, [min], {"b": len}, {"c": abs})


def test_repr() -> None:
    """What is shown of a Config would make it anew, and leaves out what is empty."""
    assert repr(Config()) == "Config()"
    assert repr(Config({"a": 1}, [2])) == "Config(globals_dict={'a': 1}, args=[2])"


@given(CONFIGS)
def test_repr_is_code(config: Config) -> None:
    """What is shown of a Config of plain values makes it anew."""
    assert eval(repr(config)) == config


@given(CONFIGS)
def test_dict_round_trip(config: Config) -> None:
    """`from_dict()` undoes `to_dict()`."""
    assert Config.from_dict(config.to_dict()) == config


def test_to_dict_copies() -> None:
    """Changing the dict doesn't change the Config."""
    config = Config({"a": 1})
    config.to_dict()["globals_dict"]["a"] = 2
    assert config == Config({"a": 1})


def test_from_dict_unknown_field() -> None:
    """An unknown field is named, with the nearest one there is."""
    with pytest.raises(ConfigError, match="no field 'globals'; did you mean 'globals_dict'?"):
        Config.from_dict({"globals": {}})
    with pytest.raises(ConfigError, match="no field 'lr'; the fields are globals_dict, args,"):
        Config.from_dict({"lr": 0.1})


def test_from_dict_wrong_type() -> None:
    """Fields that aren't a mapping are refused."""
    with pytest.raises(ConfigTypeError, match="got list"):
        Config.from_dict([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [Config({"a": 2}), Config({"b": 1}), Config({"a": 1}, [1]), Config({"a": 1}, [], {"x": 1})],
)
def test_unequal(other: Config) -> None:
    """Configs that differ anywhere are unequal."""
    assert Config({"a": 1}) != other


def test_unequal_to_others() -> None:
    """A Config is no dict."""
    assert Config() != {}


def test_ambiguous_comparison() -> None:
    """A value that can't be compared equals itself and nothing else."""
    value = Unsure()
    assert Config({"a": value}) == Config({"a": value})
    assert Config({"a": value}) != Config({"a": Unsure()})
    assert Config({"a": [value]}) != Config({"a": [Unsure()]})


def test_arrays() -> None:
    """Configs that hold arrays can be compared."""
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(3)
    assert Config({"a": array}, [array]) == Config({"a": array}, [array])
    assert Config({"a": array}) != Config({"a": numpy.arange(3)})


def test_unhashable() -> None:
    """A Config can't be a dict's key, since it can change."""
    with pytest.raises(TypeError):
        hash(Config())


def test_pickle() -> None:
    """A Config of values that can be pickled can be, too."""
    config = Config({"a": 1}, [2], {"b": 3}, {"c": 4})
    assert pickle.loads(pickle.dumps(config)) == config


def test_from_file(write: Any) -> None:
    """A file that gives one Config gives it, also where it yields it."""
    bare = write("bare.py", "lr = 0.5")
    lone = write(
        "lone.py",
        """
        from kohakuengine import Config
        def config_gen(worker_id):
            yield Config({"worker": worker_id})
        """,
    )
    assert Config.from_file(bare) == Config({"lr": 0.5})
    assert Config.from_file(lone, worker_id=3) == Config({"worker": 3})


def test_from_file_of_several(write: Any) -> None:
    """A file that gives several Configs is refused, with what to use instead."""
    path = write("several.py", "from kohakuengine import Config\nCONFIG = [Config(), Config()]")
    with pytest.raises(ConfigError, match=r"several Configs; loop over load_config\("):
        Config.from_file(path)


def test_from_file_of_none(write: Any) -> None:
    """A file that gives no Config at all is refused."""
    with pytest.raises(ConfigError, match="gives no Config"):
        Config.from_file(write("none.py", "CONFIG = []"))


def test_merge_takes_configs_alone() -> None:
    """Anything else is refused with a sentence."""
    with pytest.raises(ConfigTypeError, match="takes a Config, got dict: write Config"):
        Config({"a": 1}).merge({"a": 2})  # type: ignore[arg-type]
