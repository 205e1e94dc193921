"""Which imports of a script may be made before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine.launch.leading import leading_imports

OS, NP = ("os", []), ("numpy", [])

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
    assert leading_imports(text.encode(), str(tmp_path)) == expected


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
    assert leading_imports(script.encode(), str(tmp_path)) == expected


def test_nothing_after_a_local_package(tmp_path: Path):
    """Which files of a package are run isn't known before."""
    (tmp_path / "helpers").mkdir()
    assert leading_imports(b"import os, helpers, numpy", str(tmp_path)) == [OS]
