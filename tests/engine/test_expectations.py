"""What a script's annotations ask of values, and where they are sure to mean what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine.engine.bindings import find_bindings
from kohakuengine.engine.expectations import Expectations
from kohakuengine.engine.source import parse


def expectations(text: str, folder: Path | None = None) -> Expectations:
    source = text.encode()
    path = "train.py" if folder is None else str(folder / "train.py")
    return Expectations(source, path, "train.py", find_bindings(parse(source, path)))


def fault(text: str, value: object, name: str = "x") -> str | None:
    found = expectations(text).fault(name, value)
    return None if found is None else str(found)


HEAD = "from typing import *\n".replace("*", "Literal, Optional, Final, List")

# Scripts that ask for something, a value that doesn't fit, and what is said.
ASKED = [
    ("x: int = 1", 2.5, "x=2.5: train.py line 1 says int, and 2.5 is not an int."),
    ("x: int = 1", 2.0, "x=2.0: train.py line 1 says int, and 2.0 is not an int; write 2."),
    ("\nx: float = 1.0", "a", "train.py line 2 says float, and 'a' is not a float; give a float."),
    (HEAD + "x: Literal['a', 'bcd'] = 'a'", "bdc", "did you mean 'bcd'?"),
    (HEAD + "M = Literal['a', 'bcd']\nx: M = 'a'", "bdc", "none of a, bcd"),
    (HEAD + "x: 'Optional[int]' = None", "a", "'a' is not an int"),
    ("import typing\nx: typing.List[int] = [1]", ["a"], "'a' is not an int"),
    (
        "from pathlib import Path\nx: Path = Path('a')",
        "b",
        "a Python file can say Path('b'), and --set x=... gives one",
    ),
    ("import enum\nclass E(enum.Enum):\n    RED = 'r'\nx: E = E.RED", "r", "--set x=RED gives"),
    ("x: int = None", "a", "'a' is not an int"),
    ("x: int", "a", "'a' is not an int"),
    ("x: int = f()", "a", "'a' is not an int"),
    ("if fast:\n    x: int = 1\nelse:\n    x: int = 2", "a", "'a' is not an int"),
    ("x: int = 1\nx = x + 1", "a", "'a' is not an int"),
]
# Scripts of which it isn't sure what they ask for, and a value that is to be taken.
NOT_ASKED = {
    "no annotation": ("x = 1", "a"),
    "a default of another type": ("x: int = 'auto'", 1.5),
    "None where that is the default": ("x: int = None", None),
    "a conversion": ("from pathlib import Path\nx: Path = Path('a')\nx = Path(x)", "b"),
    "a conversion within": ("x: float = 1.0\nx = 2 * float(x or 0)", "b"),
    "a type of another library": ("from torch import float\nx: float = 1.0", "b"),
    "a class of the script": ("class Path: pass\nx: Path = Path()", "b"),
    "another name for it": ("from a import b as int\nx: int = 1", "b"),
    "an assigned name": ("int = make()\nx: int = 1", "b"),
    "a star import": ("from numpy import *\nx: int = 1", "b"),
    "two annotations": ("if a:\n    x: int = 1\nelse:\n    x: str = 'a'", 2.5),
    "an unknown annotation": ("x: Tensor | int = 1", "b"),
    "nonsense": ("x: 'int[' = 1", "b"),
    "a call": ("x: conint(gt=3) = 1", "b"),
    "Final alone": ("from typing import Final\nx: Final = 1", "b"),
    "in a function": ("def f():\n    x: int = 1\nx = 1", "b"),
    "an attribute": ("a.x: int = 1\nx = 1", "b"),
}


@pytest.mark.parametrize("text, value, said", ASKED)
def test_what_does_not_fit_is_told_with_line_and_remedy(
    text: str, value: object, said: str
) -> None:
    """A value that doesn't fit an annotation is told with the script's line and what to do."""
    assert said in str(fault(text, value))


@pytest.mark.parametrize("name", NOT_ASKED)
def test_what_is_not_sure_is_not_asked(name: str) -> None:
    """Where syntax can't tell what an annotation means, or the script itself doesn't keep to it,
    any value is taken.
    """
    text, value = NOT_ASKED[name]
    assert fault(text, value) is None


def test_an_enum_of_a_module_beside_the_script(tmp_path: Path) -> None:
    """Members of an Enum class are known also where the script imports it."""
    (tmp_path / "colors.py").write_text("from enum import Enum\nclass Color(Enum):\n    RED = 1\n")
    text = "from colors import Color\nx: Color = Color.RED\n"
    (tmp_path / "train.py").write_text(text)
    found = expectations(text, tmp_path).fault("x", "RED")
    assert "is not a member of Color" in str(found)


def test_a_fault_holds_its_facts() -> None:
    """Key, value, place, line and remedy of a fault are fields."""
    found = expectations("x: int = 1").fault("x", "a", "--set")
    assert found is not None
    facts = (found.key, found.value, found.place, found.line, found.remedy)
    assert facts == ("x", "'a'", "--set", 1, "give an int")
