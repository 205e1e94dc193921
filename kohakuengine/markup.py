"""Pieces of HTML for notebooks, in which nothing that a script made can be anything but text.

Notebooks show them on light pages and on dark ones, and JupyterLab takes styles of its own kind out
of notebooks it doesn't trust. So there are only inline styles of the plainest kind, colours that
can be read on both, and no style sheets, links, ids or classes; and no scripts, but for the one by
which tables are sorted, without which they are all there, too.
"""

from __future__ import annotations

import re
from html import escape as _escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# Control characters but tab and newline; what turns the direction of text that follows; separators
# that browsers break lines at; halves of characters, which UTF-8 can't hold.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

# JupyterLab's tables have their texts on the right, of which other notebooks know nothing.
_LEFT = "padding:2px 8px;text-align:left"
_RIGHT = "padding:2px 8px;text-align:right"
_TOP = f"{_LEFT};vertical-align:top"

FAINT = "opacity:0.65"
MONO = "font-family:monospace"
CODE = f"{MONO};overflow-wrap:anywhere"
_LINES = f"{CODE};white-space:pre-wrap;line-height:1.3;max-height:24em;overflow:auto;margin:4px 0"


# A click on a head sorts by its column, a second one the other way; numbers and durations as such,
# empty cells last.
SORT = (
    "const head=event.target.closest('th'),body=this.parentNode.tBodies[0];if(!head)return;"
    "const up=!head.textContent.endsWith(' ▲'),"
    r"time=/^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/,"
    "key=row=>{const text=row.cells[head.cellIndex].textContent.trim(),t=time.exec(text);"
    "return !text?null:t?((t[1]||0)*24+ +(t[2]||0))*3600+(t[3]||0)*60+ +(t[4]||0):"
    "isNaN(text)?text:+text},"
    "order=(a,b)=>a===null||b===null?(a===null)-(b===null):(up?1:-1)*(typeof a!=typeof b?"
    "(typeof a=='string')-(typeof b=='string'):a<b?-1:+(a>b));"
    "[...body.rows].map(row=>[key(row),row]).sort((a,b)=>order(a[0],b[0]))"
    ".forEach(pair=>body.append(pair[1]));"
    r"for(const one of this.rows[0].cells)one.textContent=one.textContent.replace(/ [▲▼]$/,'');"
    "head.textContent+=up?' ▲':' ▼'"
)
POINT = "this.style.cursor='pointer'"


class Html(str):
    """A text that is markup already; any other text is escaped where it is put into some."""


def escaped(text: str) -> Html:
    """A text as HTML shows it, between tags and in the quotes of an attribute alike.

    What can't be seen is shown by its code.

    Example:
        >>> escaped("<b> \\x1b[0m")
        '&lt;b&gt; \\\\x1b[0m'
    """
    return Html(_escape(visible(text)))


def visible(text: str) -> str:
    """A text in which what can't be seen is shown by its code."""
    return _UNSHOWN.sub(_code, text)


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def tag(name: str, *parts: str, **attributes: str) -> Html:
    """An element with what is in it: texts, which are escaped, and Html.

    Args:
        name: Of the element.
        parts: What is in it.
        attributes: Its attributes; those that are empty are left out.

    Example:
        >>> tag("b", "a < b", tag("i", "!"), style="color:red")
        '<b style="color:red">a &lt; b<i>!</i></b>'
    """
    shown = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items() if value)
    return Html(f"<{name}{shown}>{joined(parts)}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Texts, which are escaped, and Html, one after the other."""
    return Html(escaped(between).join(map(_safe, parts)))


def _safe(part: str) -> str:
    return part if isinstance(part, Html) else escaped(part)


def value(text: str, width: int = 1_000) -> Html:
    """A text that may be anything, cut to a number of characters.

    Whatever the direction in which it is read, what surrounds it stays in place.
    """
    shown = escaped(text if len(text) <= width else f"{text[: width - 1]}…")
    return shown if text.isascii() else tag("bdi", shown)


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Collection[int] = (),
    *,
    sortable: bool = False,
) -> Html:
    """A table.

    Args:
        heads: What stands above its columns; none if empty.
        rows: Its cells.
        right: The positions of columns with numbers, which stand on the right.
        sortable: Whether a click on a head sorts them, where a notebook is trusted.
    """
    styles = [_RIGHT if place in right else _LEFT for place in range(len(heads))]
    top = [tag("th", head, style=style) for head, style in zip(heads, styles)]
    lines = [
        tag("tr", *(tag("td", cell, style=_style(styles, n)) for n, cell in enumerate(row)))
        for row in rows
    ]
    does = {"onclick": SORT, "onmouseover": POINT} if sortable else {}
    head = [tag("thead", tag("tr", *top), **does)] if heads else []
    # It scrolls by itself where it is wider than the page.
    inner = tag("table", *head, tag("tbody", *lines), style="border-collapse:collapse;margin:4px 0")
    return tag("div", inner, style="overflow-x:auto")


def _style(styles: Sequence[str], place: int) -> str:
    return styles[place] if styles else _TOP


def lines(text: Html) -> Html:
    """Lines as they are, such as those of an output; they scroll where there are many."""
    return tag("pre", text, style=_LINES)


def fold(head: str, *parts: str, shown: bool = False) -> Html:
    """Parts below a line, shown or hidden by a click on it; without a script."""
    summary = tag("summary", head, style="cursor:pointer")
    opened = " open" if shown else ""
    return Html(f'<details{opened} style="margin:2px 0">{summary}{joined(parts)}</details>')


def note(*parts: str) -> Html:
    """A line that stands back."""
    return tag("div", *parts, style=FAINT)


def bundle(html: Html, text: str) -> dict[str, str]:
    """What IPython is told to show: in a notebook, and where only text can be shown."""
    return {"text/html": html, "text/plain": text}
