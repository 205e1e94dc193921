"""One measurement in a process of its own: `python -m benchmarks.flow_child WHAT [COUNT]`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

from kohakuengine import Config, ConfigGenerator, Parallel, RunStore, Runs


def hellos(count: int) -> dict[str, float]:
    """Runs of a tiny script in new interpreters."""
    runs = Parallel("hello.py", configs(count), max_workers=2, launcher="fresh").run()
    assert len(runs.finished) == count
    return {}


def many(count: int) -> dict[str, float]:
    """Configs through the fake launcher."""
    begun = time.perf_counter()
    runs = Parallel("hello.py", configs(count), max_workers=2, launcher="fake").run()
    took = time.perf_counter() - begun
    assert len(runs) == count
    return {"seconds": took, "peak": peak()}


def configs(count: int) -> ConfigGenerator:
    """So many different configs, one after the other."""

    def generate() -> Iterator[Config]:
        for number in range(count):
            yield Config(metadata={"number": number})

    return ConfigGenerator(generate)


def store(count: int) -> dict[str, float]:
    """Questions to a store of many runs."""
    full = RunStore()
    full.add_flow(id="f" * 32, created=0.0, status="finished", scripts=["train.py"], tags=[])
    for start in range(0, count, 1_000):
        full.add_runs([row(number) for number in range(start, start + 1_000)])
    return {
        "newest": timed(lambda: full.select(limit=50)),
        "filter": timed(lambda: full.select(where="lr < 0.001", limit=50)),
        "pandas": timed(lambda: Runs(full, full.ids()).to_pandas()),
    }


def row(number: int) -> dict[str, object]:
    """A run as the index has it."""
    return {
        "id": f"{number:032x}",
        "flow": "f" * 32,
        "position": number,
        "name": f"run {number}",
        "script": "train.py",
        "launcher": "fresh",
        "status": "finished" if number % 10 else "failed",
        "created": float(number),
        "started": float(number),
        "ended": number + 5.0,
        "params": {"lr": number / 1e5, "bs": number % 7, "optimizer": "adam", "seed": number},
        "metrics": {"loss": 1 / (number + 1), "accuracy": 0.5},
        "tags": [],
    }


def timed(work: object) -> float:
    """How long something takes, the median of five times, in seconds."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        work()  # type: ignore[operator]
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[2]


def chatty(_: int) -> dict[str, float]:
    """A script that prints 1 GB."""
    warm_up = Parallel("hello.py", max_workers=1).run()
    assert len(warm_up.finished) == 1
    before = peak()
    begun = time.perf_counter()
    runs = Parallel("chatty.py", max_workers=1).run()
    took = time.perf_counter() - begun
    assert len(runs.finished) == 1
    return {"seconds": took, "grown": peak() - before}


def peak() -> float:
    """The most resident memory that this process has had, in bytes; not what `getrusage(2)` says,
    which counts the process that started this one in (proc_pid_status(5)).
    """
    with open("/proc/self/status") as status:
        kibibytes = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kibibytes) * 1024.0


WHAT = {"hellos": hellos, "configs": many, "store": store, "chatty": chatty}

if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(json.dumps(WHAT[sys.argv[1]](count)))
