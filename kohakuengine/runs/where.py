"""A filter of runs as text, such as `lr < 0.1 and status == failed`, made into SQL."""

from __future__ import annotations

import ast
import re

from ..errors import ConfigError
from .terms import IDS, NAMES, STATUSES, TIMES, Literal, Term, held, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .terms import Name

_ORDERS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_EQUALS: dict[type[ast.cmpop], bool] = {ast.Eq: True, ast.NotEq: False}
_EQUALS |= {ast.Is: True, ast.IsNot: False}
_WORDS = {"true": True, "false": False, "none": None, "null": None, "inf": float("inf")}

# A text in quotes, an operator with an = in it, and an = alone.
_EQUAL_SIGNS = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[<>=!:]=)|(=)""", re.DOTALL)
# SQLite takes expressions up to 1,000 deep, and a filter by hand has some twenty.
_MOST_NODES = 900
_POSSIBLE = "write comparisons such as lr < 0.1, joined by and, or, not"


def compile_where(text: str) -> tuple[str, list[object]]:
    """The condition that a filter means, for a statement about the table `runs`.

    A comparison with a value that a run doesn't have is false, but for `!=`; so is one that asks
    which of a text and a number is greater.

    Args:
        text: Comparisons (`<`, `<=`, `>`, `>=`, `==` or `=`, `!=`, `in`, `not in`, `is None`), joined
            by `and`, `or`, `not` and parentheses. A name is a column of the run (`status`, `script`,
            `duration` in seconds, `tag`, ...), else a metric, else a parameter; `metrics["val/loss"]`
            and `params["lr"]` say which. Times are unix seconds or texts such as `"2026-01-31"`; a
            part of an id is enough from its beginning; `"memory" in error` looks for a text.

    Returns:
        The condition, and the values of its question marks.

    Raises:
        ConfigError: The filter can't be understood; its fact `position` is the 0-based character.

    Example:
        >>> compile_where("slot = 3")
        ('(runs.slot IS ?)', [3])
    """
    term = _Filter(text).compiled()
    return term.sql, list(term.parameters)


def names_in_filter(text: str) -> list[Name]:
    """The metrics and parameters that a filter names; errors as `compile_where`."""
    parsed = _Filter(text)
    parsed.compiled()
    return parsed.names


class _Filter:
    def __init__(self, text: str) -> None:
        self.text = text
        self.names: list[Name] = []  # of the metrics and parameters in it
        # As Python reads it: a lone = is meant as ==, and the lines are one.
        self._added = [found.start() for found in _EQUAL_SIGNS.finditer(text) if found[2]]
        doubled = _EQUAL_SIGNS.sub(lambda found: found[1] or "==", text)
        flat = doubled.replace("\n", " ").replace("\r", " ")
        self._python = flat.lstrip()
        self._stripped = len(flat) - len(self._python)

    def compiled(self) -> Term:
        tree = self._parsed()
        if sum(1 for node in ast.walk(tree) if not isinstance(node, ast.Load)) > _MOST_NODES:
            self._fail(0, "it is too long", "filter by less at once")
        return self._condition(tree)

    def _parsed(self) -> ast.expr:
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what Python will not take some day
                return ast.parse(self._python, mode="eval").body
        except SyntaxError as error:
            place = max((error.offset or 1) - 1, 0)
            self._fail(self._original(place), "this can't be understood", _POSSIBLE)
        except (ValueError, RecursionError, MemoryError):
            self._fail(0, "it is too deep, or has a character that is no text", _POSSIBLE)

    def _condition(self, node: ast.expr) -> Term:
        if isinstance(node, ast.BoolOp):
            word = " AND " if isinstance(node.op, ast.And) else " OR "
            return _joined(word, [self._condition(value) for value in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._condition(node.operand)
            return Term(f"(NOT {inner.sql})", *inner.parameters)
        if isinstance(node, ast.Compare):
            return self._comparisons(node)
        self._wrong(node, "this is no comparison", _POSSIBLE)

    def _comparisons(self, node: ast.Compare) -> Term:
        sides = [node.left, *node.comparators]
        triples = zip(sides, node.ops, sides[1:])
        return _joined(" AND ", [self._comparison(*triple) for triple in triples])

    def _comparison(self, left: ast.expr, by: ast.cmpop, right: ast.expr) -> Term:
        if isinstance(by, (ast.In, ast.NotIn)):
            found = self._membership(left, right)
            return found if isinstance(by, ast.In) else Term(f"NOT {found.sql}", *found.parameters)
        first = self._term(left)
        if type(by) in _ORDERS:
            return self._ordered(left, first, _ORDERS[type(by)], self._term(right))
        word = None if isinstance(first, Literal) else self._word(right)
        second = Literal(word) if word is not None else self._term(right)
        if isinstance(by, (ast.Is, ast.IsNot)) and not _singleton(second):
            self._wrong(right, "`is` is for None, True and False", "use == here")
        equal = self._equal(left, first, second)
        return equal if _EQUALS[type(by)] else Term(f"NOT {equal.sql}", *equal.parameters)

    def _ordered(self, node: ast.expr, left: Term, by: str, right: Term) -> Term:
        for side in (left, right):
            if side.column == "tag" or isinstance(side, Literal) and side.value is None:
                self._wrong(node, "tags and None have no order", "use == or != here")
        left, right = self._timed(node, left, right), self._timed(node, right, left)
        # To SQLite, each text is greater than any number.
        kinds = f"(typeof({left.sql}) = 'text') = (typeof({right.sql}) = 'text')"
        # AND would look at both sides of every run (measured: half as long again).
        sql = f"(CASE WHEN {left.sql} {by} {right.sql} THEN {kinds} ELSE 0 END)"
        return Term(sql, *(left.parameters + right.parameters) * 2)

    def _timed(self, node: ast.expr, side: Term, other: Term) -> Term:
        if isinstance(side, Literal) and other.column in TIMES:
            return Literal(self._time(node, side.value))
        return side

    def _equal(self, node: ast.expr, left: Term, right: Term) -> Term:
        if isinstance(left, Literal):
            left, right = right, left
        if left.column == "tag":
            return self._tagged(node, right)
        if not isinstance(right, Literal):
            if right.column == "tag":
                return self._equal(node, right, left)
            sql = f"coalesce({left.sql} = {right.sql}, 0)"
            return Term(sql, *left.parameters, *right.parameters)
        value = self._fitting(node, left.column, right.value)
        if left.column in IDS and isinstance(value, str):
            return Term(f"(substr({left.sql}, 1, {len(value)}) IS ?)", value)
        return Term(f"({left.sql} IS ?)", *left.parameters, value)

    def _tagged(self, node: ast.expr, tag: Term) -> Term:
        if not isinstance(tag, Literal):
            self._wrong(node, "a tag can only be compared with a text", 'write tag == "name"')
        some = "EXISTS (SELECT 1 FROM json_each(runs.tags) AS t{})"
        if tag.value is None:
            return Term(f"(NOT {some.format('')})")
        return Term(some.format(" WHERE t.value = ?"), tag.value)

    def _membership(self, left: ast.expr, right: ast.expr) -> Term:
        first = self._term(left)
        if isinstance(right, (ast.Tuple, ast.List, ast.Set)):
            values = [self._element(item) for item in right.elts]
        elif isinstance(right, ast.Constant):
            values = [self._element(right)]  # one in parentheses
        else:
            return self._part(left, first, right)
        if first.column == "tag" or first.column in IDS or None in values or not values:
            equals = [self._equal(left, first, Literal(value)) for value in values]
            return _joined(" OR ", equals) if equals else Term("0")
        values = [self._fitting(left, first.column, value) for value in values]
        sql = f"coalesce({first.sql} IN ({', '.join('?' * len(values))}), 0)"
        return Term(sql, *first.parameters, *values)

    def _part(self, node: ast.expr, text: Term, whole: ast.expr) -> Term:
        """Whether a text is a part of another, or a tag."""
        if not isinstance(text, Literal) or not isinstance(text.value, str):
            self._wrong(whole, "after `in` a list is expected", "write lr in (0.1, 0.2)")
        place = self._term(whole)
        if place.column == "tag":
            return self._tagged(node, text)
        return Term(f"coalesce(instr({place.sql}, ?) > 0, 0)", *place.parameters, text.value)

    def _element(self, node: ast.expr) -> int | float | str | None:
        word = self._word(node)
        term = Literal(word) if word is not None else self._term(node)
        if not isinstance(term, Literal):
            self._wrong(node, "a list holds numbers and texts", "write lr in (0.1, 0.2)")
        return term.value

    def _fitting(
        self, node: ast.expr, column: str | None, value: int | float | str | None
    ) -> int | float | str | None:
        """A value as the column holds it."""
        if column == "status" and value is not None and value not in STATUSES:
            self._wrong(node, f"no status is {value!r}", f"there are {', '.join(STATUSES)}")
        return self._time(node, value) if column in TIMES else value

    def _time(self, node: ast.expr, value: int | float | str | None) -> int | float | None:
        from datetime import datetime

        if not isinstance(value, str):
            return value
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError):
            self._wrong(node, f"{value!r} is no time", 'write "2026-01-31 18:30"')

    def _term(self, node: ast.expr) -> Term:
        """A value, or what a name means."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self._term(node.operand)
            if isinstance(inner, Literal) and isinstance(inner.value, (int, float)):
                return Literal(-inner.value if isinstance(node.op, ast.USub) else inner.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str, type(None))):
            return Literal(node.value)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        name = _dotted(node)
        if name is None:
            self._wrong(node, "this is neither a name nor a value", self._quoting(node))
        if name == "nan":
            self._wrong(node, "nothing equals nan", "write loss is None")
        if name in _WORDS:
            return Literal(_WORDS[name])
        if name not in NAMES:
            self.names.append((None, name))
        return named(name)

    def _item(self, node: ast.Subscript) -> Term:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        column = node.value.id if isinstance(node.value, ast.Name) else ""
        if column not in ("metrics", "params") or not isinstance(key, str):
            self._wrong(node, "this is no name", 'write metrics["val/loss"] or params["lr"]')
        self.names.append((column, key))
        return held(column, key)

    def _word(self, node: ast.expr) -> str | None:
        """The text that a word without quotes stands for; None for a column's name and the like."""
        name = _dotted(node)
        return None if name in NAMES or name in _WORDS or name == "nan" else name

    def _quoting(self, node: ast.expr) -> str:
        if not isinstance(node, ast.BinOp):
            return "values are numbers, texts in quotes, True, False and None"
        whole = ast.get_source_segment(self._python, node)
        return f'write metrics["{whole}"] or params["{whole}"] if it is a name, "{whole}" if a text'

    def _wrong(self, node: ast.expr, problem: str, possible: str) -> NoReturn:
        before = self._python.encode()[: node.col_offset].decode()
        self._fail(self._original(len(before)), problem, possible)

    def _original(self, place: int) -> int:
        """Where in the user's text a character of Python's stands."""
        place += self._stripped
        added = sum(1 for number, sign in enumerate(self._added) if sign + number < place)
        return min(place - added, len(self.text))

    def _fail(self, place: int, problem: str, possible: str) -> NoReturn:
        raise ConfigError(
            f"the filter {self.text!r} is wrong at character {place + 1}: {problem}; {possible}.",
            filter=self.text,
            position=place,
        ) from None


def _joined(word: str, terms: list[Term]) -> Term:
    if len(terms) == 1:
        return terms[0]
    sql = word.join(term.sql for term in terms)
    return Term(f"({sql})", *(value for term in terms for value in term.parameters))


def _singleton(term: Term) -> bool:
    return isinstance(term, Literal) and (term.value is None or isinstance(term.value, bool))


def _dotted(node: ast.expr) -> str | None:
    """`a.b.c` as text."""
    if isinstance(node, ast.Name):
        return node.id
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else None
    return None if inner is None else f"{inner}.{node.attr}"  # type: ignore[attr-defined]
