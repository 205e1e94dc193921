"""How errors are shown in a notebook: ours in one sentence, a script's with its own traceback."""

from __future__ import annotations

from contextlib import contextmanager, suppress

from ..errors import KogineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell


@contextmanager
def told(shell: InteractiveShell) -> Iterator[None]:
    """Have errors be shown without frames of ours."""
    import click

    try:
        yield
    except click.ClickException as error:
        from IPython.core.error import UsageError

        raise UsageError(_said(error)) from None
    except KogineError as error:
        rendered_as_sentence(error)
        raise


def rendered_as_sentence(error: KogineError) -> None:
    """Have IPython show an error of ours without frames."""
    said = f"{_coloured(type(error).__name__)}: {error}"
    rendered(error, lambda: [said])


def rendered(error: BaseException, lines: Callable[[], list[str]]) -> None:
    """Have IPython show an error as these lines, unless somebody has said how already."""
    if not hasattr(error, "_render_traceback_"):
        with suppress(AttributeError, TypeError):  # a class of the script's may refuse attributes
            error._render_traceback_ = lines  # type: ignore[attr-defined]


def render_remote(error: BaseException, traceback: str | None, where: str) -> None:
    """Have the error of a run be shown with its traceback there, and nothing of here.

    Args:
        error: What is raised.
        traceback: The script's own, where it raised that.
        where: What else is to be said, if anything.
    """
    text = traceback.rstrip("\n") if traceback else f"{type(error).__name__}: {error}"
    *before, last = text.split("\n")
    kind, colon, message = last.partition(":")
    coloured = f"{_coloured(kind)}{colon}{message}"
    rendered(error, lambda: [*before, coloured, *(["", where] if where else [])])


def render_local(shell: InteractiveShell, error: BaseException) -> None:
    """Have an error of a script that ran here be shown from the script's first frame on."""
    from ..engine.takeover import without_our_frames

    traceback = without_our_frames(error.__traceback__)
    kind = type(error)

    def lines() -> list[str]:
        show = shell.InteractiveTB.structured_traceback
        found: list[str] = show(kind, error, traceback, tb_offset=0)
        return found

    rendered(error, lines)


def _said(error: object) -> str:
    return str(getattr(error, "format_message")())


def _coloured(text: str) -> str:
    return f"\x1b[31m{text}\x1b[0m"
