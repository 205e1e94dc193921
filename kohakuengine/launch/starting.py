"""How the interpreters of runs, workers and servers are started."""

from __future__ import annotations

import subprocess
import sys

from .registry import in_kernel

# What a notebook's kernel ignores between its cells, and a script isn't to ignore for that.
_TAKE_INTERRUPTS = "import _signal; _signal.signal(_signal.SIGINT, _signal.default_int_handler); "


def interpreter(module: str, *arguments: str) -> list[str]:
    """The command line of a new interpreter that is as this one, and calls `main()` of a module.

    Args:
        module: The module's whole name; what its `main()` returns is the exit status.
        arguments: What its `main()` is called with.
    """
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    text = "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    text += _TAKE_INTERRUPTS if in_kernel() else ""
    text += f"from {module} import main; sys.exit(main(*sys.argv[1:]))"
    return [sys.executable, *flags, "-c", text, *arguments]
