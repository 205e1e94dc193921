"""Metrics that nobody declared: the numbers a script prints under a name, or returns in a dict."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

# Bytes of the longest line that is looked at, and the number of names that are told apart: however
# much a script prints, memory stays bounded.
LINE_LIMIT = 64 * 1024
NAMES_LIMIT = 1_000

# The names that count steps, the one that counts the smallest first.
STEPS = ("global_step", "step", "iteration", "iter", "epoch")
_RANKS = {name.encode(): rank for rank, name in enumerate(STEPS)}

_NAN = rb"(?i:nan|inf(?:inity)?)(?!\w|[./-]\w)"
_DIGITS = rb"(?!0[xX])(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"

# What behind a number tells that it is none: more of a version, a time, a date, a path, a hash, a
# size like 32x32, a number with thousands; or that it is the progress of a bar of tqdm's. Other
# letters are a unit.
_NO_NUMBER = (
    rb"(?:(?=,?[\s)\]}])|"  # told soon: no more of these
    rb"(?![A-Za-z]*(?:[\d_]|[.+-]\w)|:\d|[A-Za-z]{5,}(?![A-Za-z/])|/\w|,\d{3}(?!\d)|%\||it \[))"
)
# Behind a colon and no space, `host:80`, `cuda:0` and `x.py:12` are no metrics; `loss:0.3` is one.
_NEAR = rb"(?=[+-]?(?:\d*\.\d|\d+[eE][+-]|(?i:nan|inf)))"
# How numbers of numpy, torch and jax show within a dict or a tuple.
_WRAPPER = rb"(?:(?:(?:np\.)?(?:float|u?int)\d+|tensor|[Aa]rray)\()?"
# A sign and the number behind it. It starts with a plain set, for which the search is fast, and
# leaves times out soon.
_VALUE = rb"[=:](?<![\s:]\d\d:)(?:(?<==)[ \t]*|[ \t]+|" + (
    _NEAR + rb")" + _WRAPPER + rb"([+-]?(?:" + _DIGITS + _NO_NUMBER + rb"|" + _NAN + rb"))"
)
# What stands before the sign, in quotes or without.
_NAME = rb"(?<![\w./?&@#$\\\x80-\xff-])(['\"]?)([A-Za-z_][\w./-]{0,127})\1\Z"
_NAME_REACH = 140

# `step=3`, `Epoch 3/10`, `[epoch 3]`, `Epoch [3/10]`, `'epoch': 0.5`.
_STEP = (
    rb"([gsieGSIE](?<![\w./-].)"
    rb"(?i:(?<=g)lobal_step|(?<=s)tep|(?<=i)ter(?:ation)?|(?<=e)poch))"
    rb"['\"]?[ \t]{0,8}(?:[=:#][ \t]{0,8})?(?:[\[(][ \t]{0,8})?(\d{1,15}(?:\.\d{1,15})?)(?!\w|\.\d)"
)
# How the names of exceptions end.
_RAISED = ("Error", "Exception", "Warning", "Interrupt", "Exit", "Iteration")
_COLOUR = rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\([0-9A-Z])"


class Scalar(tuple[str, float, "float | None"]):
    """A number found: its name, its value, and the step it belongs to, where one was said."""

    __slots__ = ()

    def __new__(cls, name: str, value: float, step: float | None = None) -> Scalar:
        return tuple.__new__(cls, (name, value, step))

    @property
    def name(self) -> str:
        return self[0]

    @property
    def value(self) -> float:
        return self[1]

    @property
    def step(self) -> float | None:
        return self[2]


class ScalarReader:
    """Finds metrics in what a script prints: `name: value` and `name=value`.

    A `step`, `global_step`, `iteration`, `iter` or `epoch` on the same line is the step; where
    there are several, the first of these names in the order global_step, step, iteration, iter,
    epoch. A line of more than 64 KiB is skipped, and so is every new name after the first 1,000.

    Args:
        pattern: A regular expression to use instead, matched anywhere in a line, with the groups
            `name` and `value`, and `step` if it finds that too.
        enabled: Whether to look at all.

    Attributes:
        latest: The newest value of each name.

    Raises:
        ConfigError: The pattern isn't a regular expression, or lacks a group.

    Example:
        >>> reader = ScalarReader()
        >>> reader.feed(b"epoch 3/10: loss=0.25 acc: 93.1%\\n")
        [('loss', 0.25, 3), ('acc', 93.1, 3)]
        >>> reader.latest
        {'loss': 0.25, 'acc': 93.1}
    """

    def __init__(self, pattern: str | re.Pattern[str] | None = None, enabled: bool = True) -> None:
        import re

        self.latest: dict[str, float] = {}
        self._enabled = enabled
        self._pattern = None if pattern is None else _checked(pattern)
        self._value = re.compile(_VALUE)
        self._name = re.compile(_NAME)
        self._step = re.compile(_STEP)
        self._colour = re.compile(_COLOUR)
        self._names: dict[bytes, str | None] = {}
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Scalar]:
        """Take the next bytes of the output, and give what the lines that they complete hold."""
        if not self._enabled:
            return []
        block = self._whole_lines(data)
        if self._pattern is None and b"=" not in block and b":" not in block:
            return []
        return self._kept(self._found(block))

    def close(self) -> list[Scalar]:
        """Give what the last line holds, which had no end."""
        return self.feed(b"\n")

    def _whole_lines(self, data: bytes) -> bytes:
        """What is complete of the bytes that wait and these; the rest waits."""
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        block = self._rest + data[:end] if end else b""
        self._rest = data[end:] if end else self._rest + data
        if end and self._skipping:
            import re

            block = re.split(rb"[\r\n]", block, maxsplit=1)[1]
            self._skipping = False
        if len(self._rest) > LINE_LIMIT:
            self._rest = b""
            self._skipping = True
        return b"" if not end else block

    def _found(self, block: bytes) -> list[Scalar]:
        if b"\x1b" in block:
            block = self._colour.sub(b"", block)
        if b"\r" in block:
            block = block.replace(b"\r", b"\n")
        if self._pattern is not None:
            return list(self._by_pattern(self._pattern, block))
        return self._by_name(block)

    def _by_name(self, block: bytes) -> list[Scalar]:
        found: list[Scalar] = []
        pairs: list[tuple[str, float]] = []
        start = end = last = 0
        for hit in self._value.finditer(block):
            at = hit.start()
            if at >= end:
                if pairs:
                    found += self._of_line(block[start:end], pairs)
                    pairs = []
                start = block.rfind(b"\n", end, at) + 1 or end
                end = block.find(b"\n", at)
                end = len(block) if end < 0 else end
            # Without the value before, so that the same words come again and again.
            name = self._name_in(block[max(start, last - 1, at - _NAME_REACH) : at])
            last = hit.end()
            if name is not None and not _is_raised(name, block, start, at):
                pairs.append((name, float(hit[1])))
        return found + self._of_line(block[start:end], pairs)

    def _name_in(self, before: bytes) -> str | None:
        """The metric whose name stands last; scripts print the same few all the time."""
        words = before.rsplit(None, 1)
        word = words[-1] if words else b""
        try:
            return self._names[word]
        except KeyError:
            pass
        found = self._name.search(word)
        name = found[2].decode() if found else None
        if len(self._names) >= NAMES_LIMIT:
            self._names.clear()
        self._names[word] = None if name is None or name.lower() in STEPS else name
        return self._names[word]

    def _of_line(self, line: bytes, pairs: list[tuple[str, float]]) -> list[Scalar]:
        if not pairs or len(line) > LINE_LIMIT:
            return []
        step = self._step_of(line)
        return [Scalar(name, value, step) for name, value in pairs]

    def _step_of(self, line: bytes) -> float | None:
        found: list[tuple[bytes, bytes]] = self._step.findall(line)
        if len(found) > 1:
            found.sort(key=lambda pair: _RANKS[pair[0].lower()])
        return _number(found[0][1]) if found else None

    def _by_pattern(self, pattern: re.Pattern[str], block: bytes) -> Iterator[Scalar]:
        for line in block.split(b"\n"):
            if len(line) > LINE_LIMIT:
                continue
            for match in pattern.finditer(line.decode("utf-8", "replace")):
                groups = match.groupdict()
                value = _number(groups["value"])
                if groups["name"] and value is not None:
                    step = _number(groups["step"]) if groups.get("step") else self._step_of(line)
                    yield Scalar(groups["name"], float(value), step)

    def _kept(self, found: list[Scalar]) -> list[Scalar]:
        latest = self.latest
        kept = []
        for scalar in found:
            name, value, _ = scalar
            if name in latest or len(latest) < NAMES_LIMIT:
                latest[name] = value
                kept.append(scalar)
        return kept


def _is_raised(name: str, block: bytes, start: int, at: int) -> bool:
    """Whether a name before a sign is that of an exception, at the end of a traceback."""
    if not name.endswith(_RAISED) or block[at : at + 1] != b":":
        return False
    return at - start == len(name)


def _checked(pattern: object) -> re.Pattern[str]:
    """A user's pattern, compiled."""
    import re

    from ..errors import ConfigError

    try:
        compiled: re.Pattern[str] = re.compile(pattern)  # type: ignore[call-overload]
    except (re.error, TypeError, OverflowError, RecursionError) as fault:
        raise ConfigError(
            f"the metrics pattern {pattern!r} isn't a regular expression: {fault}."
        ) from fault
    if not isinstance(compiled.pattern, str):
        raise ConfigError(f"the metrics pattern {pattern!r} is of bytes; give it as text.")
    if missing := [name for name in ("name", "value") if name not in compiled.groupindex]:
        raise ConfigError(
            f"the metrics pattern {compiled.pattern!r} has no group "
            f"{' and no group '.join(missing)}: write it as (?P<name>...) and (?P<value>...)."
        )
    return compiled


