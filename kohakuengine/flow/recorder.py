"""Keep what becomes of a flow and its runs: in their directories first, then in the index."""

from __future__ import annotations

import os
import time
from copy import copy

from ..errors import LauncherError, NotFoundError, StoreError
from ..runs.outcome import CANCELLED, INTERRUPTED
from ..runs.lock import FlowLock, taken
from ..runs.rows import row_of_spec
from ..runs.sources import digest_of
from ..runs.spec import write_spec
from ..runs.values import FORMAT, read_record, write_bytes, write_json
from .options import check_secrets
from .requests import take_requests
from .sources import KeptSources, keep_provenance_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..engine.script import Script
    from ..runs.paths import FlowPaths, RunPaths
    from ..runs.store import RunStore
    from .options import Options
    from .plan import Planned

_LINE = 33  # bytes of a line of the list of runs


def new_id() -> str:
    """An id for a flow or a run: 128 random bits in hex."""
    return os.urandom(16).hex()


class Recorder:
    """Writes one flow, which it holds the lock of.

    Args:
        store: Where the flow is kept.
        options: What was chosen for the flow.
        launcher: Where its runs' processes live.
        id: That of an earlier flow, to go on with it.

    Attributes:
        cwd: The working directory in which the flow began; None where it was gone.

    Raises:
        NotFoundError: There is no such flow any more.
        StoreError: Another process writes that flow, or it can't be made.
    """

    def __init__(
        self, store: RunStore, options: Options, launcher: str, id: str | None = None
    ) -> None:
        self.store = store
        self.options = options
        self.launcher = launcher
        self._new = id is None
        self.id = id or new_id()
        self.paths = store.paths.flow(self.id)
        self.created = time.time()
        self.cwd = _working_directory()
        self._shared: dict[Script, str] = {}  # the file with what a script is given
        self._list = -1  # the descriptor of the list of our runs
        try:
            self._make_folder()
            self._lock = self._taken()
        except BaseException:
            self._unmake()
            raise

    def _make_folder(self) -> None:
        if not self._new and not os.path.exists(self.paths.record):
            raise NotFoundError(
                f"there is no flow {self.id[:8]} in the store {self.store.paths.home} any more:"
                " somebody removed it.",
                path=self.store.paths.home,
                candidates=(),
            )
        try:
            os.makedirs(self.paths.requests, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.paths.folder, error) from error

    def _taken(self) -> FlowLock:
        lock = taken(self.paths)
        if lock is None:
            raise is_going_on(self.paths)
        try:
            take_requests(self.paths)  # they were for the process that ran the flow before
        except OSError as error:
            lock.release()
            raise cannot_write(self.paths.requests, error) from error
        return lock

    # ---- the flow ----

    def keep_flow(
        self,
        scripts: Sequence[Script],
        total: int | None,
        *,
        workers: int | None = None,
        single: bool = False,
        partly: bool = False,
    ) -> None:
        """Write what the flow is, with the text of its scripts and of what they import.

        Args:
            scripts: All of them, in order.
            total: How many runs there are, or None where that isn't known.
            workers: How many at once were chosen, or None.
            partly: Whether these are only some of the scripts of a flow that is there.
            single: Whether it is of one run by itself, which resumes nothing, and which is put
                into the index later. Any other is so before its directory says what it is: then
                the index knows all that the directories do, whenever we are killed.
        """
        try:
            self.kept = KeptSources(scripts, self.paths)
            self._keep_shared(scripts)
            before: dict[str, Any] = {}
            self._status_before = self._how_it_ended()
            if os.path.exists(self.paths.record):
                before = read_record(self.paths.record)
                self.created = before["created"]
                self._keep_name(before)
                total = before["total"] if partly else total
            self.record: dict[str, Any] = {
                "format": FORMAT,
                "id": self.id,
                "name": self.options.name,
                "created": self.created,
                "scripts": before["scripts"] if partly else list(self.kept.code),
                "options": {
                    **self.options.to_json(),
                    "launcher": self.launcher,
                    "workers": workers,
                },
                "single": single,
                "tags": self.options.tags,
                "host": os.uname().nodename,
                "pid": os.getpid(),
                "total": total,
                "code": {**before.get("code", {}), **self.kept.code},
            }
            if not single:
                self.index_flow()
            if os.path.exists(self.paths.ended):
                os.unlink(self.paths.ended)
            write_json(self.paths.record, self.record)
            if not single:
                self.index_flow()  # again: a reindex just before took it out, as it wasn't made yet
        except BaseException as error:
            if self._new:
                self.withdraw()
            if isinstance(error, OSError):
                raise cannot_write(self.paths.folder, error) from error
            raise

    def _keep_shared(self, scripts: Sequence[Script]) -> None:
        """Keep what scripts are given, which may be much, once for all runs."""
        given = [script for script in scripts if script.given and self.launcher != "inline"]
        if given:
            from ..runs.shared import keep_shared

            self._shared = {script: keep_shared(self.paths, script.given) for script in given}

    def _how_it_ended(self) -> str | None:
        """How the flow that is gone on with had ended, if it had."""
        try:
            ended = read_record(self.paths.ended)
        except (OSError, ValueError):
            return None
        return ended.get("status") if isinstance(ended, dict) else None

    def _keep_name(self, before: dict[str, Any]) -> None:
        """Leave a flow the name and the tags that it has, where it is given none."""
        self.options = copy(self.options)
        self.options.name = self.options.name or before.get("name")
        self.options.tags = self.options.tags or before.get("tags") or []

    def keep_provenance(self, scripts: Sequence[Script]) -> None:
        """Write what the flow runs on. Takes a while: git and the installed packages are asked.

        Raises:
            StoreError: It can't be written.
        """
        try:
            keep_provenance_of(self.kept, scripts, self.paths, self.cwd)
        except OSError as error:
            raise cannot_write(self.paths.folder, error) from error

    def index_flow(self) -> None:
        """Put the flow into the index."""
        columns = ("id", "name", "created", "scripts", "options", "tags", "host", "pid", "total")
        facts = {name: self.record[name] for name in columns}
        self.store.add_flow(**facts, status="running")

    def end_flow(self, status: str) -> None:
        """Write that the flow has ended in order.

        It has as many runs as were planned, also where it was stopped before they had all begun;
        more where it has others from before it was resumed.
        """
        total = max(_length(self.paths), self.record["total"] or 0)
        self.ended = {"format": FORMAT, "status": status, "ended": time.time(), "total": total}
        try:
            write_json(self.paths.ended, self.ended)
        except OSError as error:
            raise cannot_write(self.paths.folder, error) from error

    def unfinished_status(self) -> str | None:
        """How the flow still is after some of its runs were run again, and others never begun."""
        if begun_of(self.store, self.id) >= (self.record["total"] or 0):
            return None
        return CANCELLED if self._status_before == CANCELLED else INTERRUPTED

    def end_columns(self) -> dict[str, Any]:
        """What the index is to be told of the flow's end."""
        return {**{name: self.ended[name] for name in ("status", "ended", "total")}, "pid": None}

    def let_go(self) -> None:
        """Release the lock; nothing happens if it has been."""
        self._lock.release()
        if self._list >= 0:
            os.close(self._list)
            self._list = -1

    def withdraw(self) -> None:
        """Remove what has been kept, where nothing can begin, and release the lock."""
        from ..runs.remove import Removal, remove

        self.let_go()
        try:
            gone = remove(self.store, {self.id: Removal(self.paths.listed(), [self.id])}).flows
        except StoreError:  # what is told is why nothing can begin, and most likely it is the same
            gone = []
        if not gone:
            self._unmake()

    def _unmake(self) -> None:
        """Remove the directories of a new flow; where the index knows it, a later look forgets it."""
        from shutil import rmtree

        if self._new:
            for run in self.paths.listed():
                rmtree(self.store.paths.run(run).folder, ignore_errors=True)
            rmtree(self.paths.folder, ignore_errors=True)

    # ---- its runs ----

    def keep_program(self, program: bytes) -> str:
        """Keep a compiled script for the runs' processes, and give the name under which.

        Raises:
            StoreError: It can't be written.
        """
        name = digest_of(program)
        path = os.path.join(self.paths.programs, name)
        try:
            if not os.path.exists(path):
                os.makedirs(self.paths.programs, exist_ok=True)
                write_bytes(path, program)
        except OSError as error:
            raise cannot_write(path, error) from error
        return name

    def make_run(self, planned: Planned, program: str | None = None) -> dict[str, Any]:
        """Make the directory of a run, with what the run is to do.

        Args:
            planned: The run.
            program: The name of its compiled script, where that is kept.

        Returns:
            Its row of the index; that of a run which hasn't begun.

        Raises:
            LauncherError: The config can't be sent to another process.
            ConfigError: An option would record a secret of the config.
            StoreError: The directory can't be made.
        """
        id = new_id()
        paths = self.store.paths.run(id)
        try:
            if self._list < 0:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._list = os.open(self.paths.runs, flags, 0o666)
            os.write(self._list, f"{id}\n".encode())  # a later look finds by it what we began
            _make_folders(paths)
            return row_of_spec(self._write_spec(id, paths, planned, program))
        except OSError as error:
            raise cannot_write(paths.folder, error) from error

    def _write_spec(
        self, id: str, paths: RunPaths, planned: Planned, program: str | None
    ) -> dict[str, Any]:
        script, options = planned.script, self.options.with_own(planned.own)
        cwd = self.cwd_of(planned)
        facts = {
            "id": id,
            "flow": self.id,
            "position": planned.position,
            "name": planned.name,
            "created": time.time(),
            "script": _made_of(script, script.name_in(cwd)),
            "path": self.kept.places[script],
            **self._code(planned, program),
            "params": planned.params,
            "metadata": _shown_metadata(planned),
            "key": planned.key,
            "strict": options.strict,
            "launcher": self.launcher,
            "cwd": cwd,
            "metrics": options.metrics,
            "tags": options.tags,
        }
        facts = self._with_choices(facts, planned)
        try:
            write_spec(paths, facts, planned.config)
        except OSError:
            raise
        except Exception as error:  # objects have many ways to say that they can't be pickled
            if self.launcher != "inline":
                raise LauncherError(
                    f"the config can't be sent to a new process: {error}. Run it inline, "
                    "or have the script make that object."
                ) from error
            write_json(
                paths.spec, {"format": FORMAT, **facts, "config": None, "import_folders": []}
            )
        return facts

    def _with_choices(self, spec: dict[str, Any], planned: Planned) -> dict[str, Any]:
        """A spec with what was chosen for the run, and which of it by its config alone."""
        options = self.options.with_own(planned.own)
        check_secrets(planned.config, options.env)
        chosen: dict[str, Any] = {"options": planned.own}
        chosen |= {name: getattr(options, name) for name in ("env", "timeout", "max_log")}
        chosen["cwd_chosen"] = options.cwd is not None
        return {**spec, **chosen}

    def cwd_of(self, planned: Planned, before: str | None = None) -> str | None:
        """The working directory of a run's next attempt; None for that of this process.

        Args:
            planned: The run.
            before: That of the attempt before: the script's relative paths are of there.
        """
        options = self.options.with_own(planned.own)
        if options.cwd is not None:
            return options.cwd
        # One that was removed or renamed is that of this process still, perhaps by another name.
        there = (folder for folder in (before, self.cwd) if folder and _can_enter(folder))
        return next(there, None) or _working_directory()

    def _code(self, planned: Planned, program: str | None) -> dict[str, Any]:
        """What of the flow's directory is run."""
        source = self.kept.names.get(planned.script)
        code = {"source": source, "program": program if source else None}
        shared = self._shared.get(planned.script)
        return code if shared is None else {**code, "shared": shared}

    def renew_run(self, paths: RunPaths, planned: Planned, program: str | None) -> str | None:
        """Have the next attempt at a run take its script, launcher and options as they are now.

        Returns:
            Its working directory.

        Raises:
            StoreError: The run's directory can't be written.
        """
        try:
            spec = read_record(paths.spec)
            # What was chosen for the attempt before isn't, unless it is chosen again.
            cwd = self.cwd_of(planned, None if spec.get("cwd_chosen") else spec.get("cwd"))
            target = planned.script.name_in(cwd, spec["script"]["target"])
            renewed = {
                **spec,
                **self._code(planned, program),
                "launcher": self.launcher,
                "cwd": cwd,
                "script": _made_of(planned.script, target),
            }
            renewed = self._with_choices(renewed, planned)
            if spec != renewed:
                write_json(paths.spec, renewed)
        except OSError as error:
            raise cannot_write(paths.folder, error) from error
        return cwd

    def new_attempt(self, paths: RunPaths, first: bool = False) -> int:
        """Make the directory of a run's next attempt, the first one or not; give its number."""
        number = 1 if first else paths.last_attempt() + 1
        try:
            os.mkdir(paths.attempt(number).folder)
        except OSError as error:
            raise cannot_write(paths.folder, error) from error
        return number


