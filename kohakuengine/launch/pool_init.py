"""The init of a pool's worker: sees to it that nothing of a run outlives it, for one run after another.

It is the worker's parent, and a child subreaper (Linux), so that it inherits every process of a run
whose parent ends. It passes on the runs it is handed, keeps them to their timeouts, ends them when
it is told to, ends what they leave behind, writes their outcomes, and tells. When the coordinator
ends, or closes the socket, or the worker ends, it ends all that is left, and itself.
"""

from __future__ import annotations

import os
import select
import signal
import time

from ..runs.outcome import CANCELLED, INTERRUPTED, TIMED_OUT
from .init import (
    MEMORY_UNIT,
    PR_SET_CHILD_SUBREAPER,
    SHORTLY,
    GRACE,
    prctl,
    send,
    tell_unwritten,
)
from .messages import Messages
from .pool_going import Going
from .tree import descendants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM, "kill": signal.SIGKILL}
_LOOKS = 0.01  # how often it is looked whether processes that we aren't the parent of have ended


def be_init(worker: int, owner: int, control: Messages, worker_messages: Messages) -> NoReturn:
    """See a worker through all of its runs, and end this process.

    Args:
        worker: The worker's process id; it is a child of this one.
        owner: The process id of the coordinator.
        control: To and from the coordinator.
        worker_messages: To and from the worker.
    """
    status = 1
    try:
        init = PoolInit(worker, owner, control, worker_messages)
        init.run()
        status = 0 if init.ready else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


