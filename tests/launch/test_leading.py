"""Which imports of a script may be made before it."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from kohakuengine.launch.leading import Leading

OS, NP, TIME = ("os", []), ("numpy", []), ("time", [])

SCRIPTS = {
    "plain": ("import os, numpy as np", [OS, NP]),
    "from": ("from os import path, sep", [("os", ["path", "sep"])]),
    "submodule": ("import os.path", [("os.path", [])]),
    "future": ("from __future__ import annotations\nimport os", [OS]),
    "docstring": ('"""Trains."""\nimport os', [OS]),
    "literals": ("lr = -0.1\nsizes: list = [1, (2, 3)]\nimport os", [OS]),
    "function": ("def f(a: int = 3, *b, c=None) -> 'x':\n    g()\nimport os", [OS]),
    "class": (
        "import os\nclass A(os.PathLike):\n    x = 1\n    def f(self): g()\nimport numpy",
        [OS, NP],
    ),
    "types": ("if TYPE_CHECKING:\n    import pandas\nimport os", [OS]),
    "environment": ("import os\nos.environ['N'] = '1'\nimport numpy", [OS]),
    "call": ("import os\nn = int('1')\nimport numpy", [OS]),
    "call as default": ("import os\ndef f(n=int()): pass\nimport numpy", [OS]),
    "call as annotation": ("import os\ndef f(n: int()): pass\nimport numpy", [OS]),
    "decorator": ("import os\n@cache\ndef f(): pass\nimport numpy", [OS]),
    "metaclass": ("import os\nclass A(metaclass=M): pass\nimport numpy", [OS]),
    "class that acts": ("import os\nclass A:\n    print()\nimport numpy", [OS]),
    "try": ("import os\ntry:\n    import numpy\nexcept ImportError: pass", [OS]),
    "relative": ("import os\nfrom . import x\nimport numpy", [OS]),
    "syntax error": ("import os\n???", []),
    "null byte": ("import os\n\0", []),
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_leading_imports(kind, tmp_path):
    """Those before the first statement that does anything but name things."""
    text, expected = SCRIPTS[kind]
    assert Leading(text.encode(), str(tmp_path)).imports == expected


LOCAL = {
    "begins with imports": ("import json\nx = 1", [OS, ("json", []), NP]),
    "acts": ("import json\nprint()", [OS, ("json", [])]),
    "imports the script": ("import json, train", [OS, ("json", []), OS, NP, NP]),
}


@pytest.mark.parametrize("kind", LOCAL)
def test_local_modules_are_not_imported_but_what_they_begin_with(kind, tmp_path):
    """A module beside the script is looked into; after one that acts nothing is imported."""
    text, expected = LOCAL[kind]
    script = "import os, helpers, numpy"
    (tmp_path / "helpers.py").write_text(text)
    (tmp_path / "train.py").write_text(script)
    assert Leading(script.encode(), str(tmp_path)).imports == expected


JSON, HERE = ("json", []), "the script's folder"

# The files beside a script, what it begins with, and what of that can be imported before it.
PACKAGES = {
    "package": ({"lib/__init__.py": "import json"}, "import lib, numpy", [JSON, NP]),
    "package that acts": (
        {"lib/__init__.py": "import json\nprint()"},
        "import os, lib, numpy",
        [OS, JSON],
    ),
    "submodule": (
        {"lib/__init__.py": "import json", "lib/sub.py": "import os"},
        "from lib.sub import x\nimport numpy",
        [JSON, OS, NP],
    ),
    "submodule that acts": (
        {"lib/__init__.py": "import json", "lib/sub.py": "import os\nprint()"},
        "import lib.sub, numpy",
        [JSON, OS],
    ),
    "submodule that isn't imported": (
        {"lib/__init__.py": "", "lib/sub.py": "print()"},
        "from lib import x\nimport numpy",
        [NP],
    ),
    "submodule that isn't there": ({"lib/__init__.py": ""}, "import lib.sub, numpy", []),
    "submodule by its name": (
        {"lib/__init__.py": "", "lib/sub.py": "import os\nprint()"},
        "from lib import sub\nimport numpy",
        [OS],
    ),
    "name that is no submodule": (
        {"lib/__init__.py": "sub = 1", "lib/sub.py": "print()"},
        "from lib import sub\nimport numpy",
        [NP],
    ),
    "name without a value": (
        {"lib/__init__.py": "sub: int", "lib/sub.py": "import os\nprint()"},
        "from lib import sub\nimport numpy",
        [OS],
    ),
    "name of which it isn't known": (
        {"lib/__init__.py": "from json import *", "lib/sub.py": "import os"},
        "from lib import sub\nimport numpy",
        [("json", ["*"])],
    ),
    "names by a function": (
        {"lib/__init__.py": "def __getattr__(name): print()"},
        "from lib import sub\nimport numpy",
        [],
    ),
    "names by a function of a module": (
        {"lib.py": "def __getattr__(name): print()"},
        "from lib import sub\nimport numpy",
        [],
    ),
    "all": (
        {"lib/__init__.py": "__all__ = ['sub']", "lib/sub.py": "print()"},
        "from lib import *\nimport numpy",
        [],
    ),
    "all of a module": ({"lib.py": "__all__ = ['x']\nx = 1"}, "from lib import *\nimport os", [OS]),
    "relative": (
        {
            "lib/__init__.py": "from .one import x\nfrom . import two",
            "lib/one.py": "import json",
            "lib/two/__init__.py": "from ..three import y",
            "lib/three.py": "import os",
        },
        "import lib, numpy",
        [JSON, OS, NP],
    ),
    "relative beyond the top": (
        {"lib/__init__.py": "from ..json import x"},
        "import lib, numpy",
        [],
    ),
    "circle": (
        {"lib/__init__.py": "from . import one", "lib/one.py": "import lib, json\nimport lib.one"},
        "import lib, numpy",
        [JSON, NP],
    ),
    "name that isn't there yet": (
        {
            "lib/__init__.py": "from . import one\ntwo = 2",
            "lib/one.py": "from lib import two",
            "lib/two.py": "import os\nprint()",
        },
        "import lib, numpy",
        [OS],
    ),
    "name that is there": (
        {
            "lib/__init__.py": "import json as two, lib.one",
            "lib/one.py": "from lib import two",
            "lib/two.py": "print()",
        },
        "import lib, numpy",
        [JSON, NP],
    ),
    "other path": ({"lib/__init__.py": "__path__ = ['/x']"}, "import lib.sub, numpy", []),
    "types that are imported": (
        {"lib/__init__.py": "TYPE_CHECKING = True\nif TYPE_CHECKING: print()"},
        "import lib, numpy",
        [],
    ),
    "types that aren't": (
        {"lib/__init__.py": "TYPE_CHECKING = False\nif TYPE_CHECKING: print()"},
        "import lib, numpy",
        [NP],
    ),
    "without source": ({"lib/__init__.pyc": ""}, "import lib, numpy", []),
    "extension in place of it": (
        {"lib/__init__.py": "", f"lib/__init__{EXTENSION_SUFFIXES[0]}": ""},
        "import lib, numpy",
        [],
    ),
    "package and module": (
        {"lib/__init__.py": "import os", "lib.py": "print()"},
        "import lib, numpy",
        [OS, NP],
    ),
    "folder and module": (
        {"lib/sub.py": "import os", "lib.py": "import json"},
        "import lib, numpy",
        [JSON, NP],
    ),
    "submodule of a module": ({"lib/sub.py": "", "lib.py": ""}, "import lib.sub, numpy", []),
    "folder": (
        {"lib/sub.py": "import os"},
        "from lib import sub\nimport lib.sub, numpy",
        [("lib", HERE), OS, NP],
    ),
    "called as one of Python's": ({"json/__init__.py": ""}, "import os, json, numpy", [OS]),
    "module called as one of Python's": ({"json.py": "import numpy"}, "import os, json", [OS]),
    "called as one that is built in": ({"time.py": "print()"}, "import time, numpy", [TIME, NP]),
    "data called as one of Python's": ({"json/x.txt": ""}, "import json, numpy", [JSON, NP]),
}


@pytest.mark.parametrize("kind", PACKAGES)
def test_local_packages_are_not_imported_but_what_they_begin_with(kind, tmp_path):
    """A package beside the script is looked into, as far as it is known what of it is run."""
    files, script, expected = PACKAGES[kind]
    write(tmp_path, files)
    folder = str(tmp_path)
    expected = [(name, folder if what == HERE else what) for name, what in expected]
    assert Leading(script.encode(), folder).imports == expected


# Files in the working directory, the module that is run, and what can be imported before it.
MODULES = {
    "module": ({"train.py": "import os"}, "train", [OS]),
    "module in a package": (
        {
            "pk/__init__.py": "import json",
            "pk/train.py": "from .x import y\nimport numpy",
            "pk/x.py": "",
        },
        "pk.train",
        [JSON, NP],
    ),
    "package that acts": (
        {"pk/__init__.py": "import json\nprint()", "pk/train.py": "import numpy"},
        "pk.train",
        [JSON],
    ),
    "packages in one another": (
        {
            "a/__init__.py": "import os",
            "a/b/__init__.py": "import json",
            "a/b/c.py": "import numpy",
        },
        "a.b.c",
        [OS, JSON, NP],
    ),
    "folder": (
        {"pk/train.py": "from . import x\nimport os", "pk/x.py": ""},
        "pk.train",
        [("pk", HERE), OS],
    ),
    "package": (
        {
            "pk/__init__.py": "import json",
            "pk/__main__.py": "from . import x\nimport os",
            "pk/x.py": "",
        },
        "pk.__main__",
        [JSON, OS],
    ),
    "imported by its package": (  # of which Python warns, unless an import says it is not to
        {"pk/__init__.py": "from .train import x", "pk/train.py": "import os"},
        "pk.train",
        [OS],
    ),
    "installed": ({}, "tool.train", [("tool", [])]),
    "installed, without a package": ({}, "tool", []),
    "not there": ({"pk/__init__.py": "import os"}, "pk.train", []),
    "called as one of Python's": (
        {"json/__init__.py": "", "json/train.py": "import os"},
        "json.train",
        [],
    ),
}


@pytest.mark.parametrize("kind", MODULES)
def test_module_as_script(kind, tmp_path):
    """What its packages begin with comes before what a module begins with that is the script."""
    files, module, expected = MODULES[kind]
    write(tmp_path, files)
    source = files.get(f"{module.replace('.', '/')}.py", "import os").encode()
    folder = str(tmp_path)
    expected = [(name, folder if what == HERE else what) for name, what in expected]
    assert Leading(source, folder, module).imports == expected


def test_edited_local_modules(tmp_path):
    """What local modules begin with is looked up anew when one of them has changed."""
    write(tmp_path, {"lib/__init__.py": "from . import sub", "lib/sub.py": "import os"})
    leading = Leading(b"import lib", str(tmp_path))
    assert leading.is_current()
    write(tmp_path, {"lib/sub.py": "import os, json"})
    assert not leading.is_current()


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files, each with its text."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
