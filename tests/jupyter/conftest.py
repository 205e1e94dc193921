"""What the tests of the magics share: a folder, and kernels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cells import TRAIN, WAIT, Kernel


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a store of its own and two scripts."""
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "wait.py").write_text(WAIT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    return tmp_path


@pytest.fixture(scope="module")
def module_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel for all tests of a module, since one takes seconds to start."""
    made = Kernel(tmp_path_factory.mktemp("kernel"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def kernel(module_kernel: Kernel, folder: Path) -> Kernel:
    """A kernel with the magics and no variables, in a folder of the test's own."""
    module_kernel.enter(folder)
    return module_kernel


@pytest.fixture
def own_kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel of the test's own, which it may kill."""
    made = Kernel(folder)
    try:
        made.enter(folder)
        yield made
    finally:
        made.close()
