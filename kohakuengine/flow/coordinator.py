"""The one loop of a flow: submit runs, watch them, record how they end, retry, cancel."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections import Counter, deque
from functools import partial

from ..errors import KogineError, LauncherError, StoreError
from ..launch.base import Job, check_limits
from ..launch.survivors import settle_attempt
from ..runs.idlist import Ids
from ..runs.outcome import CANCELLED, FAILED, FINISHED, INTERRUPTED, TIMED_OUT, read_outcome
from ..runs.rows import outcome_columns
from ..runs.watch import Watch
from .checks import Checks
from .going import Going
from .index_writer import IndexWriter
from .interrupts import Interrupts
from .recorder import cannot_write
from .requests import take_requests
from .retries import Retries
from .view import Shielded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol, TypeVar

    from ..launch.base import Launcher
    from ..runs.outcome import Outcome
    from .options import Options
    from .plan import Plan, Planned
    from .recorder import Recorder
    from .slots import Slots
    from .view import View

    _T = TypeVar("_T")

    class EarlierRuns(Protocol):
        """What became of a flow's runs before, where it is gone on with."""

        flow: str

        def take(self, planned: Planned) -> dict[str, Any] | None:
            """The earlier run that a planned one is: its row of the index; None where none is."""
            ...

        def attempts_of(self, run: str) -> int:
            """How many attempts that run had before."""
            ...

        def note_if_strange(self, plan: Plan, view: View, *, over: bool) -> None:
            """Say, once, that none of a plan's runs is an earlier one, where that is known."""
            ...


