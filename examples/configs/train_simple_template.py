"""A template: a config as a function of arguments, which `use_config()` or the command line gives.

kogine run scripts/train_simple.py --config configs/train_simple_template.py --config-arg pace=fast
"""

from typing import Literal

from kohakuengine import Config


def config_gen(pace: Literal["slow", "fast"] = "slow", epochs: int = 20) -> Config:
    return Config({"learning_rate": 0.2 if pace == "fast" else 0.02, "epochs": epochs})
