"""A script's parameters, read from its syntax alone."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.engine import outline
from kohakuengine.engine.parameters import Parameter, parameters
from kohakuengine.errors import ScriptSyntaxError

TYPES = textwrap.dedent("""\
    import enum
    import pathlib as pl
    from enum import Enum, IntEnum as Numbers
    from pathlib import Path
    from typing import Final, Literal, Optional

    class Color(Enum):
        '''Colours.'''
        RED = 1
        BLUE: str = "blue"
        GREEN = make()
        _ignore_ = []
        mix = lambda self: self
        def paint(self): pass

    class Size(str, enum.Enum):
        SMALL = "s"

    class Level(Numbers):
        LOW = 0

    class Plain:
        RED = 1

    Mode = Literal["fast", "slow"]
    """)


def read(text: str, **options: bool) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters(textwrap.dedent(text), **options)}


def only(text: str) -> Parameter:
    """The parameter `x` of a text below the classes and imports above."""
    return read(TYPES + textwrap.dedent(text))["x"]


LITERALS = {
    "1": 1,
    "-1": -1,
    "+1.5": 1.5,
    "~1": -2,
    "not True": False,
    "'a' 'b'": "ab",
    "b'a'": b"a",
    "None": None,
    "...": ...,
    "1e-3 * 2": 0.002,
    "2 ** 10": 1024,
    "60 * 60 // 7 % 5 - 1": 60 * 60 // 7 % 5 - 1,
    "1 << 4 | 1": 17,
    "1 + 2j": 1 + 2j,
    "(1, [2, {3: {4}}])": (1, [2, {3: {4}}]),
    "set()": set(),
    "[-1, 2 / 4]": [-1, 0.5],
}

NOT_LITERALS = [
    *(
        "f()",
        "y",
        "[1, y]",
        "{**a}",
        "[*a]",
        "'a' * 3",
        "f'{y}'",
        "1 if y else 2",
        "[i for i in a]",
    ),
    *("1 / 0", "{[]: 1}", "{[]}", "2 ** 10 ** 9", "1 << 10 ** 9", "10 ** 9 ** 9", "1 @ 2", "-'a'"),
    *("0x" + "f" * 5_000, "1" + " + 1" * 900, "9.0 ** 999", "a.b", "Plain.RED", "Color.PINK"),
    *("Path(__file__)", "Path(*a)", "lambda: 1", "set([1])", "dict()"),
]


@pytest.mark.parametrize("expression", LITERALS)
def test_a_literal_default_is_known(expression: str) -> None:
    """Constants, containers of them and arithmetic on numbers are defaults whose value is known."""
    x = only(f"x = {expression}")
    assert (x.default, type(x.default)) == (LITERALS[expression], type(LITERALS[expression]))
    assert (x.literal, x.computed, x.expression) == (True, False, expression)
    assert x.type == ("None" if x.default is None else type(x.default).__name__)


@pytest.mark.parametrize("expression", NOT_LITERALS, ids=lambda text: text[:20])
def test_any_other_default_is_computed(expression: str) -> None:
    """What is known only once the script runs is said to be so, and nothing of it is worked out."""
    x = only(f"x = {expression}")
    assert (x.default, x.literal, x.computed, x.type) == (None, False, True, None)
    assert x.expression == expression


def test_an_annotated_name_is_never_computed() -> None:
    """An annotation says that a name is meant to be set, whatever its default."""
    x = only("x: int = f()")
    assert (x.computed, x.type, x.annotation, x.literal) == (False, "int", "int", False)


def test_an_annotation_gives_the_type() -> None:
    """The type shown is the annotation's where there is one, on one line."""
    assert only("x: dict[\n    str, int] = {}").type == "dict[ str, int]"
    assert only("x: Final = 3").type == "int"


def test_a_declared_name_is_a_parameter() -> None:
    """`x: int` is a parameter without a default; a later default is its default."""
    x = only("x: int")
    assert (x.expression, x.default, x.type, x.computed) == (None, None, "int", False)
    line = TYPES.count("\n") + 1
    later = only("x: float  # speed\n\nx = 3")
    assert (later.default, later.annotation, later.line) == (3, "float", line)
    assert later.help == "speed"


