"""The launcher for those who see badly, who have no mouse, and whose scripts hold anything at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe import axe_core, check
from forms import fill, text_field, vary
from lab import Lab, Notebook, wait_until

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.process, pytest.mark.browser]

SCRIPT = """
from pathlib import Path
from typing import Literal

lr: float = 0.1  # step size
epochs: int = 20  # passes over the data
optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
fast = False  # skip the slow part
data = Path("data/train.csv")
layers = [64, 32]
seed = None
for epoch in range(epochs):
    print("loss:", lr / (epoch + 1))
if lr > 0.5:
    raise ValueError("it didn't converge")
"""
MANY = "\n".join(
    f"{group}_{name} = {value}  # {name} of the {group}"
    for group in ("data", "model", "optimizer", "logging")
    for name, value in {"size": 64, "kind": "'plain'", "rate": 0.1, "fast": True}.items()
)
HARM = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'
HOSTILE = """
text = %r  # <img src=x onerror="window.harmed=1"> of help
long = "x" * 10_000
wide = "%s"
right_to_left = "שלום עולם"
name_\u05d0 = "🎉"
print(text)
print("y" * 10_000)
print("\x1b]0;taken\x07\x1b[31m🎉 שלום\x1b[0m")
from kohakuengine import log
log(**{text: 1.5})
raise ValueError(text)
""" % (
    HARM,
    "w" * 10_000,
)


def launcher(
    open_notebook: Callable[..., Notebook], lab: Lab, script: str, theme: str = "light"
) -> Any:
    """A launcher of a script, in JupyterLab with a theme."""
    (lab.root / "study.py").write_text(script)
    notebook = open_notebook(
        "from kohakuengine.jupyter.widgets import SweepLauncher\n"
        "launcher = SweepLauncher('study.py', workers=2)\nlauncher"
    )
    page = notebook.page
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.in_theme(theme)
    notebook.run_all()
    form = page.locator(".kogine-launcher")
    expect(form.get_by_role("button", name="Start").first).to_be_visible()
    return form


@pytest.fixture
def light_again(page: Any) -> Any:
    """The theme is one of all notebooks of the server."""
    yield
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("light_again")
def test_no_serious_fault_in_a_form_of_groups(
    theme: str,
    open_notebook: Callable[..., Notebook],
    lab: Lab,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """axe-core finds nothing serious in a long form of `%kogine launch`: groups, and the search."""
    axe = axe_core(tmp_path_factory)
    (lab.root / "many.py").write_text(MANY)
    notebook = open_notebook("%load_ext kohakuengine", "%kogine launch many.py")
    notebook.in_theme(theme)
    notebook.run_all()
    form = notebook.page.locator(".kogine-launcher")
    expect(text_field(form, "data_kind")).to_be_visible()
    form.get_by_text("model", exact=True).click()
    expect(text_field(form, "model_kind")).to_be_visible()
    check(notebook.page, axe, ".kogine-launcher")
    text_field(form, "find").fill("rate")
    expect(form.get_by_text("rate of the logging")).to_be_visible()
    check(notebook.page, axe, ".kogine-launcher")


@pytest.mark.parametrize("width", [600, 1600])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("light_again")
def test_no_serious_fault_for_those_who_need_help(
    width: int,
    theme: str,
    open_notebook: Callable[..., Notebook],
    lab: Lab,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """axe-core finds nothing serious in a form of all kinds of rows, where something is wrong, and
    where runs have ended; nothing is cut off at the side."""
    axe = axe_core(tmp_path_factory)
    form = launcher(open_notebook, lab, SCRIPT, theme)
    page = form.page
    page.set_viewport_size({"width": width, "height": 1000})
    for name, how in {"lr": "list", "epochs": "range", "seed": "random"}.items():
        form.get_by_title(f"how {name} varies").select_option(label=how)
    expect(form.get_by_label("draws", exact=True)).to_be_visible()
    form.get_by_role("button", name="Shell").click()
    expect(form.get_by_label("to copy")).to_be_visible()
    check(page, axe, ".kogine-launcher")
    fill(form, "lr", "0.1,many")
    expect(form.get_by_role("alert").filter(has_text="many is not a float").first).to_be_visible()
    check(page, axe, ".kogine-launcher")
    fill(form, "lr", "0.1,1")
    for name in ("epochs", "seed"):
        form.get_by_title(f"how {name} varies").select_option(label="fixed")
    form.get_by_role("button", name="Start").first.click()
    # What the board tells those who can't see it has the numbers, too.
    expect(form.get_by_text(re.compile(r"^flow \w+ failed: "))).to_be_visible()
    board = form.locator(".kogine-board")
    board.locator(".kb-row").first.click()
    expect(board.get_by_role("region", name="log")).to_contain_text("loss:")
    check(page, axe, ".kogine-launcher")
    assert form.evaluate("(form) => form.scrollWidth <= form.clientWidth + 1")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("light_again")
def test_the_tab_key_goes_through_all_of_it(
    theme: str, open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """Each control has a name and, with the focus, an outline; from the form to the buttons, from
    these into the board, in the order in which they are seen; and back."""
    (lab.root / "go").touch()
    form = launcher(open_notebook, lab, SCRIPT, theme)
    page = form.page
    form.get_by_role("button", name="Start").first.click()
    expect(form.get_by_text("finished: 1 finished")).to_be_visible()
    form.get_by_title("how lr varies").focus()
    gone: list[str] = []
    told = """() => {
        const one = document.activeElement, style = getComputedStyle(one);
        const labels = [...(one.labels || [])].map((label) => label.textContent);
        return {
            name: one.getAttribute('aria-label') || labels.join() || one.textContent.trim() || one.title,
            within: Boolean(one.closest('.kogine-launcher')), y: one.getBoundingClientRect().bottom,
            seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
        };
    }"""
    while (one := page.evaluate(told))["within"]:
        assert one["name"] and one["seen"], one
        gone.append(one["name"])
        page.keyboard.press("Tab")
        assert len(gone) < 100
    order = [
        "lr",
        "epochs",
        "optimizer",
        "Load",
        "%kogine line",
        "order",
        "workers",
        "Start",
        "filter runs",
    ]
    places = [gone.index(name, gone.index("lr")) for name in order]
    assert places == sorted(places), gone
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(told)["within"]


def test_hostile_texts_are_texts(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    """HTML, scripts, endless lines, emoji and right-to-left text in a script's names, help, values,
    output, metrics and traceback are shown as they are, in the form, in the board, and afterwards.
    """
    form = launcher(open_notebook, lab, HOSTILE.lstrip())
    page = form.page
    title = page.title()
    expect(form.get_by_text("of help")).to_contain_text("<img src=x")
    expect(text_field(form, "text")).to_have_value(HARM)
    vary(form, "text", f"{HARM},<b>bold</b>")
    expect(form.get_by_role("cell", name="<b>bold</b>")).to_be_visible()
    fill(form, "right_to_left", "שלום לכולם 🎉")
    fill(form, "tags", HARM)
    for name in ("%kogine line", "Python", "Shell", "Config file"):
        form.get_by_role("button", name=name).click()
    form.get_by_role("button", name="Start").first.click()
    expect(form.get_by_text("2 failed").first).to_be_visible()
    board = form.locator(".kogine-board")
    board.locator(".kb-row").first.click()
    log = board.get_by_role("region", name="log")
    expect(log).to_contain_text("y" * 10_000)
    expect(log).to_contain_text("🎉 שלום")
    expect(log).to_contain_text(HARM)
    board.get_by_role("tab", name="error").click()
    expect(board.get_by_role("region", name="error")).to_contain_text(f"ValueError: {HARM}")
    board.get_by_role("tab", name="facts").click()
    expect(board.get_by_role("region", name="facts")).to_contain_text("שלום לכולם 🎉")
    for place in (0, 1):
        board.locator(".kb-row input").nth(place).click()
    for name in ("Curves", "Compare"):
        board.locator(".kb-selection").get_by_role("button", name=name).click()
    expect(board.get_by_role("table").first).to_contain_text("<b>bold</b>")
    last = page.locator("[class^=kogine-last]")
    wait_until(
        lambda: "2 failed" in (last.text_content() or "") or "failed" in (last.text_content() or "")
    )
    for part in (form, last):
        assert part.locator("img, script, b:text('bold')").count() == 0
    assert not page.evaluate("window.harmed") and page.title() == title
    assert form.evaluate("(form) => form.scrollWidth <= form.clientWidth + 1")
