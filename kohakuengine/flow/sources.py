"""Keep what a flow's scripts consist of, and what they run on."""

from __future__ import annotations

import os

from ..runs.sources import code_digest, find_sources, keep_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine.script import Script
    from ..runs.paths import FlowPaths
    from ..runs.sources import Source


def sources_of(script: Script) -> list[Source]:
    """A script's own text, first, and that of its local imports."""
    return find_sources(script.code_file, script.read(), script.folder)


class KeptSources:
    """The sources of a flow's scripts, in the flow's directory.

    Attributes:
        names: For each script, where its text is, relative to the folder of sources.
        places: For each script, under which it is known.
        code: For each script's path, the digest of all of its sources.
        all: The sources of all scripts.

    Raises:
        OSError: They can't be written.
    """

    def __init__(self, scripts: Sequence[Script], paths: FlowPaths) -> None:
        self.names: dict[Script, str | None] = {}
        self.places: dict[Script, str] = {}
        self.code: dict[str, str] = {}
        self.all: list[Source] = []
        for script in scripts:
            sources = sources_of(script)
            kept = keep_sources(sources, paths.source)
            self.names[script] = kept[0]["kept"]
            self.places[script] = script.place
            self.code[script.place] = code_digest(sources)
            self.all += sources


def keep_provenance_of(
    kept: KeptSources, scripts: Sequence[Script], paths: FlowPaths, cwd: str | None
) -> None:
    """Write what the flow runs on, in a working directory: git commit, interpreter, versions, host.

    Raises:
        OSError: It can't be written.
    """
    from ..runs.provenance import keep_provenance

    cwd = cwd or os.path.expanduser("~")
    keep_provenance(paths, [script.path for script in scripts], kept.all, cwd)
