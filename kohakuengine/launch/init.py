"""The run init: one small process that sees to it that nothing of a run outlives it.

The process of a run forks before it loads anything. The child goes on to run the script; the parent
is the init. It watches the child and the coordinator; when either ends, it ends whatever the run
has started, waits until nothing is left, and writes the outcome. As a child subreaper (Linux) it
inherits every process of the run whose parent ends, also those in sessions of their own.

It is told what to do by signals. Those by which users end processes are passed on to the script,
and harsher ones follow when it hasn't ended `GRACE` later. `KILL` ends all of the run at once.
`AT_TERMINAL` says that the script has got a Ctrl-C from its terminal, so that an end by that isn't
taken for a failure.
"""

from __future__ import annotations

import os
import select
import sys
import time

from ..runs.outcome import CANCELLED, FAILED, FINISHED, INTERRUPTED, TIMED_OUT, write_outcome
from .tree import MemoryWatch, descendants

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from ..runs.paths import AttemptPaths
else:  # what is below `signal`, which imports enum: half as much again as a bare interpreter does
    import _signal as signal

GRACE = 2.0  # how long processes are given after each way of being told to end, in seconds
SHORTLY = 0.05  # and those that end by themselves when the script has, before they are told
_INTERRUPTED = "it was interrupted"
_LOG_LOOKS = 0.1  # how often the size of the log is looked at, in seconds
# Bytes that a log may have above its limit until the run's end. What is printed in the moment of a
# cut is lost, and is to be neither the last line of a short script nor often that of a long one.
_LOG_ROOM = 16 << 20

# Of ru_maxrss: bytes on macOS, kibibytes elsewhere (getrusage(2)).
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36

KILL = signal.SIGUSR2
AT_TERMINAL = signal.SIGUSR1
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_HEARD = (*_PASSED_ON, KILL, AT_TERMINAL, signal.SIGCHLD)


class Orders:
    """What an init is told at its start.

    Attributes:
        owner: The process id of the coordinator.
        timeout: After how many seconds the run is ended, or None.
        max_log: How many bytes of output are kept, or None for all.
        slot: The slot in which the run is, or None.
        foreground: Whether the script stays in the session and process group of the coordinator,
            so that it is what its terminal talks to.
        fallback: Why the run has a new interpreter, where another launcher was asked for; or None.
    """

    def __init__(
        self,
        owner: int,
        timeout: float | None = None,
        max_log: int | None = None,
        slot: int | None = None,
        foreground: bool = False,
        fallback: str | None = None,
    ) -> None:
        self.owner = owner
        self.timeout = timeout
        self.max_log = max_log
        self.slot = slot
        self.foreground = foreground
        self.fallback = fallback

    def to_text(self) -> str:
        """As one argument of a command line."""
        numbers = (self.owner, self.timeout, self.max_log, self.slot, self.foreground)
        text = repr(tuple(0 if number is None else number for number in numbers))
        return text if self.fallback is None else text + self.fallback

    @classmethod
    def from_text(cls, text: str) -> Orders:
        """The inverse of `to_text()`; imports nothing."""
        numbers, _, fallback = text[1:].partition(")")
        owner, timeout, max_log, slot, foreground = numbers.split(", ")
        return cls(
            int(owner),
            float(timeout) or None,
            int(max_log) or None,
            int(slot),
            foreground == "True",
            fallback or None,
        )


def hold_interrupts() -> set[int]:
    """Have a Ctrl-C wait: here until the mask that is given back is set again, and in processes
    that are started meanwhile until they `take_interrupts()`, or their init listens.
    """
    return signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, AT_TERMINAL])


