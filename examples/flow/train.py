"""The second of two steps: fit a line to the points that `prepare.py` made.

Both: `kogine workflow sequential flow/prepare.py flow/train.py --on-error stop`.
"""

import json
from pathlib import Path

learning_rate: float = 0.1
epochs: int = 5
data = Path("points.json")


def main():
    pairs = json.loads(data.read_text())
    slope = intercept = 0.0
    for epoch in range(1, epochs + 1):
        errors = [(slope * x + intercept - y, x) for x, y in pairs]
        slope -= learning_rate * 2 * sum(e * x for e, x in errors) / len(pairs)
        intercept -= learning_rate * 2 * sum(e for e, _ in errors) / len(pairs)
        loss = sum(e * e for e, _ in errors) / len(pairs)
        print(f"epoch: {epoch} loss: {loss:.4f}")
    return {"loss": loss}


if __name__ == "__main__":
    main()
