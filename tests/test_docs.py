"""Every snippet of the README and of `docs/` does what the page says.

How a fenced block of a page is read, from top to bottom, in a folder that is a copy of `examples/`:

- ```python title="train.py"  is written to that file, and so is any other language with a title;
- ```python                   is run, all of a page in one namespace; with `>>>` as a doctest;
- ```console                  each line `$ command` is run by the shell (`kogine` and `python` are
                              the ones under test); the lines after it are its output, in which
                              `...` stands for anything. A command has to succeed, unless its output
                              says `error:` or holds a traceback;
- ```ipython                  is a cell, all of a page in one IPython shell, which mustn't fail;
- any other language          is left alone.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from IPython.core.interactiveshell import InteractiveShell

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)")


class Block(NamedTuple):
    """A fenced block: its language, the file it is written to, its text and its first line."""

    language: str
    title: str | None
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', found[2])
        line = text.count("\n", 0, found.start(3)) + 1
        yield Block(found[1], title[1] if title else None, found[3], line)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and the output it should have."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.mark.process
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_what_a_page_shows_is_what_happens(
    page: Path,
    examples: Path,
    shell: Callable,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """The files, the Python and the commands of a page work in the order in which they stand."""
    monkeypatch.chdir(examples)
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.title:
            (examples / block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            run_python(page, block, names)
        elif block.language == "console":
            run_console(page, block, examples, shell)
        elif block.language == "ipython":
            run_cell(page, block, request.getfixturevalue("ipython"))


@pytest.fixture
def ipython() -> Iterator[InteractiveShell]:
    """An IPython shell that keeps no history."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    try:
        yield InteractiveShell.instance(config=config)
    finally:
        InteractiveShell.clear_instance()


def run_cell(page: Path, block: Block, shell: InteractiveShell) -> None:
    result = shell.run_cell(block.text)
    if not result.success:
        pytest.fail(f"{page.name}, line {block.line}:\n{block.text}", pytrace=False)


def run_python(page: Path, block: Block, names: dict[str, object]) -> None:
    if ">>>" not in block.text:
        source = "\n" * (block.line - 1) + block.text  # so that a traceback names the page's line
        exec(compile(source, str(page), "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(
        block.text, {}, f"{page.name}:{block.line}", str(page), block.line - 1
    )
    test.globs = names
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    assert not runner.summarize(verbose=False).failed, "".join(said)


def run_console(page: Path, block: Block, folder: Path, shell: Callable) -> None:
    for command, expected in commands(block.text):
        done = shell(command, folder)
        where = f"{page.name}, line {block.line}: $ {command}\n{done.stdout}"
        may_fail = "error:" in expected or "Traceback" in expected
        if done.returncode and not may_fail:
            pytest.fail(f"{where}exit status {done.returncode}", pytrace=False)
        if not doctest.OutputChecker().check_output(expected, done.stdout, doctest.ELLIPSIS):
            pytest.fail(f"{where}\nthe page says:\n{expected}", pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link of a page names a file that is there."""
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_commands_are_told_from_their_output() -> None:
    """A console block may hold several commands, each with the lines it prints."""
    assert list(commands("$ a\n1\n2\n$ b --c\n")) == [("a", "1\n2\n"), ("b --c", "")]
