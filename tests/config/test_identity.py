"""When two configs are the same: by the types and values that a script would see."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import itertools
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.base import Config
from kohakuengine.config.identity import config_key
from kohakuengine.config.loader import load_config
from kohakuengine.config.overrides import EnumMember
from kohakuengine.errors import NoKeyError


def key(value: object) -> str:
    return config_key(Config({"x": value}))


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Point:
    x: object
    y: object = 0


class Keyed:
    def __init__(self, value: object) -> None:
        self.value = value

    def __kogine_key__(self) -> object:
        return self.value


def adder(n: int):
    return lambda m, k=1: m + n + k


DIFFERENT = [
    1,
    1.0,
    True,
    "1",
    b"1",
    None,
    ...,
    1 + 0j,
    0.0,
    -0.0,
    10**5000,
    -(10**5000),
    [],
    (),
    {},
    set(),
    frozenset(),
    [1],
    (1,),
    [1, 2],
    [2, 1],
    [[1], 2],
    {"a": 1},
    {"a": 2},
    {"b": 1},
    {1: "a"},
    {1},
    {1, 2},
    frozenset({1}),
    bytearray(b"1"),
    range(3),
    slice(3),
    int,
    float,
    len,
    print,
    [].append,
    os,
    sys,
    Color.RED,
    Color.BLUE,
    EnumMember("Color", "RED"),
    Point(1),
    Point(1.0),
    Point(1, 2),
    Keyed(1),
    Keyed(2),
    pathlib.Path("a"),
    pathlib.Path("b"),
    datetime.date(2020, 1, 1),
    datetime.datetime(2020, 1, 1),
    decimal.Decimal("1"),
    decimal.Decimal("1.0"),
    adder(1),
    adder(2),
    lambda m, k=2: m + k,
    lambda m, k=2: m - k,
    functools.partial(adder, 1),
    functools.partial(adder, 2),
    functools.partial(adder, n=1),
    "\ud800",
]


def test_different_values_have_different_keys():
    """No two of these are the same config, alike as some are to Python's ==."""
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert key(one) != key(other), (one, other)


def test_fields_of_a_config_are_told_apart():
    """The same value as override, argument, command line or entrypoint is another config."""
    keys = [
        config_key(Config()),
        config_key(Config({"a": "b"})),
        config_key(Config(kwargs={"a": "b"})),
        config_key(Config(args=["a"])),
        config_key(Config(), argv=["a"]),
        config_key(Config(), entrypoint="a"),
    ]
    assert len(set(keys)) == len(keys)
    assert config_key(Config(metadata={"a": 1})) == keys[0]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4)
    | st.tuples(inner)
    | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_copy_has_the_same_key(value):
    """A value that was pickled and came back is the same config."""
    import pickle

    assert key(pickle.loads(pickle.dumps(value))) == key(value)


@given(st.dictionaries(st.text() | st.integers(), VALUES), st.randoms())
def test_order_of_dicts_and_sets_does_not_count(value, random):
    """A dict in another order, and a set built in another order, are the same config."""
    names = list(value)
    random.shuffle(names)
    assert key({name: value[name] for name in names}) == key(value)
    assert key(set(names)) == key(set(value))


@given(st.dictionaries(st.text(), VALUES, min_size=1), st.text(), VALUES)
def test_change_of_a_value_changes_the_key(value, name, other):
    """Putting another value at a name gives another config."""
    changed = {**value, name: other}
    same = repr(changed) == repr({**value, name: value.get(name, object())})
    assert (key(changed) == key(value)) == same


def test_arrays_count_by_type_shape_and_bytes():
    """Arrays are the same by dtype, shape and content, however they lie in memory."""
    numpy = pytest.importorskip("numpy", reason="numpy isn't installed here")
    base = numpy.arange(6, dtype="int64").reshape(2, 3)
    assert key(base) == key(base.copy()) == key(base.T.copy().T)
    others = [base.T, base.astype("int32"), base.astype("float64"), base + 1, base.reshape(6), [1]]
    assert len({key(value) for value in [base, *others]}) == 7
    mixed = numpy.array([1, "a"], dtype=object)
    assert key(mixed) == key(mixed.copy()) != key(numpy.array([1.0, "a"], dtype=object))
    assert key(numpy.float64(1)) != key(numpy.float32(1)) != key(1.0)


def test_tensors_count_by_type_shape_and_bytes():
    """The same for tensors of torch."""
    torch = pytest.importorskip("torch", reason="torch isn't installed: no CPU build here")
    base = torch.arange(6)
    assert key(base) == key(base.clone())
    others = [base.reshape(2, 3), base.float(), base + 1, base.to(torch.uint8), base > 3]
    assert len({key(value) for value in [base, *others]}) == 6


def circle() -> list:
    value: list = []
    value.append({"inner": value})
    return value


class Plain:
    pass


WITHOUT = {
    "an object of a class of one's own": (Plain(), r"globals_dict\['x'\], a Plain"),
    "one deep within": ([{"a": (1, Plain())}], r"globals_dict\['x'\]\[0\]\['a'\]\[1\], a Plain"),
    "in a dataclass": (Point(1, Plain()), r"globals_dict\['x'\]\.y, a Plain"),
    "a circle": (circle(), r"holds itself"),
    "a local class": (type("Local", (), {}), "can't be imported"),
    "a generator": ((n for n in range(3)), "a generator"),
    "an open file": (sys.__stdin__, "TextIOWrapper"),
}


@pytest.mark.parametrize("kind", WITHOUT)
def test_value_without_a_digest_is_named(kind):
    """What can't be told by its value never matches; the error says what and where it is."""
    value, message = WITHOUT[kind]
    with pytest.raises(NoKeyError, match=message) as caught:
        key(value)
    assert caught.value.place.startswith("globals_dict['x']")


def test_types_of_a_config_file(tmp_path):
    """A member of an Enum that a config file defines has the same key each time that is loaded."""
    text = "import enum\nclass _Color(enum.Enum):\n    RED = 1\ncolor = _Color.RED\n"
    keys = []
    for name in ("a.py", "b.py", "a.py"):
        (tmp_path / name).write_text(text)
        keys.append(config_key(load_config(tmp_path / name)))
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.process
def test_keys_are_the_same_in_every_process():
    """Sets, functions and enums have the same key whatever the seed of hashes."""
    text = """
        import enum
        from kohakuengine.config.base import Config
        from kohakuengine.config.identity import config_key
        class Color(enum.Enum):
            RED = 1
        def f(a, *, b={"x", "y", "z"}):
            return [n for n in range(a) if n in {"p", "q", "r"}]
        values = {"a": {"x", "y", "z"}, "b": f, "c": lambda n: {n, "s"}, "d": Color.RED}
        print(config_key(Config(values)))
    """
    keys = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(text)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(keys) == 1


def test_frames_of_pandas_are_told_apart() -> None:
    """By their values, types, columns and index, as notebooks pass them to their runs."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1, 2], "y": ["a", "b"], "z": [None, "c"]})
    others = [
        frame.rename(columns={"x": "w"}),
        frame[["y", "x", "z"]],
        frame.astype({"x": float}),
        frame.set_index("y"),
        frame.iloc[::-1],
        frame.rename_axis("n"),
        frame.assign(y=["a", "c"]),
        frame.assign(z=[1, "c"]),
        frame.assign(z=["1", "c"]),
        frame["x"],
        frame["x"].rename("w"),
    ]
    keys = [config_key(Config({"data": one})) for one in [frame, *others]]
    assert len(set(keys)) == len(keys)
    assert config_key(Config({"data": frame.copy()})) == keys[0]
