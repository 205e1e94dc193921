"""Overrides that nothing in the script can be reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine.engine.source import parse
from kohakuengine.engine.unread import unread


def unread_names(text: str, folder: Path, *names: str) -> list[str]:
    path = folder / "train.py"
    path.write_text(text)
    return sorted(unread(parse(text.encode(), str(path)), names, str(folder), str(path)))


UNREAD = {
    "an assignment": "x = 1\nprint(y)\n",
    "an annotated one": "x: int = 1\n",
    "several": "x = 1\nx = 2\n",
    "unpacked": "x, y = 1, 2\n",
    "a function of another name": "x = 1\ndef f(y):\n    return y\n",
    "a guard": "x = 1\nif __name__ == '__main__':\n    print(1)\n",
    "a comment": "x = 1  # x is not read\n",
    "an import": "import os\nimport sys\nx = 1\nsys.exit(os.getpid() and 0)\n",
}
READ = {
    "plainly": "x = 1\nprint(x)\n",
    "in a function": "x = 1\ndef f():\n    return x\n",
    "in an f-string": "x = 1\nprint(f'{x:.2f}')\n",
    "deleted": "x = 1\ndel x\n",
    "updated": "x = 1\nx += 1\n",
    "in a text": "x = 1\ndf.query('a > @x')\n",
    "in a docstring": "'''Sets x.'''\nx = 1\n",
    "as an attribute": "x = 1\nimport m\nprint(m.x)\n",
    "by globals": "x = 1\nprint(globals())\n",
    "by vars": "x = 1\nprint(vars())\n",
    "by exec": "x = 1\nexec(code)\n",
    "by a name for it": "x = 1\ng = globals\n",
    "by sys.modules": "import sys\nx = 1\nf(sys.modules[__name__])\n",
    "from modules": "from sys import modules\nx = 1\n",
    "by __main__": "import __main__\nx = 1\n",
    "by a star import": "from m import *\nx = 1\n",
    "by fire": "import fire\nx = 1\nfire.Fire()\n",
    "by inspect": "import inspect\nx = 1\n",
    "by a debugger": "x = 1\nbreakpoint()\n",
    "by __all__": "x = 1\n__all__ = names\n",
    "by global": "x = 1\ndef f():\n    global x\n    x = 2\n",
    "as a function's own": "x = 1\ndef f(x):\n    return x\n",
    "where it is bound": "if (x := 1):\n    pass\n",
    "as an entrypoint": "def x():\n    pass\n",
    "as an import": "import x\n",
    "in a loop": "for x in range(3):\n    pass\n",
    "not at all": "print(1)\n",
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_nothing_reads_is_told(name: str, tmp_path: Path) -> None:
    """A variable that is only assigned is found."""
    assert unread_names(UNREAD[name], tmp_path, "x") == ["x"]


@pytest.mark.parametrize("name", READ)
def test_what_something_may_read_is_not_told(name: str, tmp_path: Path) -> None:
    """Wherever a variable may be read in some way there is no false alarm."""
    assert unread_names(READ[name], tmp_path, "x") == []


@pytest.mark.parametrize(
    "module",
    [
        "import __main__\nprint(__main__)\n",
        "import sys\nf = sys.modules['__main__']\n",
        "import train\n",
        "from train import x\n",
        "import inspect\n",
        "from . import other\n",
        "def f(:\n",
    ],
)
def test_a_module_beside_the_script_may_read_it(module: str, tmp_path: Path) -> None:
    """A local module that may look at the main module, or isn't understood, is believed to."""
    (tmp_path / "helper.py").write_text(module)
    assert unread_names("import helper\nx = 1\n", tmp_path, "x") == []
    (tmp_path / "between.py").write_text("from helper import f\n")
    assert unread_names("import between\nx = 1\n", tmp_path, "x") == []


def test_a_module_that_does_not_look_is_no_reason(tmp_path: Path) -> None:
    """A local module with a main block of its own doesn't read the script's variables."""
    (tmp_path / "helper.py").write_text("x = 2\nif __name__ == '__main__':\n    print(x)\n")
    assert unread_names("import helper\nx = 1\n", tmp_path, "x") == ["x"]


def test_names_that_tools_know_are_left_alone(tmp_path: Path) -> None:
    """A name such as __version__ may be meant for others."""
    assert unread_names("__version__ = 1\n", tmp_path, "__version__") == []
