"""Public scripts that nobody here wrote, and how each is run: the table of test_public_scripts.py.

The scripts are read where pip put them; nothing of them is in this repository. What a row asks of
a script is that two plain runs of it give the same bytes, in at most a second or two.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class PublicScript:
    """One script, its input, and what running it shows.

    Args:
        id: the name of the row in pytest's output.
        distribution: what to install for it, as PyPI calls it.
        target: the file, relative to site-packages, or the dotted name of a module.
        shows: what this row has that others have not.
        args: the script's own command line.
        stdin: what it reads from standard input.
        files: name -> text, put into the working directory before each run.
    """

    id: str
    distribution: str
    target: str
    shows: str
    args: tuple[str, ...] = ()
    stdin: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def is_module(self) -> bool:
        """Whether `python -m` runs it."""
        return not self.target.endswith(".py")


@dataclass(frozen=True)
class OverriddenScript:
    """A script with a parameter at its top level, and the value it is to have.

    Args:
        script: how the script is run.
        name: the parameter.
        text: the value, as after `--set NAME=` and as written into the edited copy.
        source: the value as Python source, where the text is not.
    """

    script: PublicScript
    name: str
    text: str
    source: str | None = None


UNTIDY = """\
import os, sys
import json
from collections import *

def area(w,h) :
  unused = 1
  if w==None: return 0
  return w*h


class  Shape( object ):
    def describe(self, name, colour=None, border=None, filled=False, rounded=False, label="none"):
        if colour and border or filled and not rounded:
            return undefined_name
        for i in range(3):
            while i: i -= 1
        return '%s %s' % (name,colour)
print(area(2,3) )
"""

TIDY = "def double(x):\n    return 2 * x\n\n\nprint(double(21))\n"

MARKDOWN = """\
# Heading

