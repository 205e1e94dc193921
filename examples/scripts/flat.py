"""Estimate pi by throwing darts: a flat script, no function in it."""

import random

darts = 20_000  # how many to throw
seed = 0
report_every = darts // 4  # computed from another parameter

random.seed(seed)
inside = 0
for dart in range(1, darts + 1):
    x, y = random.random(), random.random()
    if x * x + y * y < 1:
        inside += 1
    if dart % report_every == 0:
        print(f"darts: {dart} pi: {4 * inside / dart:.4f}")

pi = 4 * inside / darts
print(f"pi is about {pi:.4f}")
