from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kohakuengine.config.siblings import import_folders, siblings


def bring(name: str) -> Any:
    return importlib.import_module(name)


def edit(path: Path, text: str) -> None:
    """Write a file of the same size, changed within the same second."""
    status = path.stat()
    assert status.st_size == len(text)
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module `kin` with a submodule, loaded from somewhere else."""
    module = ModuleType("kin")
    module.__file__ = "/elsewhere/kin.py"
    monkeypatch.setitem(sys.modules, "kin", module)
    monkeypatch.setitem(sys.modules, "kin.sub", ModuleType("kin.sub"))
    return module


def test_first_on_path(folder: Path) -> None:
    """The folder is first on `sys.path`, which is put back as it was, the very list."""
    path, entries = sys.path, list(sys.path)
    with siblings(str(folder)):
        assert sys.path == [str(folder), *entries]
        sys.path = ["replaced"]
    assert sys.path is path
    assert sys.path == entries


def test_path_after_an_error(folder: Path) -> None:
    """Everything is put back also when the block raises."""
    entries = list(sys.path)
    with pytest.raises(KeyError), siblings(str(folder)):
        raise KeyError
    assert sys.path == entries


def test_modules_stay(folder: Path, write: Any) -> None:
    """By default the folder's modules stay, so that their classes can be pickled."""
    write("kin.py", "value = 1")
    with siblings(str(folder)):
        kin = bring("kin")
    assert sys.modules["kin"] is kin


def test_modules_are_forgotten(folder: Path, write: Any) -> None:
    """With `forget`, modules of the folder are gone afterwards, and no others."""
    write("kin/__init__.py", "")
    write("kin/sub.py", "import this_is_elsewhere")
    write("loose/part.py", "")
    write("lib/this_is_elsewhere.py", "")
    with siblings(str(folder), forget=True):
        sys.path.append(str(folder / "lib"))
        bring("kin.sub")
        bring("loose.part")
    assert not {"kin", "kin.sub", "loose", "loose.part"} & set(sys.modules)
    assert "this_is_elsewhere" in sys.modules


def test_forget_keeps_what_was_there(folder: Path, write: Any) -> None:
    """With `forget`, modules that were there before the block are shared with it, and stay."""
    write("kin.py", "value = 1")
    with siblings(str(folder)):
        kin = bring("kin")
    with siblings(str(folder), forget=True):
        assert bring("kin") is kin
    assert sys.modules["kin"] is kin


@pytest.mark.parametrize("forget", [True, False])
@pytest.mark.parametrize("file", ["kin.py", "kin/__init__.py"])
def test_shadowing(
    folder: Path, write: Any, elsewhere: ModuleType, file: str, forget: bool
) -> None:
    """A module of the same name from elsewhere makes way, with its submodules, and comes back."""
    write(file, "value = 'mine'")
    sub = sys.modules["kin.sub"]
    with siblings(str(folder), forget=forget):
        assert "kin.sub" not in sys.modules
        assert bring("kin").value == "mine"
    assert sys.modules["kin"] is elsewhere
    assert sys.modules["kin.sub"] is sub


def test_shadowing_another_folder(folder: Path, write: Any) -> None:
    """Two folders can have a module of the same name each, also without `__init__.py`."""
    for name in "ab":
        write(f"{name}/kin.py", f"value = {name!r}")
        write(f"{name}/loose/part.py", f"value = {name!r}")
    for name in "aba":
        with siblings(str(folder / name)):
            assert bring("kin").value == name
            assert bring("loose.part").value == name


def test_folder_without_init(folder: Path, write: Any, elsewhere: ModuleType) -> None:
    """A folder without `__init__.py` doesn't shadow a module, as under plain python."""
    write("kin/part.py", "")
    with siblings(str(folder)):
        assert bring("kin") is elsewhere


