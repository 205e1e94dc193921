"""A generator: yields one Config after another, each made only when it is asked for."""

from kohakuengine import Config


def config_gen():
    for learning_rate in (0.05, 0.1, 0.2):
        for optimizer in ("sgd", "momentum"):
            yield Config(
                globals_dict={"learning_rate": learning_rate, "optimizer": optimizer},
                metadata={"title": f"{optimizer}, {learning_rate}"},  # travels along, unread
            )
