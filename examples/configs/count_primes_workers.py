"""A worker-aware config: a bigger limit for each further worker."""

from kohakuengine import Config


def config_gen(worker_id):
    return Config(globals_dict={"limit": 5_000 * (worker_id + 1), "chunk": 1_000, "twins": True})
