"""kogine config new"""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine.config.loader import load_config


def test_it_is_printed(kogine, folder: Path) -> None:
    """To stdout, where no file is named; what is printed can be loaded."""
    reply = kogine("config", "new", "train.py")
    assert (reply.outcome, reply.err) == (0, "")
    (folder / "c.py").write_text(reply.out)
    assert kogine("config", "show", "c.py").out.split()[:3] == ["lr", "float", "0.1"]
    assert kogine("config", "check", "train.py", "--config", "c.py").outcome == 0


def test_it_is_written(kogine, folder: Path) -> None:
    """The file says how it is used; nothing is on stdout."""
    (folder / "my configs").mkdir()
    reply = kogine("config", "new", "train.py", "-o", "my configs/c.py")
    assert (reply.outcome, reply.out) == (0, "") and "my configs/c.py is written" in reply.err
    text = (folder / "my configs" / "c.py").read_text()
    assert "#   kogine run train.py --config 'my configs/c.py'\n" in text
    assert "model" not in text
    kogine("config", "new", "train.py", "--all", "-o", "all.py")
    assert "# model = make_model()\n" in (folder / "all.py").read_text()


def test_what_is_there_is_kept(kogine, folder: Path) -> None:
    """Unless it is said that it may be replaced."""
    (folder / "c.py").write_text("mine = 1\n")
    reply = kogine("config", "new", "train.py", "-o", "c.py")
    assert reply.outcome == 2 and "c.py is there already: --force replaces it." in reply.err
    assert (folder / "c.py").read_text() == "mine = 1\n"
    assert kogine("config", "new", "train.py", "-o", "c.py", "--force").outcome == 0
    assert load_config("c.py").globals_dict["lr"] == 0.1


@pytest.mark.parametrize("name", ["c.yaml", "c.yml", "c.toml", "c.json", "C.JSON"])
def test_other_formats(kogine, folder: Path, name: str) -> None:
    """By the name of the file, or by `--format`; JSON has no comments, which is told."""
    reply = kogine("config", "new", "train.py", "-o", name)
    assert (reply.outcome, reply.out) == (0, "")
    assert ("kogine params train.py" in reply.err) == name.lower().endswith("json")
    assert kogine("config", "check", "train.py", "--config", name).outcome == 0
    format = "yaml" if name == "c.yml" else name[2:].lower()
    printed = kogine("config", "new", "train.py", "--format", format).out
    assert printed == (folder / name).read_text().replace(name, "FILE")


WRONG = {
    "another format": (
        ["train.py", "-o", "c.ini"],
        "c.ini: a config file's name must end in .py, .yaml, .yml, .toml or .json.",
    ),
    "two formats": (["train.py", "-o", "c.yml", "--format", "json"], "another format than json"),
    "no format": (["train.py", "--format", "tml"], "did you mean toml?"),
    "a directory": (["train.py", "-o", "d.py"], "d.py is a directory"),
    "no such folder": (["train.py", "-o", "no/c.py"], "no/c.py can't be written: No such file"),
    "no such script": (["nosuch.py"], "there is no file nosuch.py"),
    "no Python": (["broken.py"], "broken.py line 1"),
}


@pytest.mark.parametrize("words, message", WRONG.values(), ids=WRONG)
def test_what_can_not_be_written(kogine, write, words: list[str], message: str) -> None:
    """One sentence says why."""
    write("broken.py", "x = = 1").parent.joinpath("d.py").mkdir()
    reply = kogine("config", "new", *words)
    assert (reply.outcome, reply.out) == (2, "")
    assert message in reply.err and "Traceback" not in reply.err
