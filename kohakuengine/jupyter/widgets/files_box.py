"""What a form says as a file or a text: the controls that load, save and copy it."""

from __future__ import annotations

import os
from functools import partial
from html import escape

import ipywidgets as widgets

from ...errors import ConfigError, KogineError
from ...runs.values import write_bytes
from .controls import WIDE, button, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COPIES = {
    "line": ("%kogine line", "show the magic that runs the same"),
    "python": ("Python", "show code that runs the same"),
    "shell": ("Shell", "show the command that runs the same"),
    "file": ("Config file", "show the text of a config file that says the same"),
}


class FilesBox(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """Loads, saves and copies what a form says.

    Args:
        text_of: Gives it as a text of a kind: `"line"`, `"python"`, `"shell"`, `"file"`, `"yaml"`.
        show: Shows in the form what a config file says.

    Attributes:
        path: The field with the config file's name.
        load, save: The buttons.
        copies: The buttons by which texts are shown, by their kinds.
        copied: The text that was asked for last.
        said: What was done, or what is wrong, as a widget.
    """

    def __init__(self, text_of: Callable[[str], str], show: Callable[[str], object]) -> None:
        self._text_of = text_of
        self._show = show
        self.path = widgets.Text(
            description="config file",
            placeholder="sweep.py",
            tooltip="the file that is loaded, or written",
            style=WIDE,
            layout={"width": "auto", "flex": "1 1 20em"},
        )
        self.load = button("Load", "show what the config file says")
        self.save = button("Save", "write what the form says to the config file")
        self.copies = {kind: button(*said) for kind, said in _COPIES.items()}
        self.copied = widgets.Textarea(
            description="to copy",
            tooltip="select all of it, and copy it",
            rows=4,
            style=WIDE,
            layout={"width": "auto", "display": "none"},
        )
        self.said = widgets.HTML()
        wrap = {"flex_flow": "row wrap", "align_items": "center"}
        files = widgets.HBox([self.path, self.load, self.save, self.said], layout=wrap)
        copies = widgets.HBox([widgets.Label("copy as"), *self.copies.values()], layout=wrap)
        super().__init__([files, copies, self.copied])
        self.load.on_click(lambda _: self.do(self._load))
        self.save.on_click(lambda _: self.do(self._save))
        for kind, copy in self.copies.items():
            copy.on_click(lambda _, kind=kind: self.do(partial(self._copy, kind)))

    def do(self, does: Callable[[], object]) -> None:
        """Do it, and say what is wrong where that can't be done."""
        self.said.value = ""
        try:
            does()
        except KogineError as error:
            self._say(str(error), problem=True)

    def _say(self, text: str, problem: bool = False) -> None:
        style = ' role="alert" style="color:#c62828"' if problem else ' role="status"'
        self.said.value = f"<span{style}>{escape(plain(text))}</span>"

    def _named_file(self) -> str:
        path: str = self.path.value.strip()
        if not path:
            raise ConfigError("name the config file first, such as sweep.py.")
        return path

    def _load(self) -> None:
        path = self._named_file()
        self._show(path)
        self._say(f"{path} is loaded.")

    def _save(self) -> None:
        path = self._named_file()
        end = os.path.splitext(path)[1].lower()
        if end not in (".py", ".yaml", ".yml"):
            raise ConfigError(f"{path}: a form is written as .py or .yaml.")
        text = self._text_of("file" if end == ".py" else "yaml")
        try:
            write_bytes(path, text.encode())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(f"{path} can't be written: {reason}.") from error
        self._say(f"written to {path}.")

    def _copy(self, kind: str) -> None:
        text = self._text_of(kind)
        self.copied.value = plain(text)
        self.copied.rows = min(20, text.count("\n") + 2)
        self.copied.layout.display = ""
