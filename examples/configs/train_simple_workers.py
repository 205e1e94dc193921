"""A worker-aware config: each worker gets its own number, counted from 0, and its own seed."""

from kohakuengine import Config


def config_gen(worker_id):
    return Config(globals_dict={"seed": 100 + worker_id, "epochs": 5})
