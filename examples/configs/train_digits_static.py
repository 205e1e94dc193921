"""A static config: one Config in a variable named CONFIG."""

from kohakuengine import Config

CONFIG = Config(
    # Values are Python objects, so nothing needs to be written as text.
    globals_dict={"learning_rate": 0.05, "hidden": (64, 32), "epochs": 5},
)