def take_interrupts() -> None:
    """Let a Ctrl-C interrupt this process; one that has waited ends it at once, without a word."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def forget_interrupts(mask: set[int]) -> None:
    """Set a mask again, after a script has ended: a Ctrl-C that has waited came too late for it."""
    untaken = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if untaken and signal.SIGINT in signal.sigpending():
        signal.sigwait([signal.SIGINT])
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def leave_script_to_child(attempt: AttemptPaths, orders: Orders) -> None:
    """Split this process in two: return in the one that is to run the script, be its init here.

    The init ends the process when the run has ended; it never returns.
    """
    started = time.time()
    init = os.getpid()
    # What is sent to the init before it listens waits until it does, and doesn't end it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    # Where the caller ignores it, the system would collect the child, and with it how it ended.
    ends = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # this process alone; what it takes is then loaded once
    away = os.pipe() if orders.foreground else ()
    child = os.fork()
    if child:
        if away:
            _leave_terminal(child)
        for fd in away:
            os.close(fd)
        _be_init(child, attempt, orders, started)
    if away:
        os.close(away[1])
        os.read(away[0], 1)  # until the init has closed its end
        os.close(away[0])
    signal.signal(signal.SIGCHLD, ends)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask - {AT_TERMINAL})
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # safe: the init has one thread, which doesn't end
    if os.getppid() != init:
        os._exit(1)
    if not orders.foreground:
        os.setpgid(0, 0)  # so that a script which signals its group doesn't reach its init


def _leave_terminal(child: int) -> None:
    """Get out of reach of the terminal, where the child stays and waits meanwhile.

    A Ctrl-C that has come before is passed on, for it may have come before there was the child. If
    it hasn't, the child gets it no more than once, as it doesn't take any yet.
    """
    if os.getpgrp() != os.getpid():
        os.setsid()
    if signal.SIGINT in signal.sigpending():
        signal.sigwait([signal.SIGINT])
        send(child, signal.SIGINT)
        os.kill(os.getpid(), AT_TERMINAL)  # heard when the init listens


def _be_init(child: int, attempt: AttemptPaths, orders: Orders, started: float) -> NoReturn:
    status = 1
    try:
        Init(child, attempt, orders, started).run()
        status = 0
    except OSError as error:  # of the outcome: whoever asks finds none
        tell_unwritten(error)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)  # whatever is registered for the interpreter's end is the script's


class Init:
    """Watches over one run; `run()` returns when nothing of it is left and its outcome is written."""

    def __init__(self, child: int, attempt: AttemptPaths, orders: Orders, started: float) -> None:
        self.child = child
        self.attempt = attempt
        self.orders = orders
        self.started = started
        self.status: int | None = None  # of the child, once it has ended
        self.cause: str | None = None  # the status that the run gets, where that isn't its own
        self.reason: str | None = None
        self.orphaned = False
        self.yielding = False  # whether an end by itself with status 0 is stronger than the cause
        self.hurry = False  # whether nothing of the run is given any more time
        self.memory = MemoryWatch()
        self.cpu = 0.0  # the processor time of the processes that have ended, in seconds
        self.survivors = 0
        now = time.monotonic()
        self.deadline = now + orders.timeout if orders.timeout else None
        self.harsher: tuple[float, int] | None = None  # when the child is sent which signal next
        self.log_look = now + _LOG_LOOKS if orders.max_log else None
        self.poll = select.poll()
        self._watch_signals()
        self.owner_fd = self._watch_owner()

    def _watch_signals(self) -> None:
        self.wake, write = os.pipe()
        for fd in (self.wake, write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in _HEARD:
            signal.signal(number, lambda number, frame: None)  # seen through the pipe
        for number in (signal.SIGPIPE, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        self.poll.register(self.wake, select.POLLIN)

    def _watch_owner(self) -> int | None:
        try:
            fd = os.pidfd_open(self.orders.owner)
        except (AttributeError, OSError):
            return None  # not Linux, or gone already, which the next look at it shows
        self.poll.register(fd, select.POLLIN)
        return fd

    def run(self) -> None:
        """Be there until nothing is left of the run, and write its outcome."""
        self._check_owner()
        self._reap()  # the child may have ended before its signal was listened to
        while self.status is None:
            self._wait(None)
        ended = self._end_all()
        if self.log_look is not None:
            self._cut_log()
        write_outcome(
            self.attempt,
            *self._verdict(),
            reason=self.reason,
            started=self.started,
            ended=time.time(),
            slot=self.orders.slot,
            peak_memory=self.memory.peak or None,
            cpu_seconds=round(self.cpu, 3) if ended else None,
            survivors=self.survivors,
            fallback=self.orders.fallback,
        )

    def _verdict(self) -> tuple[str, int | None]:
        """The status of the run, and the exit status of its script."""
        code = None if self.status is None else os.waitstatus_to_exitcode(self.status)
        if self.cause is not None and not (self.yielding and code == 0):
            return self.cause, code
        if self.orders.foreground and code == -signal.SIGINT:  # before we were told of it
            self.reason = _INTERRUPTED
            return CANCELLED, code
        self.reason = self.memory.reason(code)
        return FINISHED if code == 0 else FAILED, code

    # ---- waiting ----

    def _wait(self, until: float | None) -> None:
        """Wait for what happens next, and see to it."""
        timers = [self.deadline, self.log_look, self.memory.due, until]
        if self.harsher:
            timers.append(self.harsher[0])
        if self.owner_fd is None:
            timers.append(time.monotonic() + 0.2)  # where nothing tells of the owner's end
        left = min(timer for timer in timers if timer is not None) - time.monotonic()
        for fd, _ in self.poll.poll(max(0.0, left) * 1000 + 0.5):
            if fd != self.wake:
                self._hear(fd)
        self._obey(self._signals())
        self._check_owner()
        self._look_at_clock()

    def _hear(self, fd: int) -> None:
        """Take in what a descriptor tells; here it is the owner's end, at which we look anyhow."""

    def _signals(self) -> Iterable[int]:
        """The signals that have come since the last look."""
        try:
            return os.read(self.wake, 1000)
        except BlockingIOError:
            return ()

    def _obey(self, numbers: Iterable[int]) -> None:
        for number in dict.fromkeys(numbers):
            if number == signal.SIGCHLD:
                self._reap()
            elif number == AT_TERMINAL:
                self.yielding = self.cause is None
                self._stop(CANCELLED, _INTERRUPTED, None)
            elif number == KILL:
                self._stop(CANCELLED, "it was killed on request", signal.SIGKILL)
            elif number in _PASSED_ON:
                self._stop(CANCELLED, "it was cancelled", number)

    def _check_owner(self) -> None:
        if not self.orphaned and not self._has_owner():
            self._lose_owner()

    def _has_owner(self) -> bool:
        return os.getppid() == self.orders.owner

    def _lose_owner(self) -> None:
        self.orphaned = True
        if self.owner_fd is not None:
            self.poll.unregister(self.owner_fd)
        reason = "its coordinator, the process that started it, ended before it"
        self._stop(INTERRUPTED, reason, signal.SIGKILL)

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        if self.deadline is not None and now >= self.deadline:
            self.deadline = None
            self._stop(TIMED_OUT, f"it took longer than {self.orders.timeout:g} s", signal.SIGTERM)
        if self.harsher and now >= self.harsher[0]:
            self._signal(self.harsher[1])
        self.memory.look()
        if self.log_look is not None and now >= self.log_look:
            self._cut_log(_LOG_ROOM)
            self.log_look = time.monotonic() + _LOG_LOOKS

    # ---- ending ----

    def _stop(self, cause: str, reason: str, number: int | None) -> None:
        """End the run for a cause; the first one counts, and none where it has ended by itself."""
        self._reap()
        self.hurry = self.hurry or number == signal.SIGKILL
        if self.status is not None:
            return
        if self.cause is None:
            self.cause, self.reason = cause, reason
        if number is not None:
            self._signal(number)

    def _signal(self, number: int) -> None:
        """Send a signal to the script, and have a harsher one follow."""
        # It hasn't been reaped, so it has a group. Not its own: it hasn't made it yet, or has left it.
        alone = self.orders.foreground or os.getpgid(self.child) != self.child
        send(self.child if alone else -self.child, number)
        if number == signal.SIGKILL:
            self.harsher = None
        else:
            following = signal.SIGTERM if number == signal.SIGINT else signal.SIGKILL
            self.harsher = (time.monotonic() + GRACE, following)

    def _reap(self) -> bool:
        """Collect the processes that have ended; tell whether any is left."""
        try:
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return True
                # Of the process and all that it has collected itself.
                self.cpu += usage.ru_utime + usage.ru_stime
                self.memory.note(usage.ru_maxrss * MEMORY_UNIT)
                if pid == self.child:
                    self.status = status
                    self.deadline = self.harsher = None
        except ChildProcessError:
            return False

    def _end_all(self) -> bool:
        """End what the script has left behind; False where that wasn't possible."""
        if self._gone_within(SHORTLY):
            return True
        left = descendants()
        self.survivors = len(left)
        for pid in left:
            send(pid, signal.SIGTERM)
        if self._gone_within(GRACE):
            return True
        patience = time.monotonic() + 10 * GRACE
        while time.monotonic() < patience:  # what is being killed may still start others
            for pid in descendants():
                send(pid, signal.SIGKILL)
            time.sleep(0.005)
            if not self._reap():
                return True
        return False  # the kernel holds it, as it does on a network filesystem that hangs

    def _gone_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._reap():
            if self.hurry or time.monotonic() >= until:
                return False
            self._wait(until)
        return True

    def _cut_log(self, room: int = 0) -> None:
        """Keep the first half and the end of a log that is longer than its limit and some room."""
        limit = self.orders.max_log or 0
        try:
            if os.path.getsize(self.attempt.output) > limit + room:
                from ..runs.output import cut

                cut(self.attempt.output, limit)
        except OSError as error:
            print(f"kogine: the log can't be cut: {error.strerror}.", file=sys.stderr, flush=True)
            self.log_look = None


def tell_unwritten(error: OSError) -> None:
    """Say in one sentence that no outcome can be written."""
    text = f"kogine: error: no outcome can be written: {error.strerror or error}."
    print(text, file=sys.stderr, flush=True)


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return  # it has ended, or belongs to another user: we can't end it


def prctl(option: int, value: int) -> None:
    """Linux' prctl(2); elsewhere nothing happens."""
    if sys.platform == "linux":
        call_c("prctl", option, value, 0, 0, 0)


_functions: dict[str, Callable[..., object]] = {}  # of C's library


def call_c(name: str, *arguments: object) -> None:
    """Call a function of C's library."""
    if name not in _functions:  # a fork is to look up nothing that has been found before
        _functions[name] = _function_of_c(name)
    _functions[name](*arguments)


def _function_of_c(name: str) -> Callable[..., object]:
    try:
        # What is below ctypes: that itself takes longer to import than a small script to run.
        from _ctypes import call_function, dlopen, dlsym
    except ImportError:  # another Python than CPython
        import ctypes

        return getattr(ctypes.CDLL(None), name)  # type: ignore[no-any-return]
    address = dlsym(dlopen(None, 0), name)  # type: ignore[arg-type]  # what is loaded
    return lambda *arguments: call_function(address, arguments)
