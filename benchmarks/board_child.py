"""What a notebook of the board's benchmark holds: 200 runs that go on, of which all changes all the time."""

from __future__ import annotations

import threading
import time
from statistics import median
from typing import Any

ROWS = 200
TICK = 0.2  # between changes, in seconds


class Busy:
    """A board of runs whose metrics and progress change at each tick, and what that costs the kernel.

    Attributes:
        board: The board.
        spent: The processor time of each update, in seconds: to look, to make a message, to send it.
    """

    def __init__(self) -> None:
        import kohakuengine.launch.fake as fake_module
        from kohakuengine import Config, Parallel
        from kohakuengine.jupyter.widgets.board import RunBoard
        from kohakuengine.runs.store import RunStore

        held = fake_module.Fake(hold=True, keep=True)
        fake_module.Fake = lambda: held  # type: ignore[assignment, misc]
        with open("train.py", "w") as file:
            file.write("lr = 0.1\nsteps = 1\n")
        configs = [Config({"lr": n / 7, "steps": n}) for n in range(ROWS)]
        self.handle = Parallel("train.py", config=configs, launcher="fake", workers=ROWS).start()
        while len(held.submitted) < ROWS:
            time.sleep(0.05)
        self.store = RunStore()
        self.ids = held.submitted
        self.spent: list[float] = []
        self.messages = 0
        self.board = RunBoard(self.handle)
        self._measure(self.board)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._change, daemon=True)

    def _measure(self, board: Any) -> None:
        tick, send = board.tick, board.send

        def measured() -> bool:
            began = time.thread_time()
            changed: bool = tick()
            if changed:
                self.spent.append(time.thread_time() - began)
            return changed

        def counted(*arguments: Any, **options: Any) -> None:
            self.messages += 1
            send(*arguments, **options)

        board.tick, board.send = measured, counted

    def start(self) -> None:
        """Change things from now on."""
        self._thread.start()

    def _change(self) -> None:
        logs = [self.store.paths.run(id).attempt(1).output for id in self.ids]
        count = 0
        while not self._over.wait(TICK):
            count += 1
            with self.store.transaction():
                for n, id in enumerate(self.ids):
                    metrics = {"loss": 1 / (count + n), "accuracy": (count * n % 97) / 97}
                    self.store.update_run(id, metrics=metrics)
            bar = f"\r{count % 100:3d}%|###   | {count % 100}/100 [00:01<00:02, 30.1it/s]".encode()
            for path in logs:
                with open(path, "ab") as file:
                    file.write(bar)

    def report(self, seconds: float) -> dict[str, float]:
        """What the kernel spent in the last seconds; all is ended."""
        spent = self.spent[5:]
        self._over.set()
        self._thread.join()
        self.handle.cancel()
        self.handle.wait(30)
        self.board.close()
        return {
            "kernel": median(spent) * 1000,
            "updates": len(self.spent) / seconds,
            "messages": self.messages / seconds,
        }
