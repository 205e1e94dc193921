"""Filters of runs, as text: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.errors import ConfigError
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.where import compile_where

NAN, INF = math.nan, math.inf
ROWS: list[dict] = [
    {
        "id": "aa11" * 8,
        "name": "first",
        "status": "finished",
        "script": "train.py",
        "launcher": "fresh",
        "flow": "f1" * 16,
        "slot": 0,
        "attempts": 1,
        "exit_code": 0,
        "created": 1000.0,
        "started": 1010.0,
        "ended": 1020.0,
        "peak_memory": 5_000_000,
        "cpu_seconds": 2.5,
        "params": {"lr": 0.1, "optimizer": "adam", "fast": True, "layers": [1, 2], "both": "p"},
        "metrics": {"loss": 0.5, "val/loss": 0.75, "step": 3, "both": 7.0, "m.x": 1.0},
        "tags": ["good", "paper"],
    },
    {
        "id": "bb22" * 8,
        "name": "second",
        "status": "failed",
        "script": "eval.py",
        "launcher": "pool",
        "flow": "f2" * 16,
        "slot": 1,
        "attempts": 3,
        "exit_code": -9,
        "error": "was killed: out of memory",
        "created": 2000.0,
        "started": 2010.0,
        "ended": 2100.0,
        "params": {"lr": 0.01, "optimizer": "sgd", "fast": False, "lrs": "0.01", "größe": 5},
        "metrics": {"loss": NAN, "up": INF, "down": -INF},
        "tags": ["good"],
    },
    {
        "id": "cc33" * 8,
        "name": "third",
        "status": "queued",
        "created": 3000.0,
        "attempts": 0,
        "params": {"lr": "auto", 'a"b\\c': 1, "none": None, "$.x[0]": 2, "fast.er": 9},
    },
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = RunStore(str(tmp_path_factory.mktemp("store")))
    store.add_runs(ROWS)
    yield store
    store.close()


MEANINGS = [
    # comparisons of numbers; what is missing, nan or a text is neither less nor greater
    ("lr < 0.1", "second"),
    ("lr <= 0.1", "first second"),
    ("lr > 0", "first second"),
    ("lr >= 0.1", "first"),
    ("loss > 0.3", "first"),
    ("loss < 1", "first"),
    ("up > 1e300", "second"),
    ("down < -1e300", "second"),
    ("up == inf", "second"),
    ("down = -inf", "second"),
    ("missing < 1", ""),
    ("missing > 1", ""),
    ("exit_code == -9", "second"),
    ("step == +3", "first"),
    # equality; a single = will do
    ("lr = 0.1", "first"),
    ("lr=0.1 and slot=0", "first"),
    ("lr == 0.1", "first"),
    ("lr != 0.1", "second third"),
    ("lr == 'auto'", "third"),
    ("lrs == 0.01", ""),
    ('lrs = "0.01"', "second"),
    # what is greater than a text is another text
    ("optimizer > 'b'", "second"),
    ("'a' < optimizer < 'b'", "first"),
    ("name >= 'second'", "second third"),
    # the ends of both sides
    ("0.05 < lr < 1", "first"),
    ("0.01 <= lr <= 0.1", "first second"),
    ("0.1 == lr", "first"),
    # words without quotes
    ("status == failed", "second"),
    ("status != failed", "first third"),
    ("optimizer == adam", "first"),
    ("script == train.py", "first"),
    ("launcher in (fresh, pool)", "first second"),
    # lists
    ("slot in (0, 7)", "first"),
    ("slot in [0, 1]", "first second"),
    ("slot in {1}", "second"),
    ("slot in (1)", "second"),
    ("slot not in (0, 7)", "second third"),
    ("optimizer in ('adam', 'sgd')", "first second"),
    ("slot in ()", ""),
    ("slot in (None, 1)", "second third"),
    # nothing
    ("loss is None", "second third"),
    ("loss is not None", "first"),
    ("error == None", "first third"),
    ("none is None", "first second third"),
    # yes and no
    ("fast == True", "first"),
    ("fast is False", "second"),
    ("fast == true", "first"),
    ("fast is not True", "second third"),
    # logic
    ("lr < 0.05 or status == queued", "second third"),
    ("not lr < 0.05", "first third"),
    ("not (status == failed or status == queued)", "first"),
    ("slot == 0 or slot == 1 and attempts > 5", "first"),
    ("(slot == 0 or slot == 1) and attempts > 2", "second"),
    # columns
    ("duration > 60", "second"),
    ("duration <= 10", "first"),
    ("cpu_seconds > 2 and peak_memory > 1_000_000", "first"),
    ("ended > started", "first second"),
    # ids by their beginning
    ("id == 'aa1'", "first"),
    ("flow == 'f2f2'", "second"),
    ("flow != 'f2f2'", "first third"),
    ("id in ('aa', 'cc33')", "first third"),
    ("id == 'a1'", ""),
    # tags
    ("tag == good", "first second"),
    ("tag == 'paper'", "first"),
    ("tag != paper", "second third"),
    ("tag in (paper, other)", "first"),
    ("'paper' in tag", "first"),
    ("tag is None", "third"),
    # parts of texts
    ("'memory' in error", "second"),
    ("'memory' not in error", "first third"),
    # a metric goes before a parameter of the same name; either can be meant
    ("both == 7", "first"),
    ("params['both'] == p", "first"),
    ("metrics['both'] == p", ""),
    ('metrics["val/loss"] > 0.7', "first"),
    ('params["lr"] < 0.05', "second"),
    ("m.x == 1", "first"),
    ("fast.er == 9", "third"),
    ("größe == 5", "second"),
    ("""params['a"b\\\\c'] == 1""", "third"),
    ("params['$.x[0]'] == 2", "third"),
    # two that a run has
    ("loss < lr", ""),
    ("lr < loss", "first"),
    ("loss == metrics['loss']", "first"),
    # across lines
    ("  lr < 0.1\n and slot = 1", "second"),
]


@pytest.mark.parametrize("text, names", MEANINGS)
def test_filter_means(store, text, names):
    """A filter finds the runs to which it applies, as Python would say it of their values."""
    assert [row["name"] for row in reversed(store.select(where=text))] == names.split()


def test_times_as_texts(store):
    """A time can be written as a date, in local time."""
    day = datetime.fromtimestamp(2000).isoformat(" ", "seconds")
    assert store.ids(where=f"created < '{day}'") == [ROWS[0]["id"]]
    assert store.ids(where=f"created == '{day}'") == [ROWS[1]["id"]]
    assert store.ids(where=f"'{day}' < created") == [ROWS[2]["id"]]
    assert store.count(where="created > '2026-01-31'") == 0


def test_integers_beyond_sqlites(store):
    """A number too great for SQLite is still greater than others."""
    assert store.count(where=f"slot < {10**30}") == 2


WRONG = [
    # text, what is marked, a part of what is said
    ("", "", "can't be understood"),
    ("lr <", "", "can't be understood"),
    ("lr < 0.1 && slot = 0", "& slot", "can't be understood"),
    ("lr = = 3", "= 3", "can't be understood"),
    ("lr := 3", ":= 3", "can't be understood"),
    ("x = 'a", "'a", "can't be understood"),
    ("lr", "lr", "no comparison"),
    ("lr < 0.1 and slot", "slot", "no comparison"),
    ("__import__('os').system('x')", "__import__", "no comparison"),
    ("open('x') == 3", "open", "neither a name nor a value"),
    ("ü = 1 and val/loss < 3", "val/loss", r'metrics\["val/loss"\]'),
    ("a=1 and b=2 and val/loss < 3", "val/loss", r'params\["val/loss"\]'),
    ("script == my-script.py", "my-script", '"my-script.py" if a text'),
    ("[x for x in y] == 3", "[x for", "neither a name"),
    ("b'a' == lr", "b'a'", "neither a name"),
    ("... == lr", "...", "neither a name"),
    ("lr[0] == 3", "lr[0]", 'metrics\\["val/loss"\\]'),
    ("metrics[loss] == 3", "metrics", 'metrics\\["val/loss"\\]'),
    ("status == fialed", "status", "there are queued, running, finished, failed"),
    ("status in (failed, done)", "status", "no status is 'done'"),
    ("lr < None", "lr", "no order"),
    ("tag < 3", "tag", "no order"),
    ("tag == slot", "tag", "compared with a text"),
    ("lr is 3", "3", "use =="),
    ("lr in slot", "slot", "list is expected"),
    ("lr in (slot, 1)", "slot", "numbers and texts"),
    ("loss == nan", "nan", "loss is None"),
    ("created > 'yesterday'", "created", "2026-01-31 18:30"),
    ("   lr = 3 and 5", "5", "no comparison"),
    (" or ".join(["lr = 1"] * 500), "lr", "too long"),
    ("(" * 5000 + "lr", None, "understood|too deep"),
    ("not " * 5000 + "lr = 1", None, "understood|too"),
    ("lr = 1\0", None, "understood|no text"),
    ("\ud800 = 1", None, "understood|no text"),
]


@pytest.mark.parametrize("text, marked, said", WRONG, ids=range(len(WRONG)))
def test_filter_that_means_nothing(text, marked, said):
    """One sentence says what is wrong, at which character, and what is possible instead."""
    with pytest.raises(ConfigError, match=said) as got:
        compile_where(text)
    if marked is not None:
        assert text[got.value.position :].startswith(marked)
        assert f"at character {got.value.position + 1}: " in str(got.value)


WORDS = st.sampled_from(
    "lr loss slot status tag id created name failed and or not in is None ( ) [ ] , < <= > >= == ="
    " != 0.1 -3 'a' \" ' metrics params . / \n é inf True 1e999".split(" ")
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_filter_or_wrong(store, text):
    """Whatever is typed is carried out, or refused in words."""
    try:
        store.count(where=text)
    except ConfigError as error:
        assert 0 <= error.position <= len(text)


NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, -0.5, 1e300, INF, -INF, NAN])


@given(
    st.dictionaries(st.sampled_from("xyz"), NUMBERS),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.integers(-3, 3) | st.floats(-3, 3),
)
def test_numbers_are_compared_as_in_python(store, metrics, by, number):
    """What a metric is less than, equal to or greater than, is as Python says."""
    expected = eval(f"x {by} {number!r}", {"x": metrics.get("x", NAN)})
    store.add_runs([{"id": "d", "name": "compared", "metrics": metrics}])
    try:
        assert store.count(where=f"x {by} {number!r} and name == compared") == expected
    finally:
        store.remove_runs(["d"])
