"""Metrics found in what a script prints and returns."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.errors import ConfigError
from kohakuengine.runs.scalars import LINE_LIMIT, NAMES_LIMIT, Scalar, ScalarReader, numbers_in


def found(text: str | bytes) -> list[tuple[str, float, float | None]]:
    """The metrics of an output that ends with these bytes."""
    reader = ScalarReader()
    data = text.encode() if isinstance(text, str) else text
    return [tuple(scalar) for scalar in reader.feed(data) + reader.close()]


METRICS = {
    "epoch 3: loss=0.25 acc: 0.9": {"loss": 0.25, "acc": 0.9},
    "Epoch 3/10 - loss: 0.25 - val_loss: 0.3": {"loss": 0.25, "val_loss": 0.3},
    "step=100 lr=1e-3": {"lr": 0.001},
    "{'loss': 0.25, 'b': -1}": {"loss": 0.25, "b": -1},
    '{"train/loss": 0.25, "top-5.acc": 1}': {"train/loss": 0.25, "top-5.acc": 1},
    "loss = 0.25, acc : 3": {"loss": 0.25, "acc": 3},
    "loss:0.25 lr:1e-4 gap:-.5 bad:nan": {"loss": 0.25, "lr": 1e-4, "gap": -0.5, "bad": math.nan},
    "acc: 93.1%, time: 3.6s, speed=12.5it/s": {"acc": 93.1, "time": 3.6, "speed": 12.5},
    "rate: 1024tokens/s size=3GiB": {"rate": 1024, "size": 3},
    "a=nan b=inf c=-inf d: NaN e: Infinity": {
        "a": math.nan,
        "b": math.inf,
        "c": -math.inf,
        "d": math.nan,
        "e": math.inf,
    },
    "x=.5 y=+2 z=1E+03": {"x": 0.5, "y": 2, "z": 1000},
    "the loss is now loss: 0.25.": {"loss": 0.25},
    "a=1,b=2;c=3|d=4": {"a": 1, "b": 2, "c": 3, "d": 4},
    "key: 3 apples": {"key": 3},
    "INFO:root:loss=0.3": {"loss": 0.3},
    "2024-01-01 12:30:45,123 INFO loss: 0.3": {"loss": 0.3},
    "[12:30:45] loss: 0.3": {"loss": 0.3},
    "Loss: 0.25 (0.30)": {"Loss": 0.25},
    "{'a': np.float64(0.5), 'b': tensor(0.25, device='cuda:0')}": {"a": 0.5, "b": 0.25},
    "\x1b[32mloss\x1b[0m: \x1b[1m0.25\x1b[0m": {"loss": 0.25},
    " 45%|████▌     | 45/100 [00:12<00:15, 3.6it/s, loss=0.2]": {"loss": 0.2},
    "train: 45it [00:12, 3.6it/s, loss=0.2]": {"loss": 0.2},
    "\tloss=1\tacc=2": {"loss": 1, "acc": 2},
    "steps: 3 epochs=4 step_time: 0.1": {"steps": 3, "epochs": 4, "step_time": 0.1},
}


@pytest.mark.parametrize("line", METRICS)
def test_numbers_under_a_name_are_metrics(line):
    """What scripts commonly print is understood as it is."""
    values = {name: value for name, value, _ in found(line)}
    assert values == pytest.approx(METRICS[line], nan_ok=True)


NOTHING = [
    "12:30:45",
    "2024-01-01T12:30:45.123 done",
    "time: 12:30:45",
    "eta=0:12:30",
    "ETA: 05:12",
    "date: 2024-01-01",
    "date: 2024/01/01",
    "http://host.example:8080/?lr=0.1&x=3",
    "see http://127.0.0.1:8080",
    "localhost:8080",
    "addr: 10.0.0.1:8080",
    "ip=10.0.0.1",
    "device: cuda:0",
    "train.py:12",
    "/tmp/lr=0.1/model.pt",
    "runs/lr=0.1/model.pt",
    "saved runs/lr=0.1_bs=32.pt",
    "model-lr=0.1-seed=3.pt",
    "--lr=0.1",
    "v1.2.3",
    "version: 1.2.3",
    "torch=2.13.0",
    "torch==2.13",
    "torch: 2.13+cpu",
    "addr=0x7f",
    "addr: 0xff00",
    "commit: 7957d43",
    "id: 123e4567-e89b",
    "size=32x32",
    "range=1-10",
    "tokens: 1,234,567",
    "state: nancy, info: informative",
    "a == 3",
    "x <= 3",
    "größe=3",
    "'val acc': 0.9",
    "train:  45%|####     | 45/100 [00:12<00:15, 3.6it/s]",
    "train: 45it [00:12, 3.6it/s]",
    "Downloading: 45/100",
    "name=",
    "loss: ",
    ": 3",
    "=",
    "loss\n: 3",
    "loss:\n3",
    "step: 3 epoch=4",
    "x=[1, 2]",
    "",
]


@pytest.mark.parametrize("line", NOTHING)
def test_what_only_looks_like_a_metric(line):
    """Times, dates, addresses, paths, versions and hashes aren't taken for metrics."""
    assert found(line) == []