class PoolInit:
    """What `be_init()` does."""

    def __init__(
        self, worker: int, owner: int, control: Messages, worker_messages: Messages
    ) -> None:
        self.worker = worker
        self.owner = owner
        self.control = control
        self.messages = worker_messages
        self.status: int | None = None  # of the worker, once it has ended
        self.ready = False  # whether the worker has come so far that it can run something
        self.going: Going | None = None
        self.last = False  # whether there is to be no further run
        self.alone = False  # whether the coordinator has ended, or has let go of us
        self.worker_time = 0.0  # the processor time of the worker before the run, in seconds
        self.poll = select.poll()
        self._watch_signals()
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        for messages in (control, worker_messages):
            self.poll.register(messages.fd, select.POLLIN)
        self.owner_fd = self._watch_owner()

    def _watch_signals(self) -> None:
        self.wake, write = os.pipe()
        for fd in (self.wake, write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda number, frame: None)  # seen through the pipe
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        self.poll.register(self.wake, select.POLLIN)

    def _watch_owner(self) -> int | None:
        try:
            fd = os.pidfd_open(self.owner)
        except (AttributeError, OSError):
            return None  # not Linux, or gone already, which the next look at it shows
        self.poll.register(fd, select.POLLIN)
        return fd

    def run(self) -> None:
        """Be there until there is to be no further run, and nothing is left of the last."""
        self._reap()  # the worker may have ended before its signal was listened to
        while self.going or not (self.last or self.status is not None):
            self._wait(None)
            if self.going and (self.going.done or self.status is not None):
                self._finish(self.going)
        self._end_worker()

    # ---- waiting ----

    def _wait(self, until: float | None) -> None:
        """Wait for what happens next, and see to it."""
        for fd, _ in self.poll.poll(self._patience(until)):
            if fd == self.wake:
                self._obey_signals(os.read(self.wake, 1000))
            elif fd == self.messages.fd:
                self._hear_worker()
            elif fd == self.control.fd:
                self._hear_coordinator()
        self._check_owner()
        self._look_at_clock()

    def _patience(self, until: float | None) -> float | None:
        """How long to wait at most, in milliseconds."""
        timers = [until]
        if self.going:
            timers += [self.going.deadline, self.going.memory.due]
            timers.append(self.going.harsher and self.going.harsher[0])
        if self.owner_fd is None and not self.alone:
            timers.append(time.monotonic() + 0.2)  # where nothing tells of the owner's end
        times = [timer for timer in timers if timer is not None]
        return max(0.0, min(times) - time.monotonic()) * 1000 + 0.5 if times else None

    def _obey_signals(self, numbers: bytes) -> None:
        self._reap()
        if signal.SIGTERM in numbers:
            self.last = True
            self._stop(CANCELLED, "it was cancelled", signal.SIGTERM)

    def _hear_worker(self) -> None:
        messages = self.messages.receive()
        if messages is None:  # it has ended, or will at its run's end: the script has closed it
            self._close_worker()
        for message in messages or ():
            if "ready" in message:
                self.ready = True
                self.worker_time = message["ready"]
                self._tell(ready=True)
            elif self.going:
                self._hear_of_run(self.going, message)

    def _hear_of_run(self, going: Going, message: dict[str, Any]) -> None:
        if "begun" in message:
            going.begun = True
            if going.held:
                self._signal(going, signal.SIGINT)
        else:
            going.done = message
            going.deadline = going.harsher = None

    def _hear_coordinator(self) -> None:
        messages = self.control.receive()
        if messages is None:
            self._abandon()
        for message in messages or ():
            if "cancel" in message:
                self._cancel(message["cancel"], message["how"])
            else:
                self._begin(message)

    def _begin(self, message: dict[str, Any]) -> None:
        self.going = Going(message)
        try:
            self.messages.send(**message)
        except OSError:
            return  # it has ended, as its signal tells

    def _cancel(self, id: str, how: str) -> None:
        if self.going and self.going.id == id:
            reason = "it was killed on request" if how == "kill" else "it was cancelled"
            self._stop(CANCELLED, reason, _SIGNALS[how])

    def _check_owner(self) -> None:
        if os.getppid() != self.owner:
            self._abandon()

    def _abandon(self) -> None:
        """End all: nobody is there any more to whom it matters."""
        if self.alone:
            return
        self.last = self.alone = True
        self.poll.unregister(self.control.fd)
        if self.owner_fd is not None:
            self.poll.unregister(self.owner_fd)
        reason = "its coordinator, the process that started it, ended before it"
        self._stop(INTERRUPTED, reason, signal.SIGKILL)

    def _look_at_clock(self) -> None:
        going, now = self.going, time.monotonic()
        if going is None:
            return
        if going.deadline is not None and now >= going.deadline:
            going.deadline = None
            self._stop(TIMED_OUT, f"it took longer than {going.timeout:g} s", signal.SIGTERM)
        if going.harsher and now >= going.harsher[0]:
            self._signal(going, going.harsher[1])
        going.memory.look()

    # ---- ending ----

    def _stop(self, cause: str, reason: str, number: int) -> None:
        """End the run for a cause; the first one counts, and none where it has ended by itself."""
        self._reap()
        going = self.going
        if going is None:
            return
        going.hurry = going.hurry or number == signal.SIGKILL
        if going.done or self.status is not None:
            return
        if going.cause is None:
            going.cause, going.reason = cause, reason
        self._signal(going, number)

    def _signal(self, going: Going, number: int) -> None:
        """Send a signal to the script, and have a harsher one follow."""
        following = signal.SIGTERM if number == signal.SIGINT else signal.SIGKILL
        going.harsher = (time.monotonic() + GRACE, following)
        if number == signal.SIGKILL:
            going.harsher = None
        going.held = number == signal.SIGINT and not going.begun
        if going.held:
            return  # the worker makes ready: it would reach no script
        if number != signal.SIGINT:
            self.last = True  # it may come too late for this run, and be meant for no other
        # It hasn't been reaped, so it has a group. Not its own: it hasn't made it yet, or has left it.
        alone = os.getpgid(self.worker) != self.worker
        send(self.worker if alone else -self.worker, number)

    def _reap(self) -> None:
        """Collect the processes that have ended."""
        try:
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                if self.going:
                    self.going.memory.note(usage.ru_maxrss * MEMORY_UNIT)
                if pid == self.worker:
                    self._worker_ended(status)
        except ChildProcessError:
            return

    def _worker_ended(self, status: int) -> None:
        self.status = status
        if self.going:
            self._hear_last_words()
            self.going.deadline = self.going.harsher = None

    def _hear_last_words(self) -> None:
        """What the worker has told before it ended, e.g. that it was done."""
        poll = select.poll()
        if self.messages.fd >= 0:
            poll.register(self.messages.fd, select.POLLIN)
        if poll.poll(0):
            self._hear_worker()

    def _finish(self, going: Going) -> None:
        """See to the rest of a run whose script has ended."""
        code = None if self.status is None else os.waitstatus_to_exitcode(self.status)
        if going.done:
            code = going.done["code"]
        self.last = self.last or bool(going.done and going.done["last"])
        if self.last:
            self._end_worker()
        self._end_left(going)
        try:
            going.write(code, self.worker_time, alive=self.status is None)
        except OSError as error:  # whoever asks finds no outcome
            tell_unwritten(error)
        self.worker_time = going.done["time"] if going.done else 0.0
        self.going = None
        self._tell(ended=going.id, last=self.last or self.status is not None)

    def _end_worker(self) -> None:
        """End the worker: by itself where it waits for a run, else by force."""
        self._close_worker()
        until = time.monotonic() + SHORTLY
        while self.status is None:
            if time.monotonic() >= until:
                send(self.worker, signal.SIGKILL)
            self._wait(time.monotonic() + _LOOKS)

    def _close_worker(self) -> None:
        if self.messages.fd >= 0:
            self.poll.unregister(self.messages.fd)
            self.messages.close()

    def _end_left(self, going: Going) -> None:
        """End what the script has left behind."""
        if self._gone_within(SHORTLY, going):
            return
        left = self._left()
        going.survivors = len(left)
        for pid in left:
            send(pid, signal.SIGTERM)
        if self._gone_within(GRACE, going):
            return
        patience = time.monotonic() + 10 * GRACE
        while (left := self._left()) and time.monotonic() < patience:
            for pid in left:  # what is being killed may still start others
                send(pid, signal.SIGKILL)
            self._wait(time.monotonic() + _LOOKS / 2)

    def _gone_within(self, seconds: float, going: Going) -> bool:
        until = time.monotonic() + seconds
        while self._left():
            if going.hurry or time.monotonic() >= until:
                return False
            self._wait(min(until, time.monotonic() + _LOOKS))
        return True

    def _left(self) -> list[int]:
        """The processes of the run, less the worker."""
        self._reap()
        childless = self.status is not None or _known_childless(self.worker)
        if childless and _known_childless(os.getpid(), self.worker):
            return []
        return [pid for pid in descendants() if pid != self.worker]

    def _tell(self, **message: object) -> None:
        try:
            self.control.send(**message)
        except OSError:
            return  # the coordinator has ended, as the next look at it shows


def _known_childless(pid: int, but: int = 0) -> bool:
    """Whether a process certainly has no children, or only one; quick where that is so."""
    known = {b"", b"%d " % but} if but else {b""}
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                if file.read() not in known:
                    return False
    except OSError:
        return False  # a system without these files, or a thread that has just ended
    return True