def begun_of(store: RunStore, flow: str) -> int:
    """How many runs a flow has come to have, those that were removed since included."""
    return max(_length(store.paths.flow(flow)), store.count(flow=flow))


def _length(paths: FlowPaths) -> int:
    """How many runs are in a flow's list of them."""
    return os.path.getsize(paths.runs) // _LINE if os.path.exists(paths.runs) else 0


def is_going_on(paths: FlowPaths) -> StoreError:
    """What is said to those who would go on with a flow that another process runs."""
    flow = os.path.basename(paths.folder)[:8]
    return StoreError(
        f"flow {flow} is going on in another process: follow it with kogine attach {flow}.",
        path=paths.folder,
    )


def _make_folders(paths: RunPaths) -> None:
    try:
        os.mkdir(paths.folder)
    except FileNotFoundError:  # the first one of its group
        os.makedirs(paths.folder)
    os.mkdir(paths.attempts)


def _made_of(script: Script, target: str) -> dict[str, Any]:
    """The arguments of a `Script` that make the same one in the run's process."""
    made_of = {"target": target, "entrypoint": script.entrypoint, "argv": list(script.argv)}
    return made_of if script.found_in is None else {**made_of, "folder": script.found_in}


def _shown_metadata(planned: Planned) -> object:
    from ..runs.shown import jsonable

    return jsonable(planned.config.metadata, 3)


def _can_enter(folder: str) -> bool:
    return os.path.isdir(folder) and os.access(folder, os.X_OK)


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def cannot_write(path: str, error: OSError) -> StoreError:
    """What is said where the store can't be written."""
    import errno

    reason = (error.strerror or str(error)).lower()
    advice = "make room there" if error.errno == errno.ENOSPC else "make it writable"
    return StoreError(
        f"the store can't be written ({path}): {reason}; {advice}, or name another folder in the "
        "variable KOGINE_HOME.",
        path=path,
    )
