"""Takes the pictures of the documentation, by `make pictures`: look at them before committing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from forms import rows_of, vary
from lab import Lab, Notebook, browser, lab, open_notebook, page, wait_until  # noqa: F401

pytestmark = [pytest.mark.process, pytest.mark.browser]

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ROOT / "docs" / "images"
HIDE = "() => window.jupyterapp.commands.execute('application:toggle-left-area')"


@pytest.fixture
def digits(lab: Lab) -> None:
    """The script of the README lies beside the notebook."""
    shutil.copy(ROOT / "examples" / "scripts" / "train_digits.py", lab.root)


@pytest.fixture
def small(page) -> None:  # noqa: F811
    page.set_viewport_size({"width": 1120, "height": 900})


def take(notebook: Notebook, name: str, number: int | None = None) -> None:
    """Keep what is seen of a notebook, or of one of its cells."""
    IMAGES.mkdir(exist_ok=True)
    panel = notebook.page.locator(".jp-NotebookPanel-notebook")
    part = panel if number is None else notebook.cell(number)
    part.screenshot(path=IMAGES / name)
    shrink(IMAGES / name)


def shrink(path: Path) -> None:
    """Make a picture smaller that has few colours."""
    from PIL import Image

    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(96, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def test_the_live_table(
    open_notebook: Callable[..., Notebook], lab: Lab, digits: None, small: None
) -> None:
    notebook = open_notebook(
        "rates = [0.001, 0.01, 0.1, 0.5]\n"
        "runs = %kogine run train_digits.py --sweep learning_rate={rates} \\\n"
        "    --sweep hidden=(32,),(64,) --set epochs=40",
    )
    notebook.page.evaluate(HIDE)
    notebook.run_all()
    notebook.shows(1, "3 of 8 finished", "2 running", "epoch: 1")
    take(notebook, "live.png", 1)
    notebook.ends(1)


def test_a_cell_as_the_script(
    open_notebook: Callable[..., Notebook], lab: Lab, small: None
) -> None:
    notebook = open_notebook(
        "from sklearn.datasets import load_diabetes\nX, y = load_diabetes(return_X_y=True)",
        "%%kogine run --with X,y --sweep alpha=0.001,0.01,0.1,1 --sweep seed=0,1 --out fits\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn.model_selection import train_test_split\n\n"
        "alpha = 1.0  # strength of the penalty\n"
        "seed = 0\n"
        "train_X, test_X, train_y, test_y = train_test_split(X, y, random_state=seed)\n"
        "model = Ridge(alpha=alpha).fit(train_X, train_y)\n"
        'print("r2:", model.score(test_X, test_y))',
    )
    notebook.page.evaluate(HIDE)
    notebook.run_all()
    notebook.shows(2, "8 of 8 finished")
    take(notebook, "cell.png", 2)


def test_completion(
    open_notebook: Callable[..., Notebook], lab: Lab, digits: None, small: None
) -> None:
    notebook = open_notebook("%kogine params train_digits.py", "")
    notebook.page.evaluate(HIDE)
    notebook.run_all()
    notebook.shows(1, "step size")
    notebook.cell(2).click()
    notebook.page.keyboard.insert_text("%kogine run train_digits.py --sweep ")
    notebook.page.keyboard.press("Tab")
    notebook.page.locator(".jp-Completer-item").first.wait_for()
    IMAGES.mkdir(exist_ok=True)
    box = notebook.page.locator(".jp-NotebookPanel-notebook").bounding_box()
    notebook.page.screenshot(
        path=IMAGES / "completion.png",
        clip={"x": box["x"], "y": box["y"], "width": 860, "height": 520},
    )


def test_the_launcher_and_its_board(
    open_notebook: Callable[..., Notebook], lab: Lab, digits: None, page  # noqa: F811
) -> None:
    page.set_viewport_size({"width": 1000, "height": 1700})
    notebook = open_notebook(
        "from kohakuengine.jupyter.widgets import SweepLauncher\n"
        'launcher = SweepLauncher("train_digits.py", workers=2)\nlauncher'
    )
    page.evaluate(HIDE)
    notebook.run_all()
    form, board = page.locator(".kogine-launcher"), page.locator(".kogine-board")
    vary(form, "learning_rate", "0.001,0.01,0.1")
    vary(form, "solver", "SGD,ADAM")
    epochs = form.get_by_label("epochs", exact=True)
    epochs.fill("40")
    epochs.press("Tab")
    form.locator("b", has_text="runs").wait_for()
    form.get_by_role("button", name="Start").first.click()
    wait_until(lambda: "4 finished" in board.inner_text())
    take(notebook, "launcher.png", 1)
    for n in range(4):
        rows_of(board).nth(n).locator("input").click()
    board.get_by_role("button", name="Curves").click()
    board.locator(".kb-chart polyline").first.wait_for()
    notebook.in_theme("dark")
    try:
        page.set_viewport_size({"width": 1500, "height": 1700})
        page.locator(".kb-wide").wait_for()
        wait_until(lambda: "2 running" in board.inner_text() or "6 finished" in board.inner_text())
        board.screenshot(path=IMAGES / "board.png")
        shrink(IMAGES / "board.png")
    finally:
        notebook.in_theme("light")