STEPS = {
    "step=100 x=1": 100,
    "Epoch 3 x=1": 3,
    "epoch 3/10 x=1": 3,
    "[epoch 3] x=1": 3,
    "EPOCH: 3 x=1": 3,
    "Epoch [3/10], Step [100/600], x: 1": 100,
    "Epoch: [0][  10/5005] x: 1": 0,
    "epoch 00007: x=1": 7,
    "x=1 at iteration 12": 12,
    "Iter #5 x=1": 5,
    "epoch=2 global_step=900 step=30 x=1": 900,
    "epoch 1 iter 20 x=1": 20,
    "{'x': 1, 'epoch': 0.5}": 0.5,
    '{"x": 1, "step": 7}': 7,
    "\x1b[1mepoch 3\x1b[0m x=1": 3,
    "x=1": None,
    "x=1 my_step=3": None,
    "x=1 time/step 3": None,
    "x=1 footstep 3": None,
    "x=1 step 3ms": None,
}


@pytest.mark.parametrize("line", STEPS)
def test_step_on_the_same_line(line):
    """The step is what the line says, the most detailed where it says several."""
    steps = {step for name, _, step in found(line) if name == "x"}
    assert steps == {STEPS[line]}


def test_step_of_another_line_does_not_count():
    """A line that says no step has none."""
    assert found("epoch 3\nx=1\nepoch 4 x=2\n") == [("x", 1, None), ("x", 2, 4)]


def test_scalars_have_names():
    """What is found can be taken apart by name."""
    (scalar,) = ScalarReader().feed(b"step 3 x=0.5\n")
    assert isinstance(scalar, Scalar)
    assert (scalar.name, scalar.value, scalar.step) == ("x", 0.5, 3)


def test_progress_that_is_rewritten_counts_each_time():
    """Each state of a progress bar is a line of its own, complete when the next begins."""
    reader = ScalarReader()
    assert reader.feed(b"\r10% loss=0.5") == []
    assert [scalar.value for scalar in reader.feed(b"\r20% loss=0.4\r30% loss=0.3")] == [0.5, 0.4]
    assert [scalar.value for scalar in reader.close()] == [0.3]
    assert reader.close() == []


def test_latest_is_the_newest_of_each_name():
    """The newest values are at hand at any time."""
    reader = ScalarReader()
    reader.feed(b"loss=1 acc=0.1\nloss=0.5\n")
    assert reader.latest == {"loss": 0.5, "acc": 0.1}


def test_nothing_is_looked_for_where_that_is_off():
    """Switched off, it finds nothing."""
    reader = ScalarReader(enabled=False)
    assert reader.feed(b"loss=1\n") + reader.close() == []
    assert reader.latest == {}


