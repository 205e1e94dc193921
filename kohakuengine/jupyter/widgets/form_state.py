"""What a form says is to be run, as a plain value: no widgets, nothing that is on a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...config import axes
from ...config.base import Config
from ...config.grid import Grid
from ...config.sweep import Sweep
from ...errors import ConfigError
from .settings import values_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...config.space import Space
    from .settings import Setting


@dataclass(frozen=True)
class FormState:
    """What a form says is to be run.

    Attributes:
        fixed: The variables that have one value, by name; what isn't set is left out.
        swept: The names of those that vary, and how, in order: the last one varies fastest. Those
            that are tied stand together.
        ties: The names of variables whose nth values belong together, a tuple for each such group.
        excluded: Conditions; what one of them holds for is left out.
        sample: How many points are tried, at random, and the seed of that; None for all.
        repeat: How often each of them is run.
        args: Positional arguments of the entrypoint.
        kwargs: Its keyword arguments.
        metadata: Of the Config.

    Raises:
        ConfigError: A variable is set twice, or tied and not varied.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    swept: tuple[tuple[str, Setting], ...] = ()
    ties: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()
    sample: tuple[int, int] | None = None
    repeat: int = 1
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [name for name, _ in self.swept]
        for name in names:
            if name in self.fixed or names.count(name) > 1:
                raise ConfigError(f"{name} is set twice: say it in one place.", key=name)
        tied = [name for tie in self.ties for name in tie]
        for name in tied:
            if name not in names or tied.count(name) > 1:
                raise ConfigError(
                    f"{name} can't be tied: it doesn't vary, or is tied twice.", key=name
                )
        ties = [tuple(n for n in names if n in tie) for tie in self.ties if len(tie) > 1]
        object.__setattr__(self, "ties", tuple(sorted(ties, key=lambda tie: names.index(tie[0]))))
        settings = dict(self.swept)
        order = [name for piece in self.pieces for name in piece]
        object.__setattr__(self, "swept", tuple((name, settings[name]) for name in order))

    @property
    def pieces(self) -> list[tuple[str, ...]]:
        """The axes: the names of what is tied, or of one variable alone."""
        found: list[tuple[str, ...]] = []
        done: set[str] = set()
        for name, _ in self.swept:
            if name not in done:
                piece = next((tie for tie in self.ties if name in tie), (name,))
                found.append(piece)
                done.update(piece)
        return found

    @property
    def settings(self) -> dict[str, Setting]:
        """How each variable that varies does so."""
        return dict(self.swept)

    def without(self, name: str) -> FormState:
        """The same, with a variable left as the script has it."""
        return replace(
            self,
            fixed={other: value for other, value in self.fixed.items() if other != name},
            swept=tuple(pair for pair in self.swept if pair[0] != name),
            ties=tuple(tuple(n for n in tie if n != name) for tie in self.ties),
        )


def base_of(state: FormState) -> Config:
    """What is the same for all runs."""
    return Config(state.fixed, state.args, state.kwargs, state.metadata)


def space_of(state: FormState) -> Space | None:
    """What varies, put together by the functions of `axes`; None where nothing does.

    Raises:
        ConfigError: It can't be put together; `key` is the variable that is wrong, where one is.
    """
    if not state.swept:
        if state.excluded or state.sample is not None or state.repeat != 1:
            raise ConfigError(
                "to leave out, sample and repeat is for what varies: choose a list, a range or "
                "draws for a parameter."
            )
        return None
    settings = state.settings
    parts: list[Any] = []
    for piece in state.pieces:
        named = {name: _values(name, settings[name]) for name in piece}
        tied = len(piece) > 1
        parts.append(axes.zip(named) if tied else axes.axis(piece[0], named[piece[0]]))
    space: Space = Grid(parts, state.excluded)
    if state.sample is not None:
        space = axes.sample(space, *state.sample)
    return space if state.repeat == 1 else axes.repeat(space, state.repeat)


def configs_of(state: FormState) -> Config | Sweep:
    """What is run.

    Raises:
        ConfigError: As `space_of()`; or nothing is left to run.
    """
    space = space_of(state)
    return base_of(state) if space is None else Sweep(base_of(state), space)


def _values(name: str, setting: Setting) -> Any:
    try:
        return axes.axis(name, values_of(setting)).values  # type: ignore[union-attr]
    except ConfigError as error:
        facts = {**vars(error), "key": name}
        message = str(error)
        raise ConfigError(message if name in message else f"{name}: {message}", **facts) from None
