"""Call a script's entrypoint, and keep what it returns; which one that is, entry_plan.py finds."""

from __future__ import annotations

from ..errors import EntrypointError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any, NoReturn, TypeVar

    from .entry_calls import Definition

    Function = TypeVar("Function", bound=Callable[..., Any])


def entrypoint(function: Function) -> Function:
    """Mark the function of a script that a run calls.

    The script's main block, if it has one, is then left out. The function itself stays as it is,
    so that the script works as before where KohakuEngine doesn't run it.

    Example:
        >>> @entrypoint
        ... def train(epochs=3):
        ...     return epochs
        >>> train()
        3
    """
    return function


class Arguments:
    """What the entrypoint is called with, where the user says so.

    Attributes:
        refusal: The error by which we refused the call, while the script ran.
        definition: The function that takes them, where the script's syntax alone told that.
    """

    definition: Definition | None = None

    def __init__(self, args: Sequence[object] = (), kwargs: Mapping[str, object] | None = None):
        self.args = tuple(args)
        self.kwargs = dict(kwargs or {})
        self.refusal: EntrypointError | None = None
        self._inspect: Any = None

    def __bool__(self) -> bool:
        return bool(self.args or self.kwargs)

    def prepare(self) -> None:
        """Import what `check_call` needs while imports still find our own modules."""
        import inspect

        self._inspect = inspect

    def check_definition(self, definition: Definition) -> None:
        """Refuse what a function of the script doesn't take, by its syntax alone.

        Raises:
            EntrypointError: It names the argument.
        """
        from .signature import stand_in  # which parses

        self.prepare()
        self.check_call(stand_in(definition), definition.name)
        self.definition = definition

    def check_call(self, function: Callable[..., object], name: str) -> None:
        """Refuse what a function doesn't take.

        Raises:
            EntrypointError: It names the argument.
        """
        try:
            signature = self._inspect.signature(function)
        except (TypeError, ValueError):  # some functions written in C don't tell
            return
        try:
            signature.bind(*self.args, **self.kwargs)
        except TypeError as error:
            meant = self._meant(signature.parameters)
            self.refuse(f"{name}{signature} can't be called so: {error}{meant}")

    def _meant(self, parameters: Mapping[str, object]) -> str:
        """What an argument that isn't taken may mean, the end of a sentence."""
        from ..config.near import did_you_mean

        free = [name for name in parameters if name not in self.kwargs]
        return next((did_you_mean(n, free) for n in self.kwargs if n not in parameters), ".")

    def of_script(self, namespace: Mapping[str, Any]) -> tuple[Any, Any]:
        """The arguments, with members of the script's own Enums in the places of their names."""
        from ..config.members import holds_stand_in

        if not holds_stand_in([self.args, self.kwargs]):
            return self.args, self.kwargs
        import ast

        from .constants import Constants
        from .program import filled

        constants = Constants()
        both = ast.Expression(constants.expression((self.args, self.kwargs), ""))
        code = compile(ast.fix_missing_locations(both), "<arguments>", "eval")
        args, kwargs = eval(filled(code, constants.markers), dict(namespace))
        return args, kwargs

    def refuse(self, message: str) -> NoReturn:
        """Raise an EntrypointError that is known to be ours, not the script's."""
        self.refusal = EntrypointError(message)
        raise self.refusal from None


class Entry:
    """How one script is entered, planned from its syntax before it runs.

    Attributes:
        changes_script: Whether the script's syntax tree had to be changed for it.
        asked_for: The function that the user named or marked, if any.
    """

    def __init__(
        self,
        function: str | None,
        arguments: Arguments,
        values: deque[Any],
        changes_script: bool,
        asked_for: str | None = None,
    ) -> None:
        self.changes_script = changes_script
        self.asked_for = asked_for
        self._function = function
        self._arguments = arguments
        self._values = values

    @property
    def keeps_only(self) -> int | None:
        """How many values are kept, where that is all there is to it; else None."""
        plain = self._function is None and not self._arguments and self.asked_for is None
        return self._values.maxlen if plain else None

    def finish(self, namespace: Mapping[str, Any]) -> object:
        """Call the function, if one is to be called once the top level has run.

        Returns:
            The value of the entrypoint; an awaitable is awaited.

        Raises:
            EntrypointError: There is no such function after all, or it doesn't take the arguments.
        """
        if self._function is None:
            return self.kept_value
        function = namespace.get(self._function)
        if not callable(function):
            self._arguments.refuse(f"{self._function} is no function once the script has run.")
        self._arguments.check_call(function, self._function)
        args, kwargs = self._arguments.of_script(namespace) if self._arguments else ((), {})
        value = function(*args, **kwargs)
        return _awaited(value) if _is_awaitable(value) else value

    def reveal(self, revealed: Callable[[Any], Any]) -> None:
        """Have the arguments hold what a function makes of each."""
        self._arguments.args = revealed(self._arguments.args)
        self._arguments.kwargs = revealed(self._arguments.kwargs)

    @property
    def refusal(self) -> EntrypointError | None:
        """The error by which we refused to call the entrypoint, while the script ran."""
        return self._arguments.refusal

    def exited_early(self) -> None:
        """Refuse a run that the script ended before the function asked for could be called.

        Raises:
            EntrypointError: There is such a function.
        """
        if self.asked_for is not None:
            self._arguments.refuse(
                f"the script exited before {self.asked_for} could be called: "
                "its top level ends it, outside of a main block."
            )

    @property
    def kept_value(self) -> object:
        """The value of the entry call executed last; if awaitable, of the call that consumed it."""
        events = list(self._values)
        starts = [index for index, (is_entry_call, _) in enumerate(events) if is_entry_call]
        tail = [value for _, value in events[starts[-1] :]] if starts else []
        return next((value for value in tail if not _is_awaitable(value)), None)


def _is_awaitable(value: object) -> bool:
    return hasattr(type(value), "__await__")


def _awaited(value: Awaitable[object]) -> object:
    import asyncio

    async def wait() -> object:
        return await value

    return asyncio.run(wait())
