from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import pytest

from kohakuengine.config.capture import captured, unwrap, use


def capture(source: str) -> dict[str, Any]:
    module = ModuleType("bare")
    exec(source, vars(module))
    return captured(module)


@pytest.mark.parametrize(
    "source",
    [
        "lr = 0.1",
        "import math; lr = 0.1",
        "lr = 0.1; _private = 2; __dunder__ = 3",
        "from math import sin, floor; lr = 0.1",
        "from collections import OrderedDict; lr = 0.1",
        "from dataclasses import dataclass, field; lr = 0.1",
        "from typing import Any, List, Literal, Optional, TypeVar, TYPE_CHECKING; lr = 0.1",
        "from __future__ import annotations; lr = 0.1",
        "from collections.abc import Callable, Iterable; lr = 0.1",
        "import typing; T = typing.TypeVar('T'); Text = typing.Union[str, bytes]; lr = 0.1",
        "big = max; lr = 0.1",
        "text = list[str]; del text; Text = list[str]; lr = 0.1",
        "from os.path import join as _join; lr = 0.1",
    ],
)
def test_left_out(source: str) -> None:
    """Modules, imported functions and classes, type notation and private names aren't captured."""
    assert capture(source) == {"lr": 0.1}


def test_defined_here() -> None:
    """Functions and classes that the file defines are captured, also decorated and anonymous."""
    source = """
from functools import lru_cache
from enum import Enum
from collections import namedtuple
def f(): pass
async def g(): pass
@lru_cache
def h(): pass
k = lambda x: x
class C: pass
Color = Enum("Color", "RED")
Point = namedtuple("Point", "x y")
method = C().__init__
"""
    names = set(capture(source))
    assert names - {"method"} == {"f", "g", "h", "k", "C", "Color", "Point"}


def test_instances() -> None:
    """Objects are data, whatever their class and also where they can be called."""
    source = """
from functools import partial
from fractions import Fraction
from pathlib import Path
half = Fraction(1, 2)
here = Path(".")
loss = partial(max, 0)
class Layer:
    def __call__(self): return 1
    def __getattr__(self, name): raise AttributeError(name)
layer = Layer()
"""
    assert set(capture(source)) == {"half", "here", "loss", "Layer", "layer"}


def test_imported_data() -> None:
    """Data is captured, imported or not."""
    assert capture("from math import pi") == {"pi": math.pi}


def test_use() -> None:
    """What is wrapped in `use()` is captured as the object itself, modules included."""
    module = ModuleType("bare")
    vars(module).update(f=use(math.sin), m=use(math), cls=use(dict), t=use(Any), n=use(use(1)))
    assert captured(module) == {"f": math.sin, "m": math, "cls": dict, "t": Any, "n": 1}


def test_private_use() -> None:
    """A leading underscore keeps a name out, `use()` or not."""
    module = ModuleType("bare")
    vars(module).update(_f=use(math.sin))
    assert captured(module) == {}


def test_use_twice() -> None:
    """Using what is used already changes nothing."""
    used = use(math)
    assert use(used) is used
    assert unwrap(used) is math
    assert repr(use(3)) == "use(3)"


def test_order() -> None:
    """Names are captured in the file's order."""
    assert list(capture("b = 1; a = 2; c = 3")) == ["b", "a", "c"]