@pytest.mark.parametrize(
    "expression", ["Path('a')", "Path('a', 'b')", "Path('a') / 'b' / 'c'", "Path()"]
)
def test_a_path_is_known_as_one(expression: str) -> None:
    """The default `Path("...")` has the type Path."""
    x = only(f"x = {expression}")
    assert (x.type, x.literal, x.computed, x.expression) == ("Path", False, False, expression)


ENUMS = {
    "x = Color.RED": ("Color", ("RED", "BLUE", "GREEN"), {"RED": 1, "BLUE": "blue"}),
    "x = Size.SMALL": ("Size", ("SMALL",), {"SMALL": "s"}),
    "x = Level.LOW": ("Level", ("LOW",), {"LOW": 0}),
    "x: Color = f()": ("Color", ("RED", "BLUE", "GREEN"), {"RED": 1, "BLUE": "blue"}),
    "x: 'Color'": ("Color", ("RED", "BLUE", "GREEN"), {"RED": 1, "BLUE": "blue"}),
    "x: Optional[Color] = None": ("Color", ("RED", "BLUE", "GREEN"), {"RED": 1, "BLUE": "blue"}),
}


@pytest.mark.parametrize("text", ENUMS)
def test_a_member_of_an_enum_is_known(text: str) -> None:
    """By default or by annotation, an Enum of the script gives its members as choices."""
    x = only(text)
    assert (x.enum, x.choices, x.members) == ENUMS[text]
    assert not x.computed


def test_enums_of_a_base_of_ones_own_are_found() -> None:
    """A class that derives from an Enum without members is an Enum; circles are none."""
    text = "class Base(Enum): pass\nclass C(Base):\n    A = 1\nclass D(D):\n    A = 1\n"
    text += "x = C.A\ny = D.A\n"
    found = read(TYPES + text)
    assert found["x"].enum == "C"
    assert found["y"].enum is None


def test_an_enum_may_be_defined_in_a_condition() -> None:
    """As scripts do for older Pythons."""
    text = "if old:\n    class C(Enum):\n        A = 1\nelse:\n    from other import C\nx = C.A\n"
    assert read(TYPES + text)["x"].choices == ("A",)


def test_a_mistake_in_a_class_is_left_to_those_who_run_it() -> None:
    """An Enum whose body isn't Python is no reason to know nothing of the script."""
    found = read(TYPES + "class C(Enum):\n    A = = 1\nx = C.A\ny = 1\n")
    assert (found["x"].enum, found["y"].default) == (None, 1)


CHOICES = {
    "x: Literal['a', 1, None] = 'a'": ("a", 1, None),
    "x: Optional[Literal['a', 'b']] = None": ("a", "b", None),
    "x: Literal['a'] | Literal['b'] = 'a'": ("a", "b"),
    "x: Mode = 'fast'": ("fast", "slow"),
    "x: 'Literal[1, 2]' = 1": (1, 2),
    "x: Literal['a'] | int = 1": None,
    "x: Literal[Color.RED] = Color.RED": ("RED", "BLUE", "GREEN"),
    "x: int = 1": None,
}


@pytest.mark.parametrize("text", CHOICES)
def test_a_literal_annotation_gives_choices(text: str) -> None:
    """The values of a Literal are the choices, also by an alias, and None where it is optional."""
    assert only(text).choices == CHOICES[text]


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A script's place, beside modules with Enums."""
    (tmp_path / "colors.py").write_text("import enum\nclass Color(enum.Enum):\n    RED = 1\n")
    (tmp_path / "more.py").write_text("from colors import Color\nfrom broken import Other\n")
    (tmp_path / "broken.py").write_text("class Other(\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "shapes.py").write_text(
        "from enum import Enum\nclass Shape(Enum):\n    ROUND = 'r'\n"
    )
    path = tmp_path / "train.py"
    path.touch()
    return path


