"""A config file that learns from its runs: widen the hidden layer as long as that pays.

    kogine run scripts/train_digits.py --config sweeps/climb.py --workers 1

`yield` gives back the run that the last Config became. With one worker it has always ended by then.
"""

from kohakuengine import Config


def config_gen():
    neurons, best = 4, 0.0
    while neurons <= 256:
        run = yield Config(
            globals_dict={"hidden": (neurons,), "epochs": 3},
            metadata={"name": f"{neurons} neurons"},  # what the run is called
        )
        if run is None or run.status != "finished":
            return
        accuracy = run.metrics["accuracy"]
        if accuracy < best + 0.01:  # less than one point better: enough
            return
        neurons, best = neurons * 2, accuracy
