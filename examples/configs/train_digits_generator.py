"""The sizes of the network's hidden layer to try, smallest first."""

from kohakuengine import Config


def config_gen():
    for neurons in (4, 16, 64):
        yield Config(globals_dict={"hidden": (neurons,), "epochs": 5})
