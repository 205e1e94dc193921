"""Fit a line to noisy points by gradient descent, with nothing but the standard library."""

import random
from typing import Literal

learning_rate: float = 0.1  # step size
epochs: int = 20  # passes over the points
points: int = 200
noise: float = 0.1  # standard deviation of the noise on y
optimizer: Literal["sgd", "momentum"] = "sgd"
seed: int = 0

TRUE_SLOPE, TRUE_INTERCEPT = 2.0, -1.0


def make_data(rng):
    xs = [rng.uniform(-1, 1) for _ in range(points)]
    return [(x, TRUE_SLOPE * x + TRUE_INTERCEPT + rng.gauss(0, noise)) for x in xs]


def gradient(data, slope, intercept):
    errors = [(slope * x + intercept - y, x) for x, y in data]
    loss = sum(e * e for e, _ in errors) / len(data)
    return (
        loss,
        2 * sum(e * x for e, x in errors) / len(data),
        2 * sum(e for e, _ in errors) / len(data),
    )


def main():
    data = make_data(random.Random(seed))
    slope = intercept = 0.0
    speed_slope = speed_intercept = 0.0
    keep = 0.9 if optimizer == "momentum" else 0.0
    for epoch in range(1, epochs + 1):
        loss, d_slope, d_intercept = gradient(data, slope, intercept)
        speed_slope = keep * speed_slope - learning_rate * d_slope
        speed_intercept = keep * speed_intercept - learning_rate * d_intercept
        slope += speed_slope
        intercept += speed_intercept
        print(f"epoch: {epoch} loss: {loss:.4f}")
    print(f"y = {slope:.3f} * x + {intercept:.3f}")
    return {"loss": loss, "slope": slope, "intercept": intercept}


if __name__ == "__main__":
    main()