TEXTS = st.sampled_from([*METRICS, *NOTHING, *STEPS, "\n", "\r", " "])


@given(st.lists(TEXTS, max_size=8), st.lists(st.integers(0, 300), max_size=5))
def test_metrics_do_not_depend_on_the_chunks(texts, cuts):
    """However an output is cut into chunks, the same metrics are found."""
    data = "\n".join(texts).encode()
    places = [0, *sorted(cuts), max(len(data), 300)]
    reader = ScalarReader()
    scalars = [s for a, b in zip(places, places[1:]) for s in reader.feed(data[a:b])]
    assert repr([tuple(s) for s in scalars + reader.close()]) == repr(found(data))


@pytest.mark.parametrize("size", [1000, LINE_LIMIT, 1 << 20])
def test_overlong_lines_are_skipped(size):
    """A line of more than 64 KiB costs no memory, and what follows it is found."""
    data = b"a=1\nb=2 " + b"x" * (2 * LINE_LIMIT) + b" c=3\nd=4\n"
    reader = ScalarReader()
    names = []
    for start in range(0, len(data), size):
        names += [scalar.name for scalar in reader.feed(data[start : start + size])]
        assert len(reader._rest) <= LINE_LIMIT
    assert names == ["a", "d"]


def test_names_without_end_are_bounded():
    """A script that prints ever new names doesn't fill memory; the first thousand go on."""
    reader = ScalarReader()
    text = "".join(f"name{i}=1\n" for i in range(NAMES_LIMIT + 50)) + "name0=2\n"
    assert len(reader.feed(text.encode())) == NAMES_LIMIT + 1
    assert len(reader.latest) == NAMES_LIMIT
    assert len(reader._names) <= NAMES_LIMIT
    assert reader.latest["name0"] == 2


@given(st.binary(max_size=200))
def test_any_bytes_can_be_fed(data):
    """Whatever a script prints, looking for metrics goes on."""
    reader = ScalarReader()
    reader.feed(data + b"\nafter=1\n")
    assert reader.latest["after"] == 1


