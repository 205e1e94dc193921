"""Fit a line, log the loss of each epoch, and keep what was learned as a file of the run.

`python sweeps/save_model.py` writes to artifacts/ in the working directory, and
`kogine run sweeps/save_model.py --sweep learning_rate=0.05,0.2` to that of each run.
"""

import json
import os
import random
from pathlib import Path

from kohakuengine import log  # prints; in a run it also records

learning_rate: float = 0.1
epochs: int = 5
seed: int = 0

folder = Path(os.environ.get("KOGINE_RUN_DIR", ".")) / "artifacts"


def main():
    rng = random.Random(seed)
    data = [(x, 2 * x - 1 + rng.gauss(0, 0.1)) for x in (rng.uniform(-1, 1) for _ in range(200))]
    slope = intercept = 0.0
    for epoch in range(1, epochs + 1):
        errors = [(slope * x + intercept - y, x) for x, y in data]
        slope -= learning_rate * 2 * sum(e * x for e, x in errors) / len(data)
        intercept -= learning_rate * 2 * sum(e for e, _ in errors) / len(data)
        log(step=epoch, loss=sum(e * e for e, _ in errors) / len(data))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "line.json").write_text(json.dumps({"slope": slope, "intercept": intercept}))


if __name__ == "__main__":
    main()