@pytest.mark.parametrize(
    "text, enum",
    [
        ("from colors import Color\nx = Color.RED", "Color"),
        ("from colors import Color as C\nx = C.RED", "C"),
        ("import colors\nx = colors.Color.RED", "colors.Color"),
        ("import colors as c\nx: c.Color", "c.Color"),
        ("import package.shapes\nx = package.shapes.Shape.ROUND", "package.shapes.Shape"),
        ("from package import shapes\nx = shapes.Shape.ROUND", "shapes.Shape"),
        ("from more import Color\nx = Color.RED", "Color"),
        ("try:\n    from colors import Color\nexcept ImportError: pass\nx = Color.RED", "Color"),
        ("from more import Other\nx = Other.A", None),
        ("from nowhere import Color\nx = Color.RED", None),
        ("from .colors import Color\nx = Color.RED", None),
        ("from train import Color\nx = Color.RED", None),
    ],
)
def test_enums_are_found_in_modules_beside_the_script(
    text: str, enum: str | None, beside: Path
) -> None:
    """An Enum imported from beside the script is found in that file's syntax, if it can be read."""
    beside.write_text(text)
    (found,) = [p for p in parameters(beside.read_bytes(), str(beside)) if p.name == "x"]
    assert found.enum == enum


PLACES = {
    "x = 1\nx = 2": {"x": 1},
    "a = b = 1": {"a": 1, "b": 1},
    "a, (b, c) = 1, (2, 3)": {"a": 1, "b": 2, "c": 3},
    "[a, b] = [1, 2]": {"a": 1, "b": 2},
    "a, b = f()": {"a": None, "b": None},
    "a, *b = 1, 2": {"a": None, "b": None},
    "a, b = *c, 1": {"a": None, "b": None},
    "a.b = 1\na[0] = 1": {},
    "_x = 1\n__all__ = []": {},
    "x += 1": {},
    "(x := 1)": {},
    "if c:\n    x = 1\nelif d:\n    y = 2\nelse:\n    x = 3": {"x": 1, "y": 2},
    "if __name__ == '__main__':\n    x = 1\n    if c: y = 2": {"x": 1, "y": 2},
    "try:\n    x = 1\nexcept E:\n    y = 2\nelse:\n    z = 3\nfinally:\n    w = 4": {
        "x": 1,
        "z": 3,
        "w": 4,
    },
    "for i in a:\n    x = 1\nwhile c:\n    x = 2\nwith f:\n    x = 3": {},
    "def f():\n    x = 1\nclass C:\n    y = 1": {},
}


@pytest.mark.parametrize("text", PLACES)
def test_parameters_are_bound_at_the_top_level(text: str) -> None:
    """The first default of each name counts, at the top level and in `if` and `try` there."""
    assert {name: parameter.default for name, parameter in read(text).items()} == PLACES[text]


HELP = {
    "x = 1  # on the line": "on the line",
    "x = 1  #: on the line": "on the line",
    "# above\nx = 1": "above",
    "# above,\n# in two lines\nx = 1": "above, in two lines",
    "# above\nx = 1  # on the line": "on the line",
    "# apart\n\nx = 1": None,
    "y = 2  # of another\nx = 1": None,
    "if c:\n    # within\n    x = 1": "within",
    "if c:\n# at the margin\n    x = 1": None,
    "x = 1; y = 2  # of both": "of both",
    "y = '''\n# no comment\n'''; x = 1": None,
    "y = '''\n# no comment'''\nx = 1": None,
    "def f():\n    '''\n# no comment'''\nx = 1": None,
    "if '''\n# no comment''':\n    x = 1": None,
    "x = '# no comment'": None,
    "x = '#'  # a comment": "a comment",
    "x = 'é'  # ü": "ü",
    "x = [  # of the first line\n    1,\n]": "of the first line",
    "x = ['#',  # of the first line\n    1,\n]": "of the first line",
    "x = '''#\n'''": None,
    "x = [\n    1,  # of an item\n]  # of the last line": "of the last line",
    "x = (\n    '# no comment'\n)": None,
    "x = 1  # type: ignore[attr]": None,
    "x = 1  # speed  # noqa: E501": "speed",
    "x = 1  # see issue #12": "see issue #12",
    "# -----\n# above\n# -----\nx = 1": "above",
    "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1": None,
    "# %% a cell\nx = 1": None,
    "# %% a cell\n# above\nx = 1": "above",
    "# gone\n@f\ndef g(): pass\nx = 1": None,
}