@pytest.mark.parametrize(
    "what", [" ", "step ", "=", "a=", "9", "9e", "-", "a", "\x1b[", "'a", ": "]
)
def test_long_runs_of_the_same_are_read_in_one_go(what):
    """No line takes more than a moment, however it repeats itself."""
    filler = what * (60_000 // len(what))
    assert ("x", 1, None) in found(f"x=1 step{filler}")
    assert found(f"x=1{filler}_\ny=2")[-1][0] == "y"


@pytest.mark.parametrize("compiled", [False, True])
def test_pattern_of_the_user(compiled):
    """A pattern of one's own replaces the built-in one, and the step is found as before."""
    pattern = r"<(?P<name>[^>]+)> (?P<value>\S+)"
    reader = ScalarReader(re.compile(pattern) if compiled else pattern)
    scalars = reader.feed("epoch 3 <größe> 0.5 loss=1 <b> x\n\x1b[1m<c> 2\x1b[0m\n".encode())
    assert [tuple(scalar) for scalar in scalars] == [("größe", 0.5, 3), ("c", 2, None)]


def test_pattern_of_the_user_may_find_the_step():
    """A group `step` says the step; where it finds none, the line's own words do."""
    reader = ScalarReader(r"(?:@(?P<step>\w+) )?(?P<name>\w+)=(?P<value>[\d.]+)")
    scalars = reader.feed(b"@7 a=1\n@x b=2\nepoch 4 c=3\n")
    assert [tuple(scalar) for scalar in scalars] == [("a", 1, 7), ("b", 2, None), ("c", 3, 4)]


def test_pattern_of_the_user_skips_overlong_lines():
    """A pattern is never tried on a line of more than 64 KiB."""
    reader = ScalarReader(r"(?P<name>\w)=(?P<value>\d)")
    reader.feed(b"a=1 " + b" " * LINE_LIMIT + b"\nb=2\n")
    assert reader.latest == {"b": 2}


BAD_PATTERNS = {
    "no expression": ("(", "isn't a regular expression: missing \\)"),
    "no text": (3, "isn't a regular expression"),
    "bytes": (b"(?P<name>.)(?P<value>.)", "is of bytes; give it as text"),
    "compiled bytes": (re.compile(b"(?P<name>.)(?P<value>.)"), "is of bytes; give it as text"),
    "no group": ("x", "has no group name and no group value"),
    "one group": ("(?P<name>x)", "has no group value: write"),
}


@pytest.mark.parametrize("kind", BAD_PATTERNS)
def test_bad_pattern(kind):
    """A pattern that can't work says at once what is wrong with it."""
    pattern, message = BAD_PATTERNS[kind]
    with pytest.raises(ConfigError, match=message):
        ScalarReader(pattern)


def test_numbers_in_a_returned_dict():
    """The numbers of a dict are metrics, and nothing else in it is."""
    result = {"loss": 0.25, "n": 3, "ok": True, "name": "x", "none": None, "list": [1], 7: 8.0}
    assert numbers_in(result) == {"loss": 0.25, "n": 3, "7": 8}


def test_numbers_in_nested_dicts():
    """Dicts in a dict are joined by dots, three levels deep."""
    result = {"a": {"b": {"c": 1, "d": {"e": 2}}, "f": 3}, "g": {}}
    assert numbers_in(result) == {"a.b.c": 1, "a.f": 3}


def test_numbers_in_a_dict_that_holds_itself():
    """A circle is no reason to crash."""
    circle: dict = {"x": 1}
    circle["self"] = circle
    assert numbers_in(circle) == {"x": 1, "self.x": 1, "self.self.x": 1}


def test_numbers_of_numpy():
    """Scalars of numpy count like plain numbers, arrays don't."""
    numpy = pytest.importorskip("numpy")
    result = {
        "f": numpy.float32(0.5),
        "i": numpy.int64(3),
        "zero": numpy.array(2.0),
        "bool": numpy.bool_(True),
        "complex": numpy.complex64(1j),
        "array": numpy.ones(1),
        "nan": numpy.float64("nan"),
    }
    assert numbers_in(result) == pytest.approx(
        {"f": 0.5, "i": 3, "zero": 2, "nan": math.nan}, nan_ok=True
    )


def test_numbers_of_torch():
    """Tensors without dimensions count, those that a gradient is kept for included."""
    torch = pytest.importorskip("torch")
    result = {
        "loss": torch.tensor(0.5, requires_grad=True),
        "n": torch.tensor(3),
        "ok": torch.tensor(True),
        "all": torch.ones(2),
    }
    assert numbers_in(result) == {"loss": 0.5, "n": 3}


def test_numbers_of_the_standard_library():
    """Decimals and fractions count, texts that look like numbers don't."""
    result = {"a": Decimal("0.25"), "b": Fraction(1, 2), "c": "0.75", "d": 1j, "e": b"1"}
    assert numbers_in(result) == {"a": 0.25, "b": 0.5}


def test_numbers_are_bounded():
    """A dict of very many numbers, as of counted words, has the first of them as metrics."""
    assert numbers_in(dict.fromkeys(range(5_000), 1.0)) == {str(n): 1.0 for n in range(NAMES_LIMIT)}


def test_numbers_that_are_none():
    """A number that no float holds is left out, and so is an object that fails when looked at."""

    class Hostile:
        @property
        def shape(self):
            raise RuntimeError("not now")

    assert numbers_in({"huge": 10**400, "hostile": Hostile(), "x": 1}) == {"x": 1}


@pytest.mark.parametrize("result", [None, 3, [1], "x", object()])
def test_numbers_of_what_is_no_dict(result):
    """Only a dict has metrics in it."""
    assert numbers_in(result) == {}
