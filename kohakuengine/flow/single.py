"""Run one script once, recorded like a flow of many."""

from __future__ import annotations

import os
import threading
import time

from ..errors import KogineError, StoreError
from ..launch.base import Job
from ..runs.outcome import read_outcome
from ..runs.rows import outcome_columns
from ..runs.schema import refuse_newer
from ..runs.store import RunStore
from .options import check_secrets
from .plan import Planned
from .recorder import Recorder
from .requests import take_requests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from typing import Any

    from ..config.base import Config
    from ..engine.script import Script
    from ..launch.foreground import Process
    from ..runs.outcome import Outcome
    from .options import Options


# A run that takes no longer, in seconds, isn't made to share the processor with git and others.
_SHORT = 0.2
_REQUESTS = 0.2  # how often requests of others are looked for, in seconds


class Single:
    """A flow of one run, which whoever makes it carries out.

    Args:
        script: What to run.
        config: What to run it with.
        options: What was chosen.
        launcher: Where the run's process lives.
        program: The compiled script, for that process, if there is one.

    Attributes:
        job: The attempt, ready to be started.
        fault: What couldn't be recorded, and why, though the run has taken place; None most often.

    Raises:
        ConfigError: GPUs are asked for, and there are none; or the config chooses something that
            it can't.
        StoreError: The store can't be written.
        LauncherError: The config can't be sent to another process.
    """

    def __init__(
        self,
        script: Script,
        config: Config,
        options: Options,
        launcher: str,
        program: bytes | None = None,
    ) -> None:
        self.script = script
        self.options = options
        self.planned = Planned(0, script, config)
        own = options.with_own(self.planned.own)
        check_secrets(config, own.env)
        gpu = _gpu(options)
        store = RunStore()
        refuse_newer(store.index)  # it is opened beside the script
        self.recorder = Recorder(store, options, launcher)
        try:
            attempt = self._make(program)
        except BaseException:  # a Ctrl-C, too
            self.recorder.withdraw()  # of which the index knows nothing yet
            raise
        self.job = Job(
            self.id,
            self.paths,
            attempt,
            environ={**gpu, **own.env, "KOGINE_FLOW_ID": self.recorder.id},
            cwd=own.cwd,
            timeout=own.timeout,
            max_log=own.max_log,
            script=script,
            config=config,
            strict=options.strict,
        )
        self._work: threading.Thread | None = None
        self._forking = False
        self._over = threading.Event()
        self._is_indexed = False
        self._error: BaseException | None = None  # of that thread
        self.fault: str | None = None

    def _make(self, program: bytes | None) -> int:
        """Make the directories of flow, run and attempt, and give the attempt's number."""
        self.recorder.keep_flow([self.script], 1, single=True)
        name = None if program is None else self.recorder.keep_program(program)
        self.row = self.recorder.make_run(self.planned, name)
        self.id = self.row["id"]
        self.paths = self.recorder.store.paths.run(self.id)
        return self.recorder.new_attempt(self.paths, first=True)

    def run(self, **how: Any) -> Outcome:
        """Carry it out in a process of its own, with our terminal, standard input and Ctrl-C.

        Args:
            how: Arguments of `run_in_foreground()`.

        Raises:
            LauncherError: The process can't be started.
            KeyboardInterrupt: A Ctrl-C came before it was, and nothing is recorded; or afterwards.
        """
        from ..launch.foreground import run_in_foreground

        try:
            return run_in_foreground(self.job, **how)
        except (KogineError, KeyboardInterrupt):
            if self._work is None:  # it hasn't begun
                self.recorder.withdraw()
            else:
                self.recorder.let_go()
            raise

    def began(self, process: Process | None = None, *, forking: bool = False) -> None:
        """Record that the run goes on. Takes a while, in a thread: the run needn't wait for it.

        Args:
            process: The run's, by which it is ended when somebody asks for that; None where it is
                this one.
            forking: Whether what a short run took place with may be found out afterwards, by a
                fork of this process that nobody waits for.
        """
        self._forking = forking
        if process is not None:
            threading.Thread(target=self._obey, args=[process], daemon=True).start()
        self._work = threading.Thread(target=self._record_start)
        self._work.start()

    def _obey(self, process: Process) -> None:
        """End the run when somebody asks for that."""
        while not self._over.wait(_REQUESTS):
            from ..launch.fresh import SIGNALS

            for request in take_requests(self.recorder.paths):
                if request["do"] == "cancel" and request.get("run") in (None, self.id):
                    process.send_signal(SIGNALS[request.get("how", "terminate")])

    def _keep_provenance(self) -> None:
        self.recorder.keep_provenance([self.script])

    def _record_start(self) -> None:
        try:
            began = {"status": "running", "started": time.time(), "attempts": 1, "slot": 0}
            self.row.update(began)
            self._index()
            if not (self._forking and self._over.wait(_SHORT)):
                self._keep_provenance()
        except BaseException as error:
            self._error = error

    def _index(self) -> None:
        """Tell the index of flow and run."""
        with self.recorder.store.transaction():
            self.recorder.index_flow()
            self.recorder.store.add_runs([self.row])
        self._is_indexed = True

    def ended(self) -> Outcome:
        """Record how the run ended. Where the index can't be told, that is in `fault`.

        Raises:
            StoreError: The directories can't be written.
        """
        self._over.set()
        try:
            outcome = self._settled()
            status = outcome.status if outcome.status != "timed_out" else "failed"
            self.recorder.end_flow(status)
            if self._work is not None:
                self._work.join()
            if self._error is not None and not isinstance(self._error, StoreError):
                raise self._error
            self._index_end()
        finally:
            self.recorder.let_go()
        if not os.path.exists(self.recorder.paths.provenance):
            _fork(self._keep_provenance, self.recorder.paths.log)
        return outcome

    def _settled(self) -> Outcome:
        from ..runs.watch import Watch

        watch = Watch(self.job.attempt, self.options.metrics)
        outcome = read_outcome(self.job.attempt)
        if outcome is None:  # whoever carried it out didn't come to tell
            from ..launch.survivors import settle_attempt

            reason = "how it ended couldn't be recorded"
            settle_attempt(self.id, self.job.attempt, reason=reason)
            outcome = read_outcome(self.job.attempt)
            assert outcome is not None
        watch.finish()
        self._columns = outcome_columns(outcome, watch.metrics())
        return outcome

    def _index_end(self) -> None:
        store = self.recorder.store
        try:
            with store.transaction():
                if not self._is_indexed:  # it couldn't be told at the beginning
                    self._index()
                    self._error = None
                store.update_run(self.id, **self._columns)
                store.update_flow(self.recorder.id, **self.recorder.end_columns())
        except StoreError as error:
            self._error = error
        if self._error is not None:
            self.fault = f"{self._error} The run has ended, and is kept in {self.paths.folder}."


def _gpu(options: Options) -> dict[str, str]:
    """What the environment says of the GPU of the one slot."""
    if options.gpus is None:  # most often: spare the import
        return {}
    from .slots import Slots, gpu_ids

    return Slots(1, gpu_ids(options.gpus)).environ(0)


def _fork(work: Callable[[], None], log: str) -> None:
    """Do something in a fork of this process, which nobody waits for.

    It holds none of our standard streams: who reads them waits for their end. What goes wrong is
    told in a log.
    """
    if os.fork():
        return
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        work()
    except Exception as error:
        with open(log, "a") as file:
            print(f"what the run takes place with can't be kept: {error}", file=file)
    finally:
        os._exit(0)
