"""Metrics that a script declares itself, by `kohakuengine.log`."""

from __future__ import annotations

import math
import shutil
from decimal import Decimal
from fractions import Fraction

import pytest

from kohakuengine.runs import log as log_module
from kohakuengine.runs.journal import history, read
from kohakuengine.runs.log import log
from kohakuengine.runs.paths import AttemptPaths
from kohakuengine.runs.scalars import ScalarReader


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """A script that runs alone, which hasn't been warned yet."""
    monkeypatch.delenv("KOGINE_ATTEMPT_DIR", raising=False)
    monkeypatch.setattr(log_module, "_has_warned", False)


@pytest.fixture
def attempt(tmp_path, monkeypatch):
    """A script that runs as an attempt at a run."""
    monkeypatch.setenv("KOGINE_ATTEMPT_DIR", str(tmp_path))
    return AttemptPaths(str(tmp_path))


def test_alone_it_prints(tmp_path, monkeypatch, capsys):
    """In a script that runs alone, it prints one line and leaves nothing behind."""
    monkeypatch.chdir(tmp_path)
    log(loss=0.1, step=3, acc=1)
    assert capsys.readouterr().out == "step=3 loss=0.1 acc=1\n"
    assert not list(tmp_path.iterdir())


def test_in_a_run_it_is_kept_and_printed(attempt, capsys):
    """In a run, the values are kept with their step, and printed all the same."""
    log(loss=0.1, step=3)
    log(acc=0.5)
    assert capsys.readouterr().out == "step=3 loss=0.1\nacc=0.5\n"
    points = [(point.name, point.value, point.step) for point in history(attempt.journal)]
    assert points == [("loss", 0.1, 3), ("acc", 0.5, None)]
    assert set(read(attempt.journal)[0]) == {"t", "step", "logged"}


def test_a_step_without_values_is_only_printed(attempt, capsys):
    """A step alone is no metric."""
    log(step=3)
    assert capsys.readouterr().out == "step=3\n"
    assert read(attempt.journal) == []


@pytest.mark.parametrize("value", [0.5, Fraction(1, 2), Decimal("0.5"), "0.5"], ids=repr)
def test_any_number_can_be_logged(attempt, capsys, value):
    """Whatever float() takes is logged as a plain number."""
    log(x=value)
    assert capsys.readouterr().out == "x=0.5\n"
    assert read(attempt.journal)[0]["logged"] == {"x": 0.5}


def test_numbers_of_numpy_can_be_logged(attempt, capsys):
    """Scalars of numpy, and arrays of one element, are logged as plain numbers."""
    numpy = pytest.importorskip("numpy")
    one = numpy.array([0.5])
    log(a=numpy.float32(0.5), b=numpy.float64(0.5), c=numpy.array(0.5), d=one, step=numpy.int64(3))
    assert capsys.readouterr().out == "step=3 a=0.5 b=0.5 c=0.5 d=0.5\n"
    assert read(attempt.journal)[0]["logged"] == dict.fromkeys("abcd", 0.5)
    with pytest.raises(TypeError, match="but wrong is of type ndarray"):
        log(wrong=numpy.ones(2))


def test_tensors_can_be_logged(attempt, capsys):
    """Tensors without dimensions are logged, also those that need a gradient."""
    torch = pytest.importorskip("torch")
    log(x=torch.tensor(0.5, requires_grad=True), step=torch.tensor(3))
    assert capsys.readouterr().out == "step=3 x=0.5\n"


@pytest.mark.parametrize("step", [3, 3.0, 3.5])
def test_step_is_printed_as_the_number_it_is(capsys, step):
    """A whole step stays one."""
    log(step=step)
    assert capsys.readouterr().out == f"step={step}\n"


def test_numbers_that_diverged(attempt):
    """A loss that is nan or infinite is kept."""
    log(a=math.nan, b=-math.inf)
    values = {point.name: point.value for point in history(attempt.journal)}
    assert values == pytest.approx({"a": math.nan, "b": -math.inf}, nan_ok=True)


REFUSED = {"text": "x", "none": None, "list": [1], "huge": 10**400, "object": object()}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_no_number_is_refused_by_name(attempt, capsys, value):
    """A value that is no number says under which name, before anything is printed or kept."""
    with pytest.raises(TypeError, match=r"log\(\) takes numbers, but wrong is of type"):
        log(right=1, wrong=value)
    assert capsys.readouterr().out == ""
    assert read(attempt.journal) == []


def test_step_that_is_no_number_is_refused():
    """A step must be a number, too."""
    with pytest.raises(TypeError, match="but step is of type str"):
        log(step="third", x=1)


def test_names_are_any_text(attempt, capsys):
    """A name that isn't one word is printed in quotes, so that no part of it reads as a metric."""
    names = ["train/loss", "top-5", "größe", "val acc", "a\nb=3", "1"]
    log(**dict.fromkeys(names, 1))
    out = capsys.readouterr().out
    assert out == "train/loss=1 top-5=1 größe=1 'val acc'=1 'a\\nb=3'=1 '1'=1\n"
    assert list(read(attempt.journal)[0]["logged"]) == names


def test_what_it_prints_is_found_as_it_was_logged(capsys):
    """The printed line says the same metrics to whoever reads the output."""
    log(step=3, loss=0.1, **{"train/acc": 1, "tiny": 1e-12, "bad": -math.inf})
    scalars = ScalarReader().feed(capsys.readouterr().out.encode())
    assert [tuple(scalar) for scalar in scalars] == [
        ("loss", 0.1, 3),
        ("train/acc", 1, 3),
        ("tiny", 1e-12, 3),
        ("bad", -math.inf, 3),
    ]


def test_a_journal_that_can_not_be_written_warns_once(attempt, capsys):
    """A run goes on where its metrics can't be kept: it is warned once, and they are printed."""
    shutil.rmtree(attempt.folder)
    with pytest.warns(RuntimeWarning, match="metrics are printed, but can't be kept") as caught:
        log(x=1)
        log(x=2)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert capsys.readouterr().out == "x=1\nx=2\n"
