"""The options of `kogine run` that say what a sweep tries."""

from __future__ import annotations

import click

from ..config.given import Given, given_object, is_given
from ..config.near import did_you_mean
from ..config.origin import SWEEP, mark_axes
from ..config.overrides import parse_overrides
from ..errors import ConfigError, OverrideError
from .arguments import OVERRIDE, is_said
from .flow_options import Listed, Valued

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from ..config.faults import Fault
    from ..config.space import Space
    from ..engine.parameters import Parameter
    from ..engine.script import Script

ALL = "all"  # what a bare --zip means


class _Repeats(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """How often each is run, and the variable that tells which time it is: `3`, `3,seed`."""

    name = "repeats"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str | None]:
        if isinstance(value, tuple):  # it has been read
            return value
        times, comma, name = (part.strip() for part in str(value).partition(","))
        if comma and not name.isidentifier():
            self.fail(f"{value!r} isn't like 3,seed: {name!r} is no variable.", param, ctx)
        try:
            return int(times), name or None
        except ValueError:
            self.fail(f"{value!r} isn't like 3, or 3,seed.", param, ctx)


def axes_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what a sweep tries."""
    options = [
        click.option(
            "--sweep",
            "axes",
            multiple=True,
            type=OVERRIDE,
            metavar="K=A,B",
            help="Try each of the values, or range(1,9), log(1e-5,1e-1,5), ...",
        ),
        click.option(
            "--zip",
            "paired",
            cls=Valued,
            is_flag=False,
            flag_value=ALL,
            type=Listed(),
            metavar="[=K,L]",
            help="Pair the values of these axes, or of all.",
        ),
        click.option(
            "--exclude", multiple=True, metavar="COND", help="Leave out 'lr>0.1 and bs==8'."
        ),
        click.option(
            "--repeat",
            type=_Repeats(),
            metavar="N[,K]",
            help="Run each of them N times, with K being 0, 1, ...",
        ),
        click.option("--sample", type=int, metavar="N", help="Only N of them, at random."),
        click.option("--seed", type=int, metavar="S", help="Of --sample."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


class Asked:
    """What the options of `axes_options` say is to be tried.

    Args:
        given: The options, which are taken out.
        script: By whose parameters texts are typed.

    Attributes:
        several: Whether they say anything.
        faults: What is wrong with the values of --sweep. With any, no space can be asked for.

    Raises:
        ConfigError: An option can't be understood.
    """

    def __init__(self, given: dict[str, Any], script: Script) -> None:
        names = ("axes", "paired", "exclude", "repeat", "sample", "seed")
        texts, paired, excluded, times, count, seed = (given.pop(name) for name in names)
        if paired and not texts:
            raise ConfigError("--zip pairs the axes of --sweep, and there is none.")
        if seed is not None and count is None and is_said("seed"):
            raise ConfigError(
                f"--seed {seed} is of --sample, and there is none. For draws write it as in "
                f"uniform(0,1,20,{seed}); to repeat with seeds, --repeat 3,NAME."
            )
        self.faults: list[Fault] = []
        self._parts: dict[str, Any] = _typed_by(script, texts, self.faults)
        self._pairs = _paired(self._parts, paired) if paired else []
        self._excluded = excluded
        self._times = times
        self._count = count
        self._seed = seed or 0
        self.several = bool(texts or excluded) or times is not None or count is not None

    def space(self, below: Space | None) -> Space | None:
        """The space that they say; None for no sweep at all.

        Args:
            below: What a config file sweeps, or None; what is said here wins over it. What is left
                out, sampled and repeated is of both.

        Raises:
            ConfigError: There is nothing to exclude, repeat or sample; or it can't be put together.
        """
        if not self.several:
            return below
        if below is None and not self._parts:
            raise ConfigError(
                "--exclude, --repeat and --sample are for a sweep: there is neither a --sweep nor a "
                "config file with _sweep."
            )
        from ..config import axes
        from ..config.grid import Grid, When
        from ..config.reshape import above

        pieces = self._pieces()
        for piece in pieces:
            for axis in (piece.space if isinstance(piece, When) else piece).axes():
                called = isinstance(self._parts.get(axis.name), str)  # its values aren't typed yet
                mark_axes(axis, SWEEP, textual=called)
        whole: Space = Grid(pieces) if below is None else above(below, pieces)
        if self._excluded:
            whole = axes.exclude(whole, *self._excluded)
        if self._count is not None:
            whole = axes.sample(whole, self._count, self._seed)
        return whole if self._times is None else axes.repeat(whole, *self._times)

    def _pieces(self) -> list[Any]:
        """What --sweep tries, what is paired as one."""
        from ..config import axes
        from ..config.space import Space

        pieces: list[Any] = []
        for name, values in self._parts.items():
            if name not in self._pairs:
                pieces.append(values if isinstance(values, Space) else axes.axis(name, values))
            elif name == self._pairs[0]:
                pieces.append(axes.zip(*(_as_space(n, self._parts[n]) for n in self._pairs)))
        return pieces


def _typed_by(script: Script, texts: Sequence[str], faults: list[Fault]) -> dict[str, Any]:
    from .configs import known_of

    return typed_parts(texts, known_of(script, texts), script.name, faults) if texts else {}


def parts_of(texts: Iterable[str], script: Script) -> dict[str, Any]:
    """The values of each axis, by name; what is a whole space, by its text.

    Raises:
        ConfigError: A text can't be understood, or stands for no value of the parameter.
    """
    from .configs import known_of

    faults: list[Fault] = []
    parts = typed_parts(texts, known_of(script, texts), script.name, faults)
    if faults:
        raise ConfigError(str(faults[0]), key=faults[0].key)
    return parts


def typed_parts(
    texts: Iterable[str], known: Sequence[Parameter], script: str | None, faults: list[Fault]
) -> dict[str, Any]:
    """As `parts_of()`, for those who know the parameters.

    Args:
        texts: `NAME=VALUES` texts, or whole spaces.
        known: The parameters by which values are typed.
        script: The script's name, for messages.
        faults: What is wrong with values is put there.
    """
    from ..config import axes
    from ..config.expression import is_call

    parts: dict[str, Any] = {}
    for text in texts:
        if is_given(text) or is_call(text, axes.FUNCTIONS):
            space = axes.as_space(given_object(text) if is_given(text) else text)
            if not is_given(text):
                mark_axes(space, SWEEP, textual=True)
            parts[str(text)] = space
            continue
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise ConfigError(f"--sweep takes NAME=VALUE,VALUE,..., got {text!r}.")
        if name in parts:
            raise ConfigError(f"--sweep {name} is given twice: write all its values into one.")
        if is_given(values):
            parts[str(name)] = given_object(values)
            continue
        called = is_call(values, axes.FUNCTIONS)
        parts[name] = values if called else _typed(name, values, known, script, faults)
    return parts


def _typed(
    name: str, text: str, known: Sequence[Parameter], script: str | None, faults: list[Fault]
) -> list[Any]:
    """The values that stand in a text, each typed by the parameter."""
    from ..config.faults import Fault

    values = []
    for one in split_values(text):
        try:
            values.append(_value(name, one, known, script))
        except OverrideError as error:
            told = str(error).replace("--set ", "--sweep ", 1) + _near_call(text)
            faults.append(Fault(name, told, soft=False, told=told))
    return values


def _value(name: str, text: str, known: Sequence[Parameter], script: str | None) -> Any:
    if is_given(text):
        return given_object(text)
    return _unquoted(parse_overrides([f"{name}={text}"], known, script)[name])


def _near_call(text: str) -> str:
    """What may be meant by a text that looks like a call of a function of axes."""
    from ..config.axes import FUNCTIONS
    from ..config.expression import near_call

    near = near_call(text, FUNCTIONS)
    return f" Did you mean {near}(...)?" if near else ""


def _paired(parts: dict[str, Any], paired: str) -> list[str]:
    """Which parts are paired, in order."""
    names = list(parts) if paired == ALL else [name.strip() for name in paired.split(",")]
    for name in names:
        if name not in parts:
            known = ", ".join(parts)
            meant = did_you_mean(name, parts)
            raise ConfigError(
                f"--zip={paired}: there is no --sweep of {name}, but of {known}{meant}"
            )
    return [name for name in parts if name in names]


def _as_space(name: str, values: Any) -> Any:
    from ..config.space import Space

    return values if isinstance(values, Space) else {name: values}


def _unquoted(value: Any) -> Any:
    """A text without the quotes that it has for its commas."""
    quoted = (
        isinstance(value, str) and "," in value and value[:1] in "'\"" and value[-1] == value[0]
    )
    return value[1:-1] if quoted else value


def split_values(text: str) -> list[str]:
    """Split at the commas that aren't within brackets or quotes.

    Example:
        >>> split_values("0.1,(1, 2),'a,b'")
        ['0.1', '(1, 2)', "'a,b'"]
    """
    ends = []
    depth, quote = 0, ""
    for place, character in enumerate(text):
        if isinstance(text, Given) and text.within(place):
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth <= 0:
            ends.append(place)
    starts = [0, *(end + 1 for end in ends)]
    return [text[start:end].strip() for start, end in zip(starts, [*ends, len(text)])]