@pytest.mark.parametrize("text", HELP)
def test_a_comment_is_the_help(text: str) -> None:
    """The comment on the line, else the block right above, is the help; strings aren't comments."""
    assert read(text)["x"].help == HELP[text]


REGIONS = {
    "a = 1\n# %% parameters\nx = 1\n# %%\nb = 2": ["x"],
    "a = 1\n#%% [markdown] Parameters of the run\nx = 1": ["x"],
    "# %% KOGINE:config\nx = 1\n# %% rest\nb = 1": ["x"],
    '# %% tags=["parameters"]\nx = 1\n# %% rest\nb = 1': ["x"],
    "# %% parameters\nx = 1\n# %%\nb = 2\n# %% parameters\ny = 1": ["x", "y"],
    "x = 1\n# %% parameters\nx = 2": ["x"],
    "# %% parametersets\nx = 1\n# %%\ny = 1": ["x", "y"],
    "x = '''\n# %% parameters\n'''\n# %%\ny = 1": ["x", "y"],
    "# %% parameters\nx = '''\n# %%\n'''\ny = 1": ["x", "y"],
    "def f():\n    '''\n# %% parameters\n    '''\n\nx = 1": ["x"],
    "# %% parameters\ndef f():\n    '''\n# %%\n    '''\n\nx = 1": ["x"],
}


@pytest.mark.parametrize("text", REGIONS)
def test_a_region_narrows_the_parameters(text: str) -> None:
    """Between `# %% parameters` and the next `# %%` are all the parameters there are."""
    assert list(read(text)) == REGIONS[text]


def test_all_of_a_script_can_be_asked_for() -> None:
    """What stands outside of a region is known too, when it is asked for."""
    assert list(read("a = 1\n# %% parameters\nx = 1\n", whole=True)) == ["a", "x"]


def test_a_parameter_tells_all_as_a_dict() -> None:
    """`to_dict` holds each attribute by its name."""
    assert read("x = 1  # one")["x"].to_dict() == {
        **{"name": "x", "default": 1, "literal": True, "expression": "1", "annotation": None},
        **{"type": "int", "choices": None, "enum": None, "members": None, "line": 1},
        **{"place": "line 1", "help": "one", "computed": False},
    }


@pytest.mark.parametrize("source", [b"x = = 1", "x = 1\ndef f(:\n    pass\n", b"x = '\xe9'", b"\0"])
def test_a_broken_top_level_is_an_error(source: bytes | str) -> None:
    """A script whose top level isn't Python is refused, with the file and the line."""
    with pytest.raises(ScriptSyntaxError, match=r"train\.py.* line \d"):
        parameters(source, "train.py")


def test_nothing_warns() -> None:
    """What the parser warns of is left for those who run the script."""
    assert parameters("x = '\\d'\ny = 1\n")[0].default == "\\d"


# The bodies of functions aren't parsed. That must never change what is found.

# Behind these, what is kept parses even if a string that is open is taken for closed.
TAIL = "x = 1\n'''\ny = '''\n'''\n# '''\n"

