"""A schema takes what a text file says of a path or a member of an Enum, as the script would."""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine import Config, Parallel, load_config
from kohakuengine.config.schema import check_by_own
from kohakuengine.errors import CheckError

HEAD = """\
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Color(Enum):
    RED = 1
    BLUE = 2

"""
FIELDS = """\
    out: Path = Path("x")
    color: Color = Color.RED
    colors: list[Color] = None
    size: tuple[int, int] = (1, 1)
"""
KINDS = {
    "a dataclass": f"{HEAD}@dataclass\nclass Study:\n{FIELDS}",
    "a model": f"from pydantic import BaseModel\n{HEAD}class Study(BaseModel):\n{FIELDS}",
}
SAID = (
    "_schema: schemas.py:Study\ncolor: BLUE\ncolors: [RED]\nsize: [1, 2]\n_sweep: {out: [a, b]}\n"
)


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "a model":
        pytest.importorskip("pydantic")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    Path("schemas.py").write_text(KINDS[request.param])
    Path("bare.py").write_text(
        "out = 'x'\ncolor = colors = size = 0\nprint(out, color, colors, size)\n"
    )
    Path("said.yaml").write_text(SAID)


@pytest.mark.usefixtures("here")
def test_what_a_text_file_says_fits() -> None:
    """Also of a script that says nothing of its variables, which gets what the file says."""
    loaded = load_config("said.yaml")
    check_by_own(next(iter(loaded)))  # type: ignore[call-overload]
    runs = Parallel("bare.py", loaded, launcher="inline").run()
    assert [run.params["out"] for run in runs] == ["a", "b"]
    assert runs[0].config.globals_dict == {
        "color": "BLUE",
        "colors": ["RED"],
        "size": [1, 2],
        "out": "a",
    }


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("wrong", ["color: PINK", "out: 3", "_sweep: {color: [RED, PINK]}"])
def test_what_it_could_not_mean_is_a_fault(wrong: str) -> None:
    """A name that no member has, a number for a path; axes, too."""
    Path("said.yaml").write_text(f"_schema: schemas.py:Study\n{wrong}\n")
    with pytest.raises(CheckError, match="said.yaml line 2.*by the schema Study"):
        Parallel("bare.py", load_config("said.yaml"), launcher="inline").run()


@pytest.mark.usefixtures("here")
def test_what_is_given_in_python_is_taken_at_its_word() -> None:
    """A text is no path there."""
    config = load_config("schemas.py")
    Path("top.py").write_text("from schemas import Study\n_schema = Study\nout = 'a'\n")
    assert isinstance(config, Config)
    with pytest.raises(CheckError, match="by the schema Study"):
        Parallel("bare.py", load_config("top.py"), launcher="inline").run()
