"""Slots: the places in which runs go on, and their GPUs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kohakuengine.errors import ConfigError
from kohakuengine.flow.slots import Slots, gpu_ids


def test_the_lowest_free_slot_is_taken() -> None:
    """A slot that is given back is the next one if its number is the lowest."""
    slots = Slots(3)
    assert [slots.take(), slots.take(), slots.take(), slots.free] == [0, 1, 2, 0]
    slots.give_back(2)
    slots.give_back(0)
    assert [slots.free, slots.take(), slots.take()] == [2, 0, 2]


def test_there_may_be_very_many() -> None:
    """More than a list could hold."""
    slots = Slots(10**30)
    assert [slots.take(), slots.take(), slots.free] == [0, 1, 10**30 - 2]
    slots.give_back(0)
    assert [slots.take(), slots.take()] == [0, 2]


def test_without_gpus_nothing_is_set() -> None:
    """The variable is left as it is."""
    assert Slots(2).environ(1) == {}


def test_each_slot_has_its_gpu() -> None:
    """Slots beyond the number of GPUs share them in turn."""
    slots = Slots(3, ["0", "GPU-5f"])
    seen = [slots.environ(slot)["CUDA_VISIBLE_DEVICES"] for slot in range(3)]
    assert seen == ["0", "GPU-5f", "0"]


IDS: dict[str, tuple[Any, dict[str, str], list[str] | None]] = {
    "none": (None, {"CUDA_VISIBLE_DEVICES": "1"}, None),
    "numbers": ([1, 0], {}, ["1", "0"]),
    "names": (["GPU-3a-4b", "MIG-1"], {}, ["GPU-3a-4b", "MIG-1"]),
    "a text": ("2, 3", {}, ["2", "3"]),
    "ours to choose from a subset": ([0], {"CUDA_VISIBLE_DEVICES": "4,5"}, ["0"]),
    "the subset that is visible": ("auto", {"CUDA_VISIBLE_DEVICES": "5, 2"}, ["5", "2"]),
    "its names": ("auto", {"CUDA_VISIBLE_DEVICES": "GPU-a,MIG-b"}, ["GPU-a", "MIG-b"]),
}


@pytest.mark.parametrize("gpus, environ, ids", IDS.values(), ids=IDS)
def test_ids(gpus: Any, environ: dict[str, str], ids: list[str] | None) -> None:
    """They are exactly as given, or as they stand in `CUDA_VISIBLE_DEVICES`."""
    assert gpu_ids(gpus, environ) == ids


NONE: dict[str, tuple[Any, dict[str, str]]] = {
    "an empty list": ([], {}),
    "an empty text": ("", {}),
    "none visible": ("auto", {"CUDA_VISIBLE_DEVICES": ""}),
    "-1 visible": ("auto", {"CUDA_VISIBLE_DEVICES": "-1"}),
}


@pytest.mark.parametrize("gpus, environ", NONE.values(), ids=NONE)
def test_no_gpu_is_told(gpus: Any, environ: dict[str, str]) -> None:
    """Where GPUs are asked for and there are none, nothing runs without one."""
    with pytest.raises(ConfigError, match="^gpus"):
        gpu_ids(gpus, environ)


def test_without_the_variable_nvidia_smi_is_asked(tmp_path: Path, monkeypatch) -> None:
    """All that it lists are shared out."""
    _smi(tmp_path, monkeypatch, "printf '0\\n1\\n2\\n'")
    assert gpu_ids("auto", {}) == ["0", "1", "2"]


FAULTS = {
    "fails": "echo 'NVIDIA-SMI has failed' >&2; exit 9",
    "lists none": "exit 0",
}


@pytest.mark.parametrize("text", FAULTS.values(), ids=FAULTS)
def test_nvidia_smi_that_knows_none_is_told(tmp_path: Path, monkeypatch, text: str) -> None:
    """One sentence says that there is no GPU to be had."""
    _smi(tmp_path, monkeypatch, text)
    with pytest.raises(ConfigError, match="gpus: nvidia-smi"):
        gpu_ids("auto", {})


def test_no_nvidia_smi_is_told(tmp_path: Path, monkeypatch) -> None:
    """As on a machine without a GPU."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="gpus: nvidia-smi can't tell"):
        gpu_ids("auto", {})


def _smi(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