A *paragraph* with `code`, a [link](https://example.org) and **bold** text.

- one
- two
    - nested

> quoted

```python
print("hello")
```
"""

RST = """\
=====
Title
=====

A paragraph with *emphasis*, ``literals`` and a footnote [1]_.

.. note:: Something to note.

===== =====
x     y
===== =====
1     2
===== =====

.. math:: e^{i\\pi} + 1 = 0

.. unknown-directive:: what is this

.. [1] The footnote.
"""

JSON = (
    '{"name": "digits", "sizes": [1, 2.5, null, true], "nested": {"\\u00e9": "\\ud83d\\ude00"}}\n'
)

# Texts of more than one character: those of one are shared within an interpreter, which shows in
# the marshalled bytes that xmltodict writes.
XML = """\
<library>
  <book id="first"><title>One</title></book>
  <book id="second"><title>Two</title></book>
</library>
"""

TABLE = "name,lr,loss\nsmall,0.1,0.53219\nlarge,0.003,0.1\n"

SQL = """\
select a.id, b.name from runs a left join flows b on a.flow = b.id where a.loss < 0.5 order by 1
"""

STACKS = (
    "main;load;read 12\nmain;train;step;forward 80\nmain;train;step;backward 120\nmain;save 3\n"
)

SCHEMA = """\
{"type": "object", "required": ["lr"],
 "properties": {"lr": {"type": "number", "minimum": 0}, "tags": {"items": {"type": "string"}}}}
"""

# One word for each length: the script shuffles words of the same length.
GRID = "####\n#\n###\n#\n#\n"

WORDS = "tree\ntrace\nart\n"

FAILING_TEST = """\
import os


def test_passes():
    assert os.path.basename("a/b") == "b"


def test_fails():
    assert sorted([3, 1, 2]) == [1, 2, 4]
"""


def _example(name: str, shows: str, *args: str, **more: Any) -> PublicScript:
    path = f"examples/{name}/{name}.py"
    return PublicScript(f"constraint-{name}", "python-constraint", path, shows, args, **more)


def _riddle(name: str, shows: str) -> PublicScript:
    path = f"examples/wordmath/{name}.py"
    return PublicScript(f"constraint-{name}", "python-constraint", path, shows)


def _planet(name: str, shows: str) -> PublicScript:
    return PublicScript(f"pymeeus-{name.lower()}", "PyMeeus", f"pymeeus/{name}.py", shows)


def _rich(name: str, shows: str, *args: str, **more: Any) -> PublicScript:
    return PublicScript(f"rich-{name.strip('_')}", "rich", f"rich.{name}", shows, args, **more)


FLAT = [
    PublicScript(
        "ipython-simplevars",
        "ipython",
        "IPython/testing/plugin/simplevars.py",
        "two lines, no function, no main block",
    ),
    PublicScript(
        "jedi-replstartup",
        "jedi",
        "jedi/api/replstartup.py",
        "a start-up file that installs a completer",
    ),
    PublicScript(
        "scipy-cosine-cdf",
        "scipy",
        "scipy/special/_precompute/cosine_cdf.py",
        "a flat numerical script that rebinds names it has read",
    ),
    PublicScript(
        "numpy-pyinstaller-smoke",
        "numpy",
        "numpy/_pyinstaller/tests/pyinstaller-smoke.py",
        "a file name that is no identifier",
    ),
    PublicScript(
        "sklearn-version",
        "scikit-learn",
        "sklearn/_build_utils/version.py",
        "finds its data by __file__",
    ),
]

FILES = [
    _example("abc", "a script called like a module of the standard library"),
    _example("sudoku", "the main block calls main()"),
    _example("studentdesks", "a parameter at top level, used in functions"),
    _example("queens", "sys.argv read in the main block", "-s"),
    _example("rooks", "sys.exit('Usage ...') from the main block", "--wrong"),
    _example(
        "crosswords",
        "files of the working directory opened in the main block",
        "grid.txt",
        "words.txt",
        files={"grid.txt": GRID, "words.txt": WORDS},
    ),
    _riddle("sendmoremoney", "the main block calls main()"),
    _riddle("seisseisdoze", "output, then an uncaught TypeError"),
    _planet("Mercury", "385 kB of tables at top level"),
    _planet("JupiterMoons", "imports of its own folder by package name"),
    _planet("Epoch", "class methods as script"),
    _planet("Angle", "operator overloading demo"),
    _planet("base", "a tolerance at top level"),
    PublicScript(
        "texttable", "texttable", "texttable.py", "inline code in the main block, no function"
    ),
    PublicScript(
        "tabulate-stdin",
        "tabulate",
        "tabulate/__init__.py",
        "an __init__.py as script; getopt; stdin",
        ("-1", "-s", ",", "-f", "github"),
        stdin=TABLE,
    ),
    PublicScript(
        "tabulate-bad-format",
        "tabulate",
        "tabulate/__init__.py",
        "exit status 3",
        ("-f", "nonsense"),
    ),
    PublicScript(
        "xmltodict",
        "xmltodict",
        "xmltodict.py",
        "bytes to sys.stdout.buffer from the main block",
        ("2",),
        stdin=XML,
    ),
    PublicScript(
        "xmltodict-no-args",
        "xmltodict",
        "xmltodict.py",
        "an uncaught ValueError in the main block itself",
    ),
    PublicScript(
        "gprof2dot",
        "gprof2dot",
        "gprof2dot.py",
        "argparse or optparse; input from a file, output to one",
        ("-f", "collapse", "-o", "graph.dot", "stacks.txt"),
        files={"stacks.txt": STACKS},
    ),
    PublicScript(
        "mccabe",
        "mccabe",
        "mccabe.py",
        "main(sys.argv[1:]); reads another script",
        ("--min", "2", "untidy.py"),
        files={"untidy.py": UNTIDY},
    ),
    PublicScript(
        "pycodestyle",
        "pycodestyle",
        "pycodestyle.py",
        "optparse; inspects its own functions; exit status 1",
        ("--statistics", "--show-source", "untidy.py"),
        files={"untidy.py": UNTIDY},
    ),
    PublicScript(
        "autopep8-pool",
        "autopep8",
        "autopep8.py",
        "a multiprocessing pool that calls functions of the script; files changed in place",
        ("--in-place", "-a", "-j", "2", "one.py", "two.py", "three.py"),
        files={"one.py": UNTIDY, "two.py": TIDY, "three.py": "x=1\n"},
    ),
    PublicScript(
        "autopep8-diff",
        "autopep8",
        "autopep8.py",
        "sys.exit(main()) with status 2",
        ("--diff", "--exit-code", "untidy.py"),
        files={"untidy.py": UNTIDY},
    ),
    PublicScript(
        "autopep8-usage",
        "autopep8",
        "autopep8.py",
        "a usage error with a status of its own",
        ("--no-such-option",),
    ),
    PublicScript(
        "sqlparse",
        "sqlparse",
        "sqlparse/__main__.py",
        "a __main__.py run as a file; argparse; stdin",
        ("--reindent", "-k", "upper", "-"),
        stdin=SQL,
    ),
    PublicScript(
        "termcolor",
        "termcolor",
        "termcolor/__main__.py",
        "a hundred calls in the main block",
    ),
    PublicScript(
        "fire-components",
        "fire",
        "fire/test_components_bin.py",
        "a command line made by inspecting the script's module",
        ("WithDefaults", "triple", "--count", "7"),
    ),
    PublicScript(
        "fire-unknown-command",
        "fire",
        "fire/test_components_bin.py",
        "an error by inspection, exit status 2",
        ("NoSuchThing",),
    ),
    PublicScript(
        "docutils-html",
        "docutils",
        "docutils/__main__.py",
        "sets the locale; writes a file; a diagnostic on stderr",
        ("--no-generator", "page.rst", "page.html"),
        files={"page.rst": RST},
    ),
    PublicScript(
        "docutils-smartquotes",
        "docutils",
        "docutils/utils/smartquotes.py",
        "argparse and locale in the main block",
        stdin='"It\'s \'quoted\'" -- she said... <b>"twice"</b>\n',
    ),
    PublicScript("roman", "roman", "roman/__init__.py", "sys.exit(main())", ("3999",)),
    PublicScript(
        "roman-out-of-range",
        "roman",
        "roman/__init__.py",
        "a traceback with an exception class of the script's own",
        ("9" * 9,),
    ),
    PublicScript("pytz-tzfile", "pytz", "pytz/tzfile.py", "data files beside the script"),
    PublicScript(
        "pytz-doctest",
        "pytz",
        "pytz/__init__.py",
        "doctest, verbose by sys.argv",
        ("-v",),
    ),
    PublicScript(
        "pexpect-fsm",
        "pexpect",
        "pexpect/FSM.py",
        "input() with a prompt",
        stdin="167 3 2 2 * * * 1 - =\n",
    ),
    PublicScript(
        "parso-tokenize",
        "parso",
        "parso/python/tokenize.py",
        "named tuples of the script's module printed",
        ("untidy.py",),
        files={"untidy.py": UNTIDY},
    ),
    PublicScript(
        "platformdirs",
        "platformdirs",
        "platformdirs/__main__.py",
        "directories by environment",
    ),
    PublicScript(
        "threadpoolctl",
        "threadpoolctl",
        "threadpoolctl.py",
        "imports what its command line names; looks at loaded libraries",
        ("-i", "numpy", "no_such_module"),
    ),
    PublicScript(
        "scipy-wrightomega",
        "scipy",
        "scipy/special/_precompute/wrightomega.py",
        "numpy and mpmath together",
    ),
    PublicScript(
        "numpy-user-array",
        "numpy",
        "numpy/lib/_user_array_impl.py",
        "a class defined and used by the script; a traceback through numpy",
    ),
    PublicScript(
        "numpy-f2py-diagnose",
        "numpy",
        "numpy/f2py/diagnose.py",
        "prints sys.path, and warnings with their place",
    ),
    PublicScript(
        "joblib-pickles",
        "joblib",
        "joblib/test/data/create_numpy_pickle.py",
        "writes arrays into the working directory",
    ),
    PublicScript(
        "rich-table-as-file",
        "rich",
        "rich/table.py",
        "relative imports in a script; a folder that hides json, logging and traceback",
    ),
    PublicScript(
        "tornado-shadowed-asyncio",
        "tornado",
        "tornado/httpclient.py",
        "a folder that hides a module of the standard library",
    ),
    PublicScript(
        "tornado-unittest",
        "tornado",
        "tornado/test/locks_test.py",
        "unittest.main() loads the tests of __main__; it prints its time, so none is selected",
        ("-k", "no_such_test"),
    ),
    PublicScript(
        "jupyter-paths", "jupyter_core", "jupyter.py", "a command run as file", ("--paths",)
    ),
]

MODULES = [
    _rich("pretty", "classes defined in the main block"),
    _rich("repr", "inspects signatures of classes of __main__"),
    _rich("scope", "inspects a frame's locals"),
    _rich("_ratio", "a dataclass defined in the main block"),
    _rich("traceback", "installs its own sys.excepthook, then fails"),
    _rich("columns", "lists the working directory", files={"a.txt": "", "b.txt": "", "c.txt": ""}),
    _rich("json", "argparse; a file", "data.json", files={"data.json": JSON}),
    _rich("syntax", "argparse; a file", "-l", "untidy.py", files={"untidy.py": UNTIDY}),
    _rich("markdown", "argparse; stdin", "-", stdin=MARKDOWN),
    _rich("prompt", "questions answered from stdin, which then ends", stdin="y\n3\nsecret\npear\n"),
    _rich("ansi", "a pseudo-terminal for a child process", "echo", "hello"),
    PublicScript(
        "parso-already-imported",
        "parso",
        "parso.python.tokenize",
        "Python's warning about a module that its package has imported before",
        ("tidy.py",),
        files={"tidy.py": TIDY},
    ),
    PublicScript(
        "mypy-searchdirs",
        "mypy",
        "mypy.pyinfo",
        "prints sys.path less its first place",
        ("getsearchdirs",),
    ),
    PublicScript(
        "pyflakes",
        "pyflakes",
        "pyflakes",
        "the __main__ of a package; exit status 1",
        ("untidy.py",),
        files={"untidy.py": UNTIDY},
    ),
    PublicScript("markdown", "Markdown", "markdown", "optparse; stdin", stdin=MARKDOWN),
    PublicScript(
        "markdown-it",
        "markdown-it-py",
        "markdown_it.cli.parse",
        "exit_code = main(); sys.exit(exit_code)",
        ("page.md",),
        files={"page.md": MARKDOWN},
    ),
    PublicScript(
        "pygments",
        "Pygments",
        "pygments",
        "a plug-in found by name; output of markup",
        ("-l", "python", "-f", "html", "-O", "full,linenos", "untidy.py"),
        files={"untidy.py": UNTIDY},
    ),
    PublicScript(
        "pyfiglet", "pyfiglet", "pyfiglet", "package data; optparse", ("-f", "slant", "sweep")
    ),
    PublicScript(
        "fire-module",
        "fire",
        "fire",
        "imports a file of the working directory by name",
        ("tidy", "double", "21"),
        files={"tidy.py": TIDY},
    ),
    PublicScript(
        "fastjsonschema", "fastjsonschema", "fastjsonschema", "code from stdin", stdin=SCHEMA
    ),
    PublicScript(
        "jsonschema",
        "jsonschema",
        "jsonschema",
        "a DeprecationWarning that names __main__; exit status 1",
        ("-i", "wrong.json", "schema.json"),
        files={"schema.json": SCHEMA, "wrong.json": '{"lr": -1}'},
    ),
    PublicScript(
        "constraint-doctest",
        "python-constraint",
        "constraint.__init__",
        "doctest of __main__ itself",
        ("-v",),
    ),
    PublicScript(
        "black-workers",
        "black",
        "black",
        "click, asyncio and a process pool",
        ("--check", "--workers", "2", "one.py", "two.py", "three.py"),
        files={"one.py": TIDY, "two.py": TIDY + "\n\nx = 1\n", "three.py": "y = 2\n"},
    ),
    PublicScript(
        "black-stdin",
        "black",
        "black",
        "click; code from stdin to stdout",
        ("--quiet", "--line-length", "40", "-"),
        stdin=UNTIDY,
    ),
    PublicScript("black-usage", "black", "black", "click's own usage error", ("--no-such-option",)),
    PublicScript(
        "pytest",
        "pytest",
        "pytest",
        "rewrites and reloads modules of the working directory; exit status 1",
        ("-qq", "-p", "no:cacheprovider", "test_sorting.py"),
        files={"test_sorting.py": FAILING_TEST},
    ),
    PublicScript(
        "tornado-httpclient",
        "tornado",
        "tornado.httpclient",
        "asyncio; a traceback through its loop",
        ("http://127.0.0.1:1/",),
    ),
    PublicScript(
        "ipython",
        "ipython",
        "IPython",
        "a shell that takes __main__ for itself",
        ("--no-banner", "--colors=NoColor", "-c", "print(__name__); 1/0"),
    ),
]

SCRIPTS = FLAT + FILES + MODULES


def _row(id: str) -> PublicScript:
    return next(script for script in SCRIPTS if script.id == id)


# Those that get a new interpreter from the warm launcher, and why.
NOT_FORKED = {
    "jedi-replstartup": "an import keeps __main__",  # Python's rlcompleter
    # What Python's own modules would find in the script's folder, in place of Python's own.
    "parso-tokenize": "token lies beside it, and an import has looked for token elsewhere",
    "tornado-shadowed-asyncio": (
        "concurrent lies beside it, and an import has looked for concurrent elsewhere"
    ),
}

OVERRIDDEN = [
    OverriddenScript(_row("ipython-simplevars"), "x", "5"),
    OverriddenScript(_row("pymeeus-base"), "TOL", "0.5"),
    OverriddenScript(_row("pycodestyle"), "MAX_LINE_LENGTH", "40"),
    OverriddenScript(_row("autopep8-pool"), "DEFAULT_INDENT_SIZE", "2"),
    OverriddenScript(_row("tabulate-stdin"), "MIN_PADDING", "6"),
    OverriddenScript(_row("constraint-crosswords"), "MINLEN", "2"),
    OverriddenScript(
        _row("constraint-studentdesks"),
        "STUDENTDESKS",
        "[[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15], [16, 17, 18, 19, 20]]",
    ),
    OverriddenScript(
        _row("roman"),
        "romanNumeralMap",
        "(('M', 1000), ('C', 100), ('X', 10), ('V', 5), ('I', 1))",
    ),
    # The default is text, so the value is.
    OverriddenScript(_row("pycodestyle"), "DEFAULT_IGNORE", "E2,W", source="'E2,W'"),
    # A default of the main block is one of the top level.
    OverriddenScript(
        replace(_row("constraint-queens"), id="constraint-queens-no-args", args=()),
        "show",
        "true",
        source="True",
    ),
]
