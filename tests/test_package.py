"""The package as a whole: its version, its public names, its import costs and its import direction."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kohakuengine

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "kohakuengine"

# The rooms of the house, lowest first; those in one set don't know each other.
ROOMS = [
    {"errors", "markup"},
    {"ansi"},
    {"config"},
    {"engine"},
    {"runs"},
    {"launch"},
    {"flow"},
    {"main"},
    {"cli"},
    {"jupyter", "web"},  # a magic's grammar is the command's
    {"__main__"},
]
HEIGHT = {name: height for height, names in enumerate(ROOMS) for name in names}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """The room a file of the package belongs to, e.g. "config"."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def imported(path: Path, tree: ast.AST | None = None) -> Iterator[tuple[int, str]]:
    """The line and the absolute name of everything of ours that a file imports, at any depth."""
    package = ["kohakuengine", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree or ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            names = [".".join([*base, alias.name]) for alias in node.names]
        for name in names:
            if name.split(".")[0] == "kohakuengine":
                yield node.lineno, name


class TopLevel(ast.NodeTransformer):
    """Leaves of a module what runs when it is imported: no functions, nothing for checkers only."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        return None

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        return None

    def visit_If(self, node: ast.If) -> ast.AST | None:
        checkers_only = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if checkers_only else self.generic_visit(node)


def test_the_version_is_one_literal() -> None:
    """The installed package says the version that its source says, and no other file says one."""
    assert importlib.metadata.version("kohakuengine") == kohakuengine.__version__
    texts = [p.read_text() for p in [*MODULES, ROOT / "pyproject.toml"]]
    assert sum(text.count(f'"{kohakuengine.__version__}"') for text in texts) == 1


@pytest.mark.parametrize("name", sorted(kohakuengine.__all__))
def test_every_public_name_is_there(name: str) -> None:
    """Each name in `__all__` can be imported, and a name that isn't there is an AttributeError."""
    assert getattr(kohakuengine, name) is not None
    assert name in dir(kohakuengine)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name of the package fails as it does for any module."""
    with pytest.raises(AttributeError, match="no attribute 'Confg'"):
        kohakuengine.Confg  # noqa: B018


@pytest.mark.process
def test_importing_the_package_imports_nothing_heavy() -> None:
    """`import kohakuengine` adds no module but its own to a bare interpreter."""
    code = (
        "import sys; before = set(sys.modules); import kohakuengine;"
        "print(*sorted(set(sys.modules) - before))"
    )
    # -S leaves out site, whose .pth files may import anything; -E leaves out what PYTHON* asks for.
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert set(done.stdout.split()) == {"__future__", "kohakuengine"}, done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    """A room imports only rooms below it, and nobody imports the package root."""
    if room(path) == "":
        pytest.skip("the root names everything, each on first use")
    wrong = []
    for line, name in imported(path):
        target = name.split(".")[1] if "." in name else ""
        if target not in HEIGHT or not may_import(room(path), target):
            wrong.append(f"line {line} imports {name}")
    assert not wrong, f"{path.relative_to(ROOT)}: {'; '.join(wrong)}"


def may_import(source: str, target: str) -> bool:
    return source == target or HEIGHT[target] < HEIGHT[source]


def test_every_module_has_a_room() -> None:
    """A new file belongs to a room that the design names."""
    assert {room(path) for path in MODULES} - {""} <= set(HEIGHT)


def test_no_circle_inside_a_room() -> None:
    """What a module imports while it is imported itself leads back to it nowhere."""
    graph = {
        module_name(p): [n for _, n in imported(p, TopLevel().visit(ast.parse(p.read_bytes())))]
        for p in MODULES
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a circle: {' -> '.join([*way, name])}"
        for target in graph[name] if name not in done else []:
            # `from .base import Config` names the module base, then Config in it.
            home = target if target in graph else target.rpartition(".")[0]
            if home in graph and home != name:
                visit(home, (*way, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def module_name(path: Path) -> str:
    parts = ["kohakuengine", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_the_path_of_this_machine_is_nowhere() -> None:
    """No file of the project names the folder it was written in, or its author's home."""
    places = {str(ROOT), sys.prefix, os.path.expanduser("~")} - {"/", "/usr", "/usr/local"}
    pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(place)}/" for place in sorted(places)))
    named = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in project_files()
        if (found := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not named


def project_files() -> list[Path]:
    """The files that git tracks or would; all but hidden folders where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        found = ROOT.rglob("*")
        return [p for p in found if p.is_file() and not hidden(p.relative_to(ROOT))]
    return [p for name in listed.decode().split("\0") if name and (p := ROOT / name).is_file()]


def hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


@pytest.mark.process
def test_the_benchmarks_run(tmp_path: Path) -> None:
    """The benchmarks print a table with targets, and keep every single time where asked to."""
    times = tmp_path / "times.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--repeat", "1", "--json", str(times)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "kogine --version" in done.stdout and "<= 5x" in done.stdout, done.stdout + done.stderr
    figures = json.loads(times.read_text())["figures"]
    assert all(len(figure["seconds"]) == 1 for figure in figures)
