"""What `%load_ext kohakuengine` does: the magics and their completion, and no long imports."""

from __future__ import annotations

from ..errors import KogineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_BAD_KERNEL = (7, 0)  # what threads display goes astray there


def load(shell: InteractiveShell) -> None:
    """Give a shell the magics.

    Raises:
        KogineError: The kernel is one that they can't work in.
    """
    try:
        refuse_bad_kernel(shell)
    except KogineError as error:
        from .errors import rendered_as_sentence

        rendered_as_sentence(error)
        raise
    from . import completion
    from .magics import KogineMagics

    magics = KogineMagics(shell)
    shell.register_magics(magics)
    completion.add(shell, magics.face)


def unload(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    from . import completion

    completion.remove(shell)
    manager = shell.magics_manager
    magics = manager.registry.pop("KogineMagics", None)
    for kind in manager.magics.values():
        kind.pop("kogine", None)
    if magics is not None:
        magics.leave()


def refuse_bad_kernel(shell: InteractiveShell) -> None:
    """Refuse ipykernel 7.0, in which displays of threads are lost.

    Raises:
        KogineError: It is that.
    """
    if getattr(shell, "kernel", None) is None:
        return
    from ipykernel._version import __version__, version_info

    if tuple(version_info[:2]) == _BAD_KERNEL:
        raise KogineError(
            f"ipykernel {__version__} loses what threads display, as live tables do: "
            "install another one (pip install -U 'ipykernel!=7.0.*'), and restart the kernel."
        )
