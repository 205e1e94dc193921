"""Scripts written to tell a fork of a warm server from a new interpreter, and both from plain Python.

Each prints what it found. Packages named in `MODULES` count as installed.
"""

from __future__ import annotations

import textwrap

# Modules in a folder site-packages, by name.
MODULES = {
    "reads_setting": "import os\nvalue = os.environ.get('SETTING')",
    "warns": "import warnings\nwarnings.warn('old')",
    "warns_deprecated": "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)",
    "prints": "print('imported')",
    "starts_a_thread": """
        import threading, time
        thread = threading.Thread(target=time.sleep, args=(0.2,))
        thread.start()
    """,
    "keeps": "kept = []",
    "registers": "import atexit\natexit.register(print, 'registered at import')",
    "counts": "times = globals().get('times', 0) + 1",
    "handles": "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('handled'))",
}

# What a run's log says of it when it gets a new interpreter in place of a fork.
REASONS = {
    "import with output": "writes something",
    "import with a warning": "writes something",
    "import with a warning for who imports": "writes something",
    "import that starts a thread": "Python threads",
    "import that handles a signal": "a signal's handler",
}

# What a run has that plain Python hasn't: streams that write line by line, and some frames of ours
# below the script's.
OURS = ("standard streams", "too deep")

_SCRIPTS = {
    # ---- before imports ----
    "environment before import": """
        import os
        os.environ["SETTING"] = "1"
        import reads_setting
        print(reads_setting.value)
    """,
    "environment at import": "import reads_setting\nprint(reads_setting.value)",
    "filters before import": """
        import warnings
        warnings.simplefilter("ignore")
        import warns
        print("silent")
    """,
    "filters that raise before import": """
        import warnings
        warnings.simplefilter("error")
        try:
            import warns
        except UserWarning as error:
            print("raised", error)
    """,
    "import with output": "import prints\nprint('after')",
    "import with a warning": "import warns\nprint('after')",
    "import with a warning for who imports": "import warns_deprecated\nprint('after')",
    "import that starts a thread": """
        import starts_a_thread
        print(starts_a_thread.thread.is_alive())
        starts_a_thread.thread.join()
    """,
    "import that registers for the end": "import registers\nprint('after')",
    "import that handles a signal": """
        import os, signal
        import handles
        os.kill(os.getpid(), signal.SIGUSR1)
    """,
    "import anew": """
        import importlib, sys
        import counts
        print(counts.times, importlib.reload(counts).times)
        del sys.modules["counts"]
        import counts
        print(counts.times)
    """,
    "modules before and after": """
        import sys
        names = ["json", "numpy", "logging", "reads_setting", "multiprocessing", "prints"]
        print([name in sys.modules for name in names])
        import json, reads_setting
        print([name in sys.modules for name in names])
    """,
    "modules": """
        import json
        import sys
        names = ["json", "json.tool", "numpy", "asyncio", "xml", "decimal", "gc", "unittest"]
        print([name in sys.modules for name in names], sys.modules["__main__"].__file__ == __file__)
    """,
    "local module": """
        import json
        import beside
        print(beside.value, beside.__file__ == __file__.replace("script.py", "beside.py"))
    """,
    # ---- what a process is ----
    "itself": """
        import os, sys, threading
        print(sys.argv, sys.orig_argv[-1:], sys.flags, sys.executable, sys.prefix)
        print(sys.path, sys.meta_path, sys.path_hooks, sys.warnoptions, sys._xoptions)
        main = threading.main_thread()
        print(os.getpid() == int(os.readlink("/proc/self")) == main.native_id, main)
        print(threading.current_thread() is main, threading.active_count(), threading.enumerate())
        print(len(os.listdir("/proc/self/task")), os.getcwd() == os.path.dirname(__file__))
    """,
    "names": """
        import sys
        print(sorted(globals()), __name__, __spec__, __builtins__, __doc__, __package__)
        print(type(__loader__).__name__, sys.modules["__main__"].__dict__ is globals())
    """,
    "settings": """
        import decimal, gc, locale, sys, time, warnings
        print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.getdlopenflags())
        print(sys.gettrace(), sys.getprofile(), sys.excepthook, sys.displayhook, sys.breakpointhook)
        print(sys.unraisablehook, sys.dont_write_bytecode, sys.pycache_prefix, sys.hash_info)
        print(gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.garbage, gc.callbacks)
        print(locale.getlocale(), time.tzname, decimal.getcontext(), warnings.filters)
        print(hasattr(sys, "last_value"), sys.is_finalizing(), sys.exc_info())
    """,
    "limits": """
        import os, resource
        limits = [name for name in dir(resource) if name.startswith("RLIMIT")]
        print([(name, resource.getrlimit(getattr(resource, name))) for name in limits])
        print(os.umask(0o77), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0))
        print(os.sched_getscheduler(0), os.getuid(), os.getgid(), os.getgroups())
        for name in ("oom_score_adj", "timerslack_ns", "comm", "personality", "coredump_filter"):
            with open(f"/proc/self/{name}") as file:
                print(name, file.read())
    """,
    "signals": """
        import signal
        print([(number, signal.getsignal(number)) for number in sorted(signal.valid_signals())])
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending())
        print(signal.getitimer(signal.ITIMER_REAL), signal.set_wakeup_fd(-1))
        with open("/proc/self/status") as status:
            print([line for line in status if line.startswith(("SigB", "SigI", "SigC", "NoNewPrivs", "Cap"))])
    """,
    "standard streams": """
        import io, os, sys
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            print(stream.name, stream.mode, stream.encoding, stream.errors, stream.isatty())
            print(stream.line_buffering, stream.write_through, stream.fileno(), stream.newlines)
            print(type(stream), type(stream.buffer), io.open(os.dup(stream.fileno()), "rb").isatty())
            print(stream is getattr(sys, f"__{stream.name[1:-1]}__"))
            print(os.get_inheritable(stream.fileno()), os.get_blocking(stream.fileno()))
    """,
    "open files": """
        import os
        for fd in sorted(map(int, os.listdir("/proc/self/fd"))):
            try:
                print(fd, os.readlink(f"/proc/self/fd/{fd}").split("/")[-1] if fd != 1 != 2 else "")
            except FileNotFoundError:
                print(fd, "of the listing")
    """,
    "environment": """
        import ctypes, os, subprocess, sys
        def kept(texts):
            return sorted(text for text in texts if not text.startswith(("KOGINE_", "PYTEST_")))
        environ = kept(f"{name}={value}" for name, value in os.environ.items())
        print(*environ, sep="\\n")
        print(environ == kept(subprocess.run(["env", "-0"], stdout=-1, text=True).stdout.split("\\0")[:-1]))
        with open("/proc/self/environ") as file:
            print(environ == kept(file.read().split("\\0")[:-1]))
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_char_p
        print(getenv(b"FOO"), getenv(b"NONE"))
    """,
    "standard input": """
        import sys
        print(repr(sys.stdin.read()), repr(sys.stdin.buffer.read()))
        input("what? ")
    """,
    "logging": """
        import logging, os, time
        logging.warning("plain")
        record = logging.makeLogRecord({})
        with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
            ticks = int(stat.read().rpartition(")")[2].split()[19])
            age = float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
        record = logging.LogRecord("a", 10, "f", 1, "m", (), None)
        print(record.process == os.getpid(), record.processName, record.threadName)
        print(-10 < record.relativeCreated <= 1000 * (age + 0.1), logging.getLogger().handlers)
    """,
    # ---- other processes, threads, loops ----
    "multiprocessing": """
        import multiprocessing, sys
        def double(x):
            return 2 * x, __name__, multiprocessing.current_process().name.split("-")[0]
        def main():
            print(multiprocessing.current_process(), multiprocessing.parent_process())
            print(multiprocessing.active_children(), multiprocessing.get_start_method())
            print(len(multiprocessing.current_process().authkey))
            for method in ("fork", "spawn", "forkserver"):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    print(method, pool.map(double, range(4)))
            print("__mp_main__" in sys.modules)
        if __name__ == "__main__":
            main()
    """,
    "executors": """
        import concurrent.futures
        def square(x):
            return x * x
        if __name__ == "__main__":
            with concurrent.futures.ProcessPoolExecutor(2) as pool:
                print(list(pool.map(square, range(5))))
            left = concurrent.futures.ThreadPoolExecutor(1)
            left.submit(print, "submitted and left")
    """,
    "asyncio": """
        import asyncio, sys
        async def main():
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(1)", stdout=-1)
            print(await process.communicate(), process.returncode)
            print(await asyncio.to_thread(lambda: 3), asyncio.get_running_loop().get_debug())
            await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.01))
        asyncio.run(main())
    """,
    "fork": """
        import atexit, os, sys
        atexit.register(lambda: print("end of", "parent" if os.getpid() == pid else "child"))
        pid = os.getpid()
        child = os.fork()
        if not child:
            print("child", os.getppid() == pid)
            sys.exit(3)
        print("child ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """,
    "signals by itself": """
        import os, signal, time
        signal.signal(signal.SIGTERM, lambda *_: print("told to end"))
        signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
        os.kill(os.getpid(), signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        signal.pause()
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            print("interrupted")
    """,
    # ---- the end ----
    "files left open": """
        import keeps
        bound = open("bound.txt", "w")
        bound.write("bound")
        keeps.kept.append(open("kept.txt", "wb"))
        keeps.kept[0].write(b"kept")
        def function():
            return bound
        def cycle():
            file = open("cycle.txt", "w")
            file.write("cycle")
            file.itself = [file, function]
        cycle()
        class Holder:
            file = open("class.txt", "w")
        Holder.file.write("class")
    """,
    "a thread that goes on": """
        import threading, time
        def work():
            time.sleep(0.2)
            print("the thread is done", file=open("thread.txt", "w"))
            print("still")
        threading.Thread(target=work).start()
        print("main is done")
    """,
    "a daemon thread": """
        import threading, time
        def work():
            while True:
                time.sleep(0.01)
        threading.Thread(target=work, daemon=True).start()
        print("main is done")
    """,
    "a daemon thread that keeps the script": """
        import sys, threading, time
        class Noisy:
            def __del__(self): print("deleted", Noisy)
        noisy = Noisy()
        def work():
            while True:
                time.sleep(0.005)
        threading.Thread(target=work, daemon=True).start()
        print(sys.getrefcount(sys.modules["__main__"]))
    """,
    "a thread that fails": """
        import threading
        def fail():
            raise ValueError("in a thread")
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
        print("main is done")
    """,
    "the order of the end": """
        import atexit, threading, time, weakref, sys
        class Noisy:
            def __init__(self, name): self.name = name
            def __del__(self): print("deleted", self.name, sys.is_finalizing(), Noisy is None)
        def late():
            time.sleep(0.1)
            print("thread")
        atexit.register(print, "first registered")
        atexit.register(print, "second registered")
        _first, second, __third = Noisy("first"), Noisy("second"), Noisy("third")
        cycle = Noisy("cycle")
        cycle.itself = cycle
        weakref.finalize(second, print, "finalized")
        threading.Thread(target=late).start()
        def generator():
            try:
                yield
            finally:
                print("generator closed")
        left = generator()
        next(left)
    """,
    "functions for the end that fail": """
        import atexit, sys
        def fail():
            raise ValueError("at the end")
        def leave():
            sys.exit(5)
        atexit.register(print, "last")
        atexit.register(fail)
        atexit.register(leave)
    """,
    "output replaced by what is below it": """
        import sys
        sys.stdout = sys.stdout.detach()
        sys.stdout.write(b"printed")
    """,
    "errors replaced by what is below them": """
        import sys
        sys.stderr = sys.stderr.detach()
        sys.stderr.write(b"printed")
    """,
    "output taken away": "import sys\nprint('printed', flush=True)\nbelow = sys.stdout.detach()",
    "errors taken away": "import sys\nbelow = sys.stderr.detach()",
    "output that fails late": """
        import sys
        class Full:
            closed = False
            def write(self, text): pass
            def flush(self): raise OSError("full")
        class Late:
            def __del__(self, sys=sys, full=Full()): sys.stdout = full
        late = Late()
    """,
    "a function for the end that exits": "import atexit, os\natexit.register(os._exit, 5)\nprint(1)",
    "a deletion that fails": """
        class Bad:
            def __del__(self): raise ValueError("deleted")
        bad = Bad()
    """,
    "a coroutine left": "async def never(): pass\nleft = never()\nprint('end')",
    "an awaitable lost": "async def never(): pass\nnever()\nprint('end')",
    "hooks": """
        import sys
        sys.excepthook = lambda kind, error, traceback: print("hook", kind.__name__, error)
        raise ValueError("hooked")
    """,
    "no hook": "import sys\ndel sys.excepthook\nraise ValueError('x')",
    "no hook at an interrupt": "import sys\ndel sys.excepthook\nraise KeyboardInterrupt",
    "standard output closed": "import sys\nprint('before')\nsys.stdout.close()",
    "standard output gone": "import sys\nsys.stdout = None\nprint('nowhere')\nsys.exit(4)",
    "standard output replaced": """
        import io, sys
        sys.stdout = io.TextIOWrapper(open("printed.txt", "wb"))
        print("into a file")
    """,
    "what only builtins keeps": """
        import builtins
        a = 1
        class Noisy:
            def __del__(self): print("deleted", a, Noisy is None, len(()), "open" in vars(builtins))
        noisy = Noisy()
        builtins.keep = lambda: noisy
    """,
    "what has taken the place of a builtin": """
        import builtins
        class Noisy:
            def __del__(self): print("deleted", Noisy is None, ascii, "exit" in vars(builtins))
        builtins.ascii = Noisy()
    """,
    "output by C": """
        import ctypes
        print("python")
        ctypes.CDLL(None).printf(b"C\\n")
    """,
    "faulthandler": """
        import faulthandler
        print(faulthandler.is_enabled())
        faulthandler.enable()
        print(faulthandler.is_enabled())
    """,
    "warnings": """
        import warnings
        warnings.warn("shown", DeprecationWarning)
        warnings.warn("not shown", PendingDeprecationWarning, stacklevel=2)
        for _ in range(3):
            warnings.warn("shown once")
    """,
    "an error": """
        def inner(): return 1 / 0
        def outer():
            try:
                inner()
            except ZeroDivisionError as error:
                raise KeyError("outer") from error
        outer()
    """,
    "a group of errors": """
        import sys
        if sys.version_info < (3, 11):
            raise ValueError
        raise ExceptionGroup("several", [ValueError(1), TypeError("two")])
    """,
    "too deep": "def f(): return f()\nf()",
    "an interrupt": "raise KeyboardInterrupt",
    "an interrupt of its own kind": "class Own(KeyboardInterrupt): pass\nraise Own('mine')",
    "a base exception": "class Own(BaseException): pass\nraise Own('mine')",
    "exit with nothing": "import sys\nsys.exit()",
    "exit 3": "import sys\nsys.exit(3)",
    "exit 256": "import sys\nsys.exit(256)",
    "exit -1": "import sys\nsys.exit(-1)",
    "exit 2**70": "import sys\nsys.exit(2**70)",
    "exit True": "import sys\nsys.exit(True)",
    "exit with a text": "import sys\nsys.exit('why')",
    "exit with a list": "raise SystemExit(['a', 1])",
    "exit with what has no text": """
        class Mute:
            def __str__(self): raise ValueError
        raise SystemExit(Mute())
    """,
    "exit at once": "import os\nprint('said')\nos._exit(7)",
    "exit in a thread": """
        import sys, threading
        threading.Thread(target=sys.exit, args=(9,)).start()
        print("main")
    """,
    "killed": "import os, signal\nprint('said')\nos.kill(os.getpid(), signal.SIGKILL)",
    "terminated": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "aborted": "import os\nos.abort()",
}
# Those that are also run with an override, by which nothing else is to change.
OVERRIDDEN = (
    *("names", "multiprocessing", "a daemon thread that keeps the script"),
    *("the order of the end", "what only builtins keeps"),
)
SCRIPTS = {name: textwrap.dedent(text).strip() + "\n" for name, text in _SCRIPTS.items()}
