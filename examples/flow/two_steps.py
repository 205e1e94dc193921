"""Two scripts from Python: the points once, then the line with several learning rates.

Run it as `python flow/two_steps.py`.
"""

from pathlib import Path

from kohakuengine import Config, Sequential

here = Path(__file__).parent


def main():
    rates = [Config(globals_dict={"learning_rate": rate}) for rate in (0.05, 0.1, 0.2)]
    flow = Sequential([here / "prepare.py", (here / "train.py", rates)], on_error="stop")
    runs = flow.run()
    for run in runs:
        print(f"{run.status}  {run.name}  {run.result}")
    print("best:", runs.best("loss").name)


if __name__ == "__main__":
    main()