def test_standard_library(folder: Path, write: Any) -> None:
    """A local file shadows a standard module as under plain python, but for startup modules."""
    write("colorsys.py", "value = 'mine'")
    write("os.py", "")
    write("sys.py", "")
    write("kohakuengine.py", "")
    kept = {name: sys.modules[name] for name in ("os", "sys", "kohakuengine", "__main__")}
    real = bring("colorsys")
    with siblings(str(folder), forget=True):
        assert bring("colorsys").value == "mine"
        assert all(sys.modules[name] is module for name, module in kept.items())
    assert sys.modules["colorsys"] is real


def test_edited(folder: Path, write: Any) -> None:
    """A module that was edited is imported anew, also within a second and of the same size."""
    path = write("kin.py", "value = 1")
    with siblings(str(folder)):
        assert bring("kin").value == 1
    edit(path, "value = 2")
    with siblings(str(folder)):
        assert bring("kin").value == 2
        new = sys.modules["kin"]
    assert sys.modules["kin"] is new


def test_edited_below(folder: Path, write: Any) -> None:
    """A module that imports an edited one is imported anew with it."""
    path = write("pack/sub.py", "value = 1")
    write("pack/__init__.py", "")
    write("kin.py", "from pack.sub import value")
    with siblings(str(folder)):
        bring("kin")
    edit(path, "value = 2")
    with siblings(str(folder)):
        pass
    with siblings(str(folder)):
        assert bring("kin").value == 2


def test_edited_and_forgotten(folder: Path, write: Any) -> None:
    """With `forget` an edited module is imported anew, and the one from before comes back."""
    path = write("kin.py", "value = 1")
    with siblings(str(folder)):
        old = bring("kin")
    edit(path, "value = 2")
    with siblings(str(folder), forget=True):
        assert bring("kin").value == 2
    assert sys.modules["kin"] is old


def test_removed(folder: Path, write: Any) -> None:
    """A module whose file is gone can't be imported any more."""
    path = write("kin.py", "value = 1")
    with siblings(str(folder)):
        bring("kin")
    path.unlink()
    with siblings(str(folder)), pytest.raises(ModuleNotFoundError):
        bring("kin")


def test_new_file(folder: Path, write: Any) -> None:
    """A file written a moment ago is found."""
    with siblings(str(folder)), pytest.raises(ModuleNotFoundError):
        bring("kin")
    write("kin.py", "value = 1")
    with siblings(str(folder)):
        assert bring("kin").value == 1


def test_imported_by_the_user(folder: Path, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that the user imported from the folder is the one its block gets."""
    write("real/kin.py", "value = 1")
    (folder / "link").symlink_to(folder / "real")
    monkeypatch.syspath_prepend(str(folder / "link"))
    kin = bring("kin")
    with siblings(str(folder / "real"), forget=True):
        assert bring("kin") is kin
    assert sys.modules["kin"] is kin


def test_entered_again(folder: Path, write: Any) -> None:
    """What a block added to `sys.path` is there when the same object is entered again."""
    write("lib/kin.py", "value = 1")
    beside = siblings(str(folder))
    with beside:
        sys.path.append(str(folder / "lib"))
    with beside:
        assert bring("kin").value == 1
    assert str(folder / "lib") not in sys.path
    assert import_folders() == [str(folder), str(folder / "lib")]


def test_nested(folder: Path, write: Any) -> None:
    """Blocks can be within each other."""
    write("a/kin.py", "value = 'a'")
    write("b/kin.py", "value = 'b'")
    with siblings(str(folder / "a")):
        outer = bring("kin")
        with siblings(str(folder / "b")):
            assert bring("kin").value == "b"
        assert bring("kin") is outer


def test_import_folders(folder: Path) -> None:
    """Folders whose modules may stay are listed once, from when they are entered."""
    with siblings(str(folder)):
        assert import_folders() == [str(folder)]
    with siblings(str(folder)), siblings(str(folder / "scripts"), forget=True):
        pass
    assert import_folders() == [str(folder)]


def test_no_folder(folder: Path) -> None:
    """A folder that isn't there does no harm."""
    with siblings(str(folder / "missing")):
        assert sys.path[0] == str(folder / "missing")
