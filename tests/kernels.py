"""Kernels whose sockets are files.

Of the TCP ports that are chosen for a kernel, another process may take one before the kernel does.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OPTION = "--KernelManager.transport=ipc"  # for Jupyter's programs


@contextmanager
def kernel(folder: Path) -> Iterator[tuple[Any, Any]]:
    """A kernel in a folder, for a while: its manager, and a client of it."""
    from jupyter_client.manager import KernelManager

    with _sockets() as sockets:
        manager = KernelManager(kernel_name="python3", **sockets)
        manager.start_kernel(cwd=str(folder))
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            yield manager, client
        finally:
            client.stop_channels()
            if manager.has_kernel:
                manager.shutdown_kernel(now=True)


def execute(notebook: Any, folder: Path, **options: Any) -> None:
    """Execute a notebook in a folder, in a kernel of its own, as nbclient does."""
    import nbclient
    from traitlets.config import Config

    with _sockets() as sockets:
        nbclient.NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            config=Config({"KernelManager": sockets}),
            **options,
        ).execute()


@contextmanager
def _sockets() -> Iterator[dict[str, str]]:
    """What a KernelManager is told to have them in a folder of their own, whose name is short."""
    folder = tempfile.mkdtemp(prefix="kernel")
    try:
        yield {"transport": "ipc", "ip": f"{folder}/socket"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
