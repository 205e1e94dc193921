"""A page with the board's module and a model made by hand, on a server of the loopback."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WIDGETS = Path(__file__).resolve().parents[2] / "kohakuengine" / "jupyter" / "widgets"

# What a page of one's own needs to show a board: get, on, send.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>board</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="board.css">
<style>
  body { margin: 8px; background: #fff; }
  @media (prefers-color-scheme: dark) { body { background: #0d1117; } }
</style>
</head>
<body>
<main><h1 style="font: 16px sans-serif; color: #777; display: none">board</h1><div id="board"></div></main>
<script type="module">
import make from "./board.js";
const ears = [];
window.sent = [];
window.model = {
  state: await (await fetch("state.json")).json(),
  get(name) { return name === "state" ? this.state : undefined; },
  on(event, f) { ears.push(f); },
  off(event, f) { ears.splice(ears.indexOf(f), 1); },
  send(message) { window.sent.push(message); },
};
window.tell = (message) => ears.forEach((f) => f(message));
window.version = model.state.v;
window.delta = (parts) => tell({ kind: "delta", v: ++window.version, t: Date.now() / 1000, live: true, ...parts });
const widget = make();
await widget.initialize({ model });
window.remove = await widget.render({ model, el: document.getElementById("board") });
window.again = () => widget.render({ model, el: document.getElementById("board") });
window.view = () => document.getElementById("board").kogineView;
window.ready = true;
</script>
</body>
</html>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path, state: dict[str, Any]) -> Iterator[str]:
    """The address of a page that shows a state."""
    for name in ("board.js", "board.css"):
        shutil.copy(WIDGETS / name, folder / name)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def row(n: int, status: str = "finished", **more: Any) -> dict[str, Any]:
    """A row as the kernel gives it."""
    lr = [0.1, 0.01, 0.001][n % 3]
    names = ["adam", "sgd", "adamw", "lion"]
    return {
        "n": n,
        "id": f"{n:032x}"[::-1],
        "flow": "f" * 32,
        "pos": n,
        "name": f"lr={lr} optimizer={names[n % 4]}",
        "script": "train.py",
        "p": {"lr": lr, "optimizer": names[n % 4], "seed": n, "epochs": 10},
        "c": 1_795_000_000.0,
        "st": status,
        "b": None if status == "queued" else 1_795_000_000.0 + n,
        "e": 1_795_000_100.0 + n * 1.7 if status not in ("running", "queued") else None,
        "a": 1,
        "s": n % 4,
        "err": "ValueError: it didn't converge" if status == "failed" else None,
        "m": {"loss": 1 / (n % 97 + 1), "accuracy": (n * 37 % 100) / 100},
        **more,
    }


def state(rows: list[dict[str, Any]], **flow: Any) -> dict[str, Any]:
    """The state of a board with these rows."""
    told = {"name": "sweep", "status": "running", "total": len(rows), "live": True, **flow}
    return {
        "v": 0,
        "t": 1_795_000_200.0,
        "live": told["live"],
        "rows": rows,
        "flows": {"f" * 32: told},
        "selected": [],
        "store": False,
        "last": "a1",
    }
