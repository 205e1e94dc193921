"""What the tests of the launcher share: a script whose runs end when they are told to, and its fields."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from lab import wait_until

# Each run ends as soon as there is a file of its own.
EACH = """
import os, time

lr: float = 0.1  # step size
epochs: int = 1  # passes over the data
name = f"{lr} {epochs}"
print("waiting for", name, flush=True)
while not os.path.exists(f"go {name}"):
    time.sleep(0.02)
print("loss:", lr * epochs)
"""


def text_field(form: Any, label: str) -> Any:
    """The text field of a launcher that has a label."""
    return form.get_by_label(label, exact=True).and_(form.page.locator("input[type=text]"))


def fill(form: Any, label: str, text: str) -> None:
    """Type into a text field, and leave it."""
    field = text_field(form, label)
    field.fill(text)
    field.press("Tab")


def vary(form: Any, name: str, values: str) -> None:
    """Have a parameter take each of these values."""
    from playwright.sync_api import expect

    form.get_by_title(f"how {name} varies").select_option("list")
    # The field of the one value, which may be a text, too, is there until the kernel has heard of it.
    expect(text_field(form, name)).to_have_attribute("placeholder", "0.1,0.2,0.5")
    fill(form, name, values)


def rows_of(board: Any) -> Any:
    """The rows of a board that are drawn."""
    return board.locator(".kb-row:not([hidden])")


def statuses(board: Any) -> list[str]:
    """The status of each row of a board, from top to bottom."""
    shown = board.locator(".kb-row:not([hidden]) .kb-status > span:last-child")
    return list(shown.all_inner_texts())


def shows(board: Any, wanted: list[str]) -> None:
    """Wait until the rows of a board have these statuses, and say what they have if that doesn't come."""
    with suppress(AssertionError):
        wait_until(lambda: statuses(board) == wanted)
    told = board.inner_text() if board.count() else board.page.locator("body").inner_text()
    assert statuses(board) == wanted, f"what the page says: {told}"
