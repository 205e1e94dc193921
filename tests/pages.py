"""HTML as a browser reads it, for tests."""

from __future__ import annotations

from html.parser import HTMLParser

from kohakuengine.markup import POINT, SORT

_ALLOWED = {
    *("div", "span", "b", "bdi", "pre", "table", "thead", "tbody", "tr", "th", "td"),
    *("details", "summary", "progress"),
}
_ATTRIBUTES = {"style", "open", "value", "max"}
_SCRIPTS = {"onclick": SORT, "onmouseover": POINT}


class Page(HTMLParser):
    """The text, the tags and the attributes of a piece of HTML.

    Attributes:
        text: All of it, without tags.
        cells: The text of each cell, row by row.
        tags: Their names, in order.
        attributes: Name and value of each.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.cells: list[list[str]] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"{self._open} are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.cells.append([])
        elif tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self._open or "th" in self._open:
            self.cells[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def column(self, head: str) -> list[str]:
        """What stands below a head, in the first table."""
        place = self.cells[0].index(head)
        return [row[place] for row in self.cells[1:] if len(row) > place]

    def assert_harmless(self) -> None:
        """There is nothing in it but what we put there, and what JupyterLab's sanitizer keeps."""
        assert set(self.tags) <= _ALLOWED
        assert {name for name, _ in self.attributes} <= {*_ATTRIBUTES, *_SCRIPTS}
        assert all(value == _SCRIPTS[name] for name, value in self.attributes if name in _SCRIPTS)
        for name, value in self.attributes:
            assert name != "style" or not set(value) & set("<>\"'&\\{}"), value
