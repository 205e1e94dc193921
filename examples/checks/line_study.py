"""A study of train_simple.py whose values have bounds: a wrong one is told before the first run.

kogine config check scripts/train_simple.py --config checks/line_study.py
kogine run scripts/train_simple.py --config checks/line_study.py
"""

from dataclasses import dataclass
from typing import Literal


@dataclass
class Study:  # no value of the config: it is what the values have to fit
    learning_rate: float = 0.1
    epochs: int = 20
    optimizer: Literal["sgd", "momentum"] = "sgd"

    def __post_init__(self):
        if not 0 < self.learning_rate < 1:
            raise ValueError("learning_rate must be above 0 and below 1")
        if self.optimizer == "momentum" and self.learning_rate > 0.2:
            raise ValueError("momentum needs a learning_rate of at most 0.2")


_schema = Study

epochs = 5
_sweep = {"learning_rate": [0.05, 0.1, 0.2], "optimizer": ["sgd", "momentum"]}