TRICKY = {
    "triple quotes behind a backslash": "def f():\n    a = \"b \\\n ''' c\"\n    d = '''\n" + TAIL,
    "triple quotes within a string": "def f():\n    a = \"'''\"\n    d = '''\n" + TAIL,
    "triple quotes within a comment": "def f():\n    # '''\n    d = '''\n" + TAIL,
    "two strings on a line": "def f():\n    a = '''b''' '''\n" + TAIL,
    "an escaped end": "def f():\n    a = '''b\\'''\n" + TAIL,
    "strings within strings": "def f():\n    a = f'''{\n    '''\nx = 1\n'''\n    }'''\ny = 2\n",
    "text at the margin in a docstring": 'def f():\n    """\nx = 1\n    """\ny = 2\n',
    "a string that only looks closed": 'def f():\n    "" """\nx = 1\n"""\ny = 2\n',
    "a quote in a comment": "def f():\n    a = 1  # don't '''\n    b = 2\nx = 3\n'''\n'''\n",
    "an escaped quote": 'def f():\n    """a\\"""\nx = 1\n"""\ny = 2\n',
    "a string joined by backslashes": "def f():\n    a = \"b \\\n''' c \\\n\"\nx = 1\n",
    "a statement joined by a backslash": "def f():\n    a = \\\nb = 1\nx = 2\n",
    "a bracket closed at the margin": "def f():\n    return dict(\na = 1\n)\nx = 2\n",
    "a bracket around a whole line": "def f():\n    return [\n1\n]\nx = 2\n",
    "a header over several lines": (
        "def f(\n    a,\n    b={1:\n    2},\n) -> int:\n    x = 1\ny = 2\n"
    ),
    "a lambda at the end of a line": "def f(a=lambda:\n    0, b=1):\n    x = 1\ny = 2\n",
    "a colon in a comment of the header": "def f(a,  # of:\n    b=1):\n    x = 1\ny = 2\n",
    "a body on the header's line": "def f(): return (  # note:\n    1)\nx = 1\n",
    "one line each": "def f(): pass\nclass C: x = 1\nx = 2\n",
    "a comment at the margin": "def f():\n    a = 1\n# comment\n    b = 2\n# of x\nx = 1\n",
    "no newline at the end": "x = 1\ndef f():\n    x = 2",
    "an async function": "async def f():\n    x = 1\ny = 2\n",
    "tabs and blank lines": "def f():\n\n\tx = 1\n\n\n\ty = 2\n\nz = 1\n",
    "a form feed": "def f():\n    x = 1\n\x0c\nclass C:\n    x = 1\n\x0cy = 2\n",
    "a module's docstring with code": '"""\ndef f():\n    pass\n    """ + """\n"""\nx = 1\n',
    "code within a string within an if": (
        'if a:\n    b = """\ndef f():\n    """\n    x = 1\n    c = """\n"""\ny = 2\n'
    ),
    "a class of an Enum": (
        'from enum import Enum\nclass C(Enum):\n    """Doc."""\n    A = 1\n\n    B = 2\nx = C.A\n'
    ),
}


def in_full(text: str, patch: pytest.MonkeyPatch) -> list[Parameter]:
    """The parameters, when all of the text is parsed."""
    with patch.context() as context:
        context.setattr(outline, "blanked", lambda text: text)
        return parameters(text)


@pytest.mark.parametrize("text", TRICKY.values(), ids=TRICKY)
def test_skipping_bodies_changes_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a body seems to end, what is found is what the whole text says."""
    try:
        expected = in_full(text, monkeypatch)
    except ScriptSyntaxError:
        assert sys.version_info < (3, 12), text  # which allows strings within strings
        return
    assert parameters(text) == expected


PIECES = [
    *("x = 1\n", "y = 'a'  # b\n", "    z = 1\n", "\n", "# c\n", "    # d\n", "    pass\n", "\\\n"),
    *(
        "def f():\n",
        "class C(\n",
        "    a,\n",
        "):\n",
        "if a:\n",
        "    return [\n",
        "]\n",
        "    ]\n",
    ),
    *(
        "'''\n",
        "    '''\n",
        "    '''doc'''\n",
        '"""',
        '    """\n',
        "    b = '''\n",
        "    c = f'''{\n",
    ),
    *(
        "    }'''\n",
        "    'e \\\n",
        "f'\n",
        "    ' '''\n",
        "async def g(h=':#',\n",
        "  i=1): # j:\n",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_skipping_bodies_changes_nothing_whatever_the_text(pieces: list[str]) -> None:
    """Also of a text put together at random, if it is Python, the same is found."""
    text = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        try:
            expected = in_full(text, patch)
        except ScriptSyntaxError:
            return
    assert parameters(text) == expected


STDLIB = sorted(Path(textwrap.__file__).parent.glob("[a-m]*.py"))


def test_skipping_bodies_changes_nothing_in_real_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is found in modules of the standard library, and most of their text is skipped."""
    skipped = total = 0
    for path in STDLIB:
        text = path.read_text(encoding="utf-8")
        assert parameters(text) == in_full(text, monkeypatch), path
        skipped += len(text) - len(outline.blanked(text))
        total += len(text)
    assert skipped > total / 2
