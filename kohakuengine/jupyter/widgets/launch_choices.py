"""How a form's runs are to go on, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ...errors import ConfigError
from ...flow.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# What can be chosen without a control for it.
MORE = ("retry_on", "env", "cwd", "gpus", "max_log", "metrics", "strict", "check", "schema")


@dataclass(frozen=True)
class LaunchChoices:
    """How the runs of a form go on.

    Attributes:
        sequential: Whether one goes on after the other.
        workers: How many at once, where they don't; None for as many as there are cores.
        launcher: Where their processes live, or None for the best there is.
        retries: How often a bad run is tried again.
        timeout: Seconds after which a run is ended, or None.
        on_error: What a bad run means for the others.
        tags: Words by which the runs are found again.
        name: What the flow is called, or None.
        detached: Whether the flow goes on when this kernel ends.
        more: Others of `MORE`, which have no control, and their values.
    """

    sequential: bool = False
    workers: int | None = None
    launcher: str | None = None
    retries: int = 0
    timeout: float | None = None
    on_error: str = "continue"
    tags: tuple[str, ...] = ()
    name: str | None = None
    detached: bool = False
    more: tuple[tuple[str, Any], ...] = ()

    def options(self) -> Options:
        """The same for a flow.

        Raises:
            ConfigError: One has a value that it can't have.
        """
        return Options(**self.keywords())

    def keywords(self) -> dict[str, Any]:
        """What isn't as it is without being said, as keywords of `sweep()` and `Options`."""
        said: dict[str, Any] = {
            "workers": 1 if self.sequential else self.workers,
            "launcher": self.launcher,
            "retries": self.retries or None,
            "timeout": self.timeout,
            "on_error": None if self.on_error == "continue" else self.on_error,
            "tags": list(self.tags) or None,
            "name": self.name,
        }
        return {name: value for name, value in said.items() if value is not None} | dict(self.more)

    def words(self, magic: bool) -> list[str]:
        """The same as words of `kogine run`.

        Args:
            magic: Whether they are for `%kogine`, which can begin a flow and go on.
        """
        words: list[str] = []
        for name, value in self.keywords().items():
            words += _words(name, value)
        if self.detached:
            words.append("--detach")
        elif magic:
            words.append("--background")
        return words


def _words(name: str, value: Any) -> list[str]:
    """A choice as words of the command."""
    if name == "env":
        return [word for key, text in value.items() for word in ("--env", f"{key}={text}")]
    if name == "gpus" and not isinstance(value, str):
        return ["--gpus", ",".join(map(str, value))]
    if name == "schema":
        raise ConfigError("a command takes no schema: name it in the config file, or use Python.")
    if isinstance(value, bool):
        if name in ("metrics", "check"):
            return [] if value else [f"--no-{name}"]
        return [f"--{name}"] if value else []
    option = "--tag" if name == "tags" else f"--{name.replace('_', '-')}"
    words: list[str] = []
    for one in value if isinstance(value, (list, tuple)) else [value]:
        words += [option, repr(one) if isinstance(one, float) else str(one)]
    return words


def unusual(options: Mapping[str, Any]) -> dict[str, Any]:
    """Of the arguments of `Options`, those that a form knows and that aren't as they are anyway."""
    usual = vars(Options())
    return {
        name: value
        for name, value in options.items()
        if name != "retry_delay" and name in usual and value != usual[name]
    }


def choices_of(given: Mapping[str, Any]) -> LaunchChoices:
    """Keywords as choices: those of `LaunchChoices`, and `MORE`.

    Raises:
        ConfigError: There is no such choice, or it can't have that value.
    """
    own = [field.name for field in fields(LaunchChoices) if field.name != "more"]
    for name in given:
        if name not in own and name not in MORE:
            from ...config.overrides import nearest

            near = nearest(name, [*own, *MORE], 1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join([*own, *MORE])}."
            raise ConfigError(f"SweepLauncher takes no {name}; {hint}", key=name)
    known = {name: value for name, value in given.items() if value is not None}
    if "tags" in known:
        known["tags"] = tuple([known["tags"]] if isinstance(known["tags"], str) else known["tags"])
    more = tuple((name, known.pop(name)) for name in MORE if name in known)
    choices = LaunchChoices(**known, more=more)
    choices.options()
    return choices
