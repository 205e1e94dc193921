"""The first of two steps: make the points that `train.py` fits a line to."""

import json
import random
from pathlib import Path

points: int = 200
noise: float = 0.1  # standard deviation of the noise on y
seed: int = 0
data = Path("points.json")

rng = random.Random(seed)
xs = [rng.uniform(-1, 1) for _ in range(points)]
data.write_text(json.dumps([(x, 2 * x - 1 + rng.gauss(0, noise)) for x in xs]))
print(f"points: {points}")