TICK = 0.05  # how often output is looked at while runs go on, in seconds
_REQUESTS = 0.2  # how often requests of others are looked for, in seconds
_ENDINGS = ("ended", "exit_code", "error", "peak_memory", "cpu_seconds", "result")
# What no other run can be written for, either.
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class Coordinator:
    """Sees a flow through, from its first run to its last.

    Args:
        plan: Which scripts run with which configs.
        options: What was chosen.
        recorder: Writes what happens.
        launcher: Starts the runs' processes.
        slots: The places in which runs go on.
        view: Is told what happens.
        earlier: What became of the flow's runs before, where it is resumed.
        ended: Is called with the id of each run that has ended for good, in the order of their ends.
        heard: Waits a moment for those who were told of an end, and may want a run tried again.

    Attributes:
        order: The runs' ids in the order of their submission.
        status: Of the flow.
        fault: Why the flow couldn't go on to its end, or None.
        interrupted: Whether a Ctrl-C came in this thread, which is then the main one.
    """

    def __init__(
        self,
        plan: Plan,
        options: Options,
        recorder: Recorder,
        launcher: Launcher,
        slots: Slots,
        view: View,
        earlier: EarlierRuns | None = None,
        ended: Callable[[str], None] = lambda run: None,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self.plan = plan
        self.options = options
        self.recorder = recorder
        self.store = recorder.store
        self.launcher = launcher
        self.view = Shielded(view)
        self.order = Ids()
        self.status = "running"
        self.fault: BaseException | None = None
        self.interrupted = False
        self._interrupts = Interrupts(self._note_interrupt)
        self._earlier = earlier
        self._checks = Checks(options, recorder.keep_program)
        self._ended = ended
        self._heard = heard
        self._slots = slots
        self._going: dict[str, Going] = {}
        self._retries = Retries(options, earlier.attempts_of if earlier else None)
        self._left: Iterator[Planned] | None = plan.runs()
        self._bad: Counter[str] = Counter()  # the ways in which runs ended that didn't finish
        self._paused = False
        self._cancelled = False
        self._requests_due = 0.0
        self._index = IndexWriter(self.store, recorder.id, self.view.note)
        self._watch_due = 0.0
        self._announcing: list[str] = []
        self._tasks: deque[Callable[[], None]] = deque()  # from other threads
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._takes_tasks = True
        self._closing = threading.RLock()  # a signal's handler may come amid a call, and call, too

    # ---- from other threads ----

    def call(self, task: Callable[[], None]) -> bool:
        """Have the loop do something soon; tell whether it will, or is at its end."""
        with self._closing:
            if not self._takes_tasks:
                return False
            self._tasks.append(task)
            try:
                os.write(self._wake_write, b"x")
            except BlockingIOError:
                pass  # it has been woken already
        return True

    def cancel(self, how: str = "terminate", run: str | None = None) -> None:
        """End a run, or the flow. To be called by the loop."""
        chosen = [id for id in self._going if run in (None, id)]
        for id in chosen:
            self._going[id].cancelled = True
            self._going[id].is_told_to_end(how)
        self.launcher.cancel(chosen, how)
        if run is None:
            self._cancelled = True
            self._left = None
        for planned, row in self._retries.drop(run):
            self._give_up(planned, row)

    def retry(self, run: str) -> None:
        """Try a run again that has ended and not finished. To be called by the loop."""
        ended = None if self._cancelled else self._retries.ask(run)
        if ended is not None:
            self._bad[ended] -= 1

    def pause(self, paused: bool) -> None:
        """Start no further runs, or do so again. To be called by the loop."""
        status = "paused" if paused else "running"
        self._index.update_flow(status=status)  # in any case: it may have been made anew
        if paused != self._paused:
            self._paused, self.status = paused, status
            self.view.flow_paused(paused)

    def _note_interrupt(self) -> None:
        """A Ctrl-C came in this thread. Done amid anything: the rest is for the loop."""
        self.interrupted = True
        self._tasks.append(lambda: self.cancel("interrupt"))

    # ---- the loop ----

    def run(self) -> None:
        """See the flow through. What keeps it from that is in `fault` afterwards."""
        with self._interrupts:
            try:
                self._loop()
            except BaseException as error:
                self.fault = self.fault or error
                self._abandon()
            finally:
                self._close()

    def _loop(self) -> None:
        self._index.begin()
        # Git and others take their time, for which no run has to wait.
        provenance = threading.Thread(target=self._keep_provenance, daemon=True)
        with self._interrupts.starting_threads():
            self.view.flow_began(self.recorder.id, self.plan.total)
            provenance.start()
        if self._earlier:
            self._earlier.note_if_strange(self.plan, self.view, over=False)
        while True:
            self._fill()
            if self._index.flush():
                self._announce()
            if not self._has_work():
                self._index.flush(now=True)
                self._announce()
                provenance.join()
                if self._is_over():
                    break
                continue
            self._wait()
            self._do_tasks()
            self._settle(self.launcher.poll(list(self._going)))
            self._watch()
            self._force()
        self._end()

    def _has_work(self) -> bool:
        left = self._left is not None and not (self._paused and self.plan.total == len(self.order))
        return bool(self._going or self._retries or left)

    def _is_over(self) -> bool:
        """Whether there is nothing left to do: from then on nothing more is taken up."""
        if self._retries.can_ask and not self._cancelled:
            self._heard()
        self._requests_due = 0.0
        self._do_tasks()
        with self._closing:
            self._takes_tasks = self._has_work() or bool(self._tasks)
            return not self._takes_tasks

    def _keep_provenance(self) -> None:
        try:
            self.recorder.keep_provenance(self.plan.scripts)
        except StoreError as error:
            note = str(error)
            self.call(lambda: self.view.note(note))

    def _do_tasks(self) -> None:
        while self._tasks:
            self._tasks.popleft()()
        now = time.monotonic()
        if now >= self._requests_due:
            self._requests_due = now + _REQUESTS
            for request in take_requests(self.recorder.paths):
                self._obey(request)

    def _obey(self, request: dict[str, Any]) -> None:
        if request["do"] == "cancel":
            self.cancel(request.get("how", "terminate"), request.get("run"))
        elif request["do"] == "retry":
            self.retry(request.get("run", ""))
        elif request["do"] in ("pause", "unpause"):
            self.pause(request["do"] == "pause")

    def _wait(self) -> None:
        """Wait until something has ended, or it is time to look at something."""
        poll = select.poll()
        fds = self.launcher.wake_fds()
        for fd in (self._wake_read, *fds):
            poll.register(fd, select.POLLIN)
        for fd, _ in poll.poll(self._patience(bool(fds)) * 1000):
            if fd == self._wake_read:
                os.read(fd, 1000)

    def _patience(self, told: bool) -> float:
        if self._going:
            # A launcher that can't tell is asked often.
            return TICK if told or self.view.wants_output else 0.005
        return min(_REQUESTS, self._retries.patience())

    def _announce(self) -> None:
        """Say which runs have ended, now that the index knows it, too."""
        for id in self._announcing:
            self._ended(id)
        self._announcing.clear()

    # ---- starting ----

    def _fill(self) -> None:
        while self._slots.free and not self._paused and not self.interrupted:
            due = self._retries.take()
            if due is not None:
                self._submit(*due)
                continue
            planned = self._next()
            if planned is None:
                return
            try:
                self._begin(planned)
            except KogineError as error:  # it can't be started: what goes on is seen to its end
                self.fault = self.fault or error
                self._left = None

    def _next(self) -> Planned | None:
        if self._left is None:
            return None
        try:
            planned = self._of_user(partial(next, self._left, None))
        except Exception as error:  # of the user's generator: what goes on is seen to its end
            self.fault = self.fault or error
            planned = None
        if planned is None:
            self._left = None
            if self._earlier:
                self._earlier.note_if_strange(self.plan, self.view, over=True)
        elif planned.fault is not None:
            self.view.note(f"it can't be resumed by its config: {planned.fault}")
        return planned

    def _begin(self, planned: Planned) -> None:
        for warning in self._checks.warnings(planned):
            self.view.note(warning)
        check_limits(type(self.launcher), self.options.with_own(planned.own))
        row = self._earlier.take(planned) if self._earlier else None
        new = row is None
        if row is None:
            row = self.recorder.make_run(planned, self._program_of(planned))
        self.order.append(row["id"])
        if row["status"] == FINISHED:
            self.view.run_kept(row)
            self._tell(planned, row)
            self._announcing.append(row["id"])
        else:
            self._submit(planned, row, new)

    def _program_of(self, planned: Planned) -> str | None:
        return self._checks.program(planned.script, planned.config)

    def _submit(self, planned: Planned, row: dict[str, Any], new: bool = False) -> None:
        paths = self.store.paths.run(row["id"])
        if new:
            cwd = self.recorder.cwd_of(planned)
        else:
            cwd = self.recorder.renew_run(paths, planned, self._program_of(planned))
        number = self.recorder.new_attempt(paths, first=new)
        slot = self._slots.take()
        options = self.options.with_own(planned.own)
        job = Job(
            row["id"],
            paths,
            number,
            environ={
                **self._slots.environ(slot),
                **options.env,
                "KOGINE_FLOW_ID": self.recorder.id,
            },
            cwd=cwd,
            slot=slot,
            timeout=options.timeout,
            max_log=options.max_log,
            script=planned.script,
            config=planned.config,
            strict=options.strict,
        )
        began = {
            "status": "running",
            "started": time.time(),
            "slot": slot,
            "attempts": number,
            "launcher": self.recorder.launcher,
        }
        row = {**row, **began, "metrics": {}, **dict.fromkeys(_ENDINGS)}
        going = self._going[job.id] = Going(planned, job, row, self._watch_of(job, row))
        if new:
            self._index.add_run(row)
        else:
            self._index.update_run(job.id, **{name: row[name] for name in (*began, *_ENDINGS)})
        self.view.run_began(row)
        self._start(going)

    def _start(self, going: Going) -> None:
        try:
            self._of_user(partial(self._launch, going))
        except KogineError as error:  # recorded like any other end
            self.fault = self.fault or error
            self._left = None
            going.refusal = f"it couldn't be started: {error}".removesuffix(".")
            self._settle([going.job.id])

    def _launch(self, going: Going) -> None:
        job = going.job
        try:
            self.launcher.submit(job)
        except LauncherError:
            cwd = self.recorder.cwd_of(going.planned, job.cwd)
            if cwd == job.cwd:
                raise
            job.cwd = cwd  # another run has removed the folder since we looked
            self.launcher.submit(job)

    def _of_user(self, code: Callable[[], _T]) -> _T | None:
        """Do what may run code of the user's in this thread; a Ctrl-C in it ends the flow."""
        try:
            try:
                self._interrupts.to_user()
                return code()
            finally:
                self._interrupts.to_flow()
        except KeyboardInterrupt:
            self._interrupts.to_flow()  # it may have come right before that was done
            self.interrupted = True
            self.cancel("interrupt")
            return None

    def _watch_of(self, job: Job, row: dict[str, Any]) -> Watch:
        show = (lambda lines: self.view.output(row, lines)) if self.view.wants_output else None
        return Watch(job.attempt, self.options.metrics, show)

    # ---- watching ----

    def _watch(self) -> None:
        now = time.monotonic()
        if now < self._watch_due:
            return  # runs that end one after the other would have all others looked at each time
        self._watch_due = now + TICK
        for going in self._going.values():
            going.watch.look()
            if self.view.wants_output:
                self.view.live(going.row, going.watch.live)
            metrics = going.new_metrics(now)
            if metrics is not None:
                self._index.update_run(going.row["id"], metrics=metrics)

    # ---- ending ----

    def _force(self) -> None:
        """End what its init should have ended by now, as one can't that was stopped."""
        force = getattr(self.launcher, "force", None)
        if force is None:
            return
        for id, going in self._going.items():
            if going.is_to_be_forced():
                force([id])

    def _settle(self, ids: list[str]) -> None:
        for id in ids:
            going = self._going[id]
            del self._going[id]
            self._slots.give_back(going.job.slot)
            try:
                outcome = self._outcome(going)
            except FileNotFoundError:
                self._record_loss(going, "its directory was removed while it went on")
            except OSError as error:
                if error.errno in _OF_THE_DISK:
                    self.fault = self.fault or cannot_write(going.job.attempt.folder, error)
                    self._left = None
                what = (error.strerror or str(error)).lower()
                self._record_loss(going, f"how it ended couldn't be written: {what}")
            else:
                self._record_end(going, outcome)

    def _outcome(self, going: Going) -> Outcome:
        job = going.job
        status, reason = going.verdict()
        settle_attempt(job.id, job.attempt, status=status, reason=reason, slot=job.slot)
        going.watch.finish()
        if going.watch.fault is not None:
            fault = going.watch.fault.strerror
            self.view.note(f"{going.row['name']}: its metrics can't be kept: {fault}")
        outcome = read_outcome(job.attempt)
        assert outcome is not None  # it is settled
        return outcome

    def _record_loss(self, going: Going, reason: str) -> None:
        """Record the end of a run whose directory can't say how it ended."""
        columns = {"status": INTERRUPTED, "ended": time.time(), "error": reason}
        going.row.update(columns)
        self._index.update_run(going.job.id, **columns)
        self.view.run_ended(going.row, None)
        self._tell(going.planned, going.row)
        self._announcing.append(going.job.id)
        self._after_bad_end(going.planned, going.row)

    def _record_end(self, going: Going, outcome: Outcome) -> None:
        row = going.row
        columns = outcome_columns(outcome, going.watch.metrics())
        row.update(columns)
        self._index.update_run(row["id"], **columns)
        given_up = going.cancelled or self._cancelled
        delay = None if given_up else self._retries.delay(going, outcome)
        self.view.run_ended({**row, "log": going.job.attempt.output}, delay)
        if outcome.warning is not None:
            self.view.note(f"{row['name']}: {outcome.warning}")
        if delay is not None:
            self._retries.add(delay, going.planned, row)
            return
        self._tell(going.planned, row)
        self._announcing.append(row["id"])
        if outcome.status != FINISHED:
            self._after_bad_end(going.planned, row)

    def _note_bad_end(self, planned: Planned, row: dict[str, Any]) -> None:
        self._bad[row["status"]] += 1
        self._retries.keep(planned, row)

    def _after_bad_end(self, planned: Planned, row: dict[str, Any]) -> None:
        self._note_bad_end(planned, row)
        if self.options.on_error != "continue":
            self._left = None
            for one in self._retries.drop():
                self._give_up(*one)
        if self.options.on_error == "cancel":
            self.cancel()

    def _give_up(self, planned: Planned, row: dict[str, Any]) -> None:
        """A run that was to be tried again isn't: how it ended the last time counts."""
        self._tell(planned, row)
        self._note_bad_end(planned, row)
        self._announcing.append(row["id"])

    def _tell(self, planned: Planned, row: dict[str, Any]) -> None:
        if self._retries.was_asked(row["id"]):
            return  # a generator has been told how it ended the first time
        from ..runs.record import Run

        self.plan.tell(planned, Run(self.store, row["id"], row))

    def _end(self) -> None:
        status = self._end_status()
        self.recorder.end_flow(status)
        self._index.update_flow(**self.recorder.end_columns())
        self._index.flush(last=True)
        self._announce()
        self.status = status  # last: who waits for it finds all else as it is at the end
        self.view.flow_ended(status)

    def _end_status(self) -> str:
        """How the flow ends: what was stopped hasn't failed, nor has what was interrupted."""
        if self._cancelled:
            return CANCELLED
        if self.fault is not None or self._bad[FAILED] or self._bad[TIMED_OUT]:
            return FAILED
        bad = (one for one in (CANCELLED, INTERRUPTED) if self._bad[one])
        return next(bad, self.recorder.unfinished_status() or FINISHED)

    def _abandon(self) -> None:
        """End what goes on, after an error that leaves no way to go on."""
        self.status = "interrupted"
        ids = list(self._going)
        self.launcher.cancel(ids, "kill")
        for going in self._going.values():
            going.is_told_to_end("kill")
        patience = time.monotonic() + 30
        while self._going and time.monotonic() < patience:
            for id in self.launcher.poll(list(self._going)):
                del self._going[id]
            self._force()
            time.sleep(0.01)
        self.view.flow_ended(self.status)

    def _close(self) -> None:
        self.recorder.let_go()
        self.launcher.close()
        with self._closing:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._takes_tasks = False
