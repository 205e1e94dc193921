"""What is wrong with a config: each fault by itself, and all of them in one error."""

from __future__ import annotations

from ..errors import CheckError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 20  # faults in one message

_WAY_OUT = "check=False, or --no-check, runs it all the same."


class Fault:
    """One thing that is wrong with a config. Its fields are texts, so that it can be sent anywhere.

    Attributes:
        key: The variable; with dots, a place within what it holds; None for the config as a whole.
        value: Its value as it is shown, or None.
        place: Where that stands, e.g. `conf.py line 3`, `--set`, `--sweep`; None where that
            isn't known.
        problem: What is wrong, a clause.
        remedy: What to do, a clause or a question; or None.
        line: The script's 1-based line of the variable, or None.
        soft: Whether a run that isn't checked would take it.
        told: The whole sentence, where it isn't to be made of the others.
    """

    __slots__ = ("key", "value", "place", "problem", "remedy", "line", "soft", "told")

    def __init__(
        self,
        key: str | None,
        problem: str,
        *,
        value: str | None = None,
        place: str | None = None,
        remedy: str | None = None,
        line: int | None = None,
        soft: bool = True,
        told: str | None = None,
    ) -> None:
        self.key = key
        self.value = value
        self.place = place
        self.problem = problem
        self.remedy = remedy
        self.line = line
        self.soft = soft
        self.told = told

    def __str__(self) -> str:
        if self.told is not None:
            return self.told
        head = self.key or ""
        if self.value is not None:
            head = f"{head}={self.value}" if head else self.value
        if self.place is not None:
            head = f"{head} ({self.place})" if head else self.place
        sentence = f"{head}: {self.problem}" if head else self.problem
        if self.remedy:
            sentence = f"{sentence}; {self.remedy}"
        return sentence if sentence.endswith(("?", ".", "!")) else f"{sentence}."

    def __repr__(self) -> str:
        return f"<Fault: {self}>"


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Raise all faults at once, if there are any.

    Raises:
        CheckError: There are.
    """
    if faults:
        raise error_of_faults(faults)


def error_of_faults(faults: Sequence[Fault]) -> CheckError:
    """The error that tells of these faults, the same one only once."""
    different = list({str(fault): fault for fault in faults}.values())
    way_out = [_WAY_OUT] if all(fault.soft for fault in different) else []
    if len(different) == 1:
        message = " ".join([str(different[0]), *way_out])
    else:
        lines = [f"  {fault}" for fault in different[:SHOWN]]
        more = len(different) - SHOWN
        lines += [f"  ... and {more} more"] if more > 0 else []
        message = "\n".join([f"{len(different)} faults, nothing was run:", *lines, *way_out])
    key = different[0].key if len(different) == 1 else None
    return CheckError(message, key=key, faults=tuple(different))