def _number(text: str | bytes | None) -> float | None:
    """The number that a text is: an int where it is written as one."""
    try:
        return int(text) if text and text.isdigit() and len(text) < 16 else float(text or "")
    except ValueError:
        return None


def numbers_in(result: object) -> dict[str, float]:
    """The numbers in what a script returned: those of a dict, and of dicts in it, three deep.

    Numbers of numpy, tensors without dimensions, decimals and fractions count, and so does nan; True
    and False don't, nor do texts. No more than 1,000 are taken.

    Example:
        >>> numbers_in({"loss": 0.25, "test": {"acc": 0.9}, "name": "resnet"})
        {'loss': 0.25, 'test.acc': 0.9}
    """
    return dict(pair for _, pair in zip(range(NAMES_LIMIT), _numbers(result, "", 3)))


def _numbers(values: object, prefix: str, depth: int) -> Iterator[tuple[str, float]]:
    if not isinstance(values, dict):
        return
    # A copy, not by a method of the script's: its threads may go on with the dict.
    for key, value in list(dict.items(values)):
        if not isinstance(key, (str, int)):
            continue
        if isinstance(value, dict):
            if depth > 1:
                yield from _numbers(value, f"{prefix}{key}.", depth - 1)
        elif (number := _float(value)) is not None:
            yield f"{prefix}{key}", number


def _float(value: object) -> float | None:
    """A number as a float, None for anything else, however it behaves when looked at."""
    try:
        if getattr(value, "shape", None) == ():
            value = value.item()  # type: ignore[attr-defined]
        return float(value) if _is_number(value) else None  # type: ignore[arg-type]
    except Exception:
        return None


def _is_number(value: object) -> bool:
    if isinstance(value, (bool, int, float)):
        return not isinstance(value, bool)
    # Whose type is registered as a number's has loaded that module: as of Decimal and Fraction.
    numbers = sys.modules.get("numbers")
    return numbers is not None and isinstance(value, numbers.Number)
