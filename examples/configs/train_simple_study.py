"""A study: what is the same for all of its runs, and what varies. Beside it, in other formats."""

from kohakuengine import use_config

use_config("train_simple_common.yaml")
epochs = 10
_metadata = {"project": "lines"}
_sweep = {
    "learning_rate": "log(0.05,0.2,3)",
    "optimizer": ["sgd", "momentum"],
    "_exclude": "optimizer == 'momentum' and learning_rate > 0.1",
}
