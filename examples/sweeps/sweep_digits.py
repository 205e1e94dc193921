"""A sweep from Python: every combination of two settings, then the best one, and a table.

Run it as `python sweeps/sweep_digits.py`.
"""

from pathlib import Path

from kohakuengine import Config, sweep

script = Path(__file__).parent.parent / "scripts" / "train_digits.py"


def main():
    runs = sweep(
        script,
        {"learning_rate": [0.01, 0.1], "hidden": [(16,), (64,)]},
        config=Config(globals_dict={"epochs": 2}),  # the same for all
        workers=2,
        tags=["digits"],
    )
    best = runs.best("accuracy", mode="max")
    print(f"best: {best.name}, accuracy {best.metrics['accuracy']:.4f}")
    for run in runs:
        print(f"{run.status}  {run.metrics['accuracy']:.4f}  {run.name}")


if __name__ == "__main__":
    main()
