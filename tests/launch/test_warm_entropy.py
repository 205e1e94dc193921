"""What is random in runs of the warm launcher, and what isn't."""

from __future__ import annotations

import os

import pytest
from jobs import finish

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="forks are warm on Linux only"),
]


def test_entropy_is_new_in_each_run(launcher, job):
    """What is random in new interpreters is in forks: random, numpy's, multiprocessing's key."""
    text = """
        import multiprocessing, random, tempfile, uuid
        import numpy as np
        def main():
            key = bytes(multiprocessing.current_process().authkey).hex()
            names = next(tempfile._get_candidate_names())
            return [random.random(), np.random.random(), key, names, str(uuid.uuid4())]
    """
    outcomes = [finish(launcher, job(text)) for _ in range(3)]
    assert [outcome.fallback for outcome in outcomes] == [None] * 3
    for values in zip(*(outcome.result for outcome in outcomes)):
        assert len(set(values)) == 3


def test_generators_made_by_imports_are_new_in_each_run(launcher, job, installed):
    """What numpy has seeded by chance is seeded anew, and what is derived from it goes along."""
    (installed / "noise.py").write_text(
        "import numpy as np\n"
        "from numpy.random import PCG64, RandomState, SeedSequence, default_rng\n"
        "rng, ss, bg, old = default_rng(), SeedSequence(), PCG64(), RandomState()\n"
        "derived = default_rng(ss)\n"
        "child = default_rng(ss.spawn(1)[0])\n"
    )
    text = """
        import noise
        from numpy.random import Generator, default_rng
        def main():
            made = [noise.rng, default_rng(noise.ss), Generator(noise.bg), noise.derived, noise.child]
            made += noise.rng.spawn(1) + [default_rng(noise.ss.spawn(1)[0]), noise.old]
            return [float(one.random()) for one in made]
    """
    outcomes = [finish(launcher, job(text)) for _ in range(3)]
    assert [outcome.fallback for outcome in outcomes] == [None] * 3
    for values in zip(*(outcome.result for outcome in outcomes)):
        assert len(set(values)) == 3
    for result in (outcome.result for outcome in outcomes):
        assert result[1] == result[3] and len({*result}) == len(result) - 1


def test_seeds_that_an_import_has_chosen_stay(launcher, job, installed):
    """A generator that an installed module seeds gives the same numbers in each run."""
    (installed / "noise.py").write_text(
        "from numpy.random import default_rng\nmade = [default_rng(5), default_rng([1, 2])]\n"
    )
    text = "import noise\ndef main(): return [float(one.random()) for one in noise.made]"
    for outcome in [finish(launcher, job(text)) for _ in range(2)]:
        assert outcome.fallback is None
        assert outcome.result == [0.8050029237453802, 0.44841514333227195]


# Of a module: what it does, a value of it in a run, and what that always is; None where it differs
# from run to run.
_LARGE = 0x87351080E25CB0FAD77A44A3BE03B491
CHOSEN = {
    "random.seed": ("import random\nrandom.seed(0)", "mod.random.random()", 0.8444218515250481),
    "random.Random": (
        "import random\nrng = random.Random(0)",
        "mod.rng.random()",
        0.8444218515250481,
    ),
    "np.random.seed": (
        "import numpy as np\nnp.random.seed(0)",
        "float(mod.np.random.random())",
        0.5488135039273248,
    ),
    "RandomState": (
        "import numpy as np\nrng = np.random.RandomState(7)",
        "float(mod.rng.random_sample())",
        0.07630828937395717,
    ),
    "a large seed": (
        f"import numpy as np\nrng = np.random.default_rng({_LARGE})",
        f"bool(mod.rng.random() == mod.np.random.default_rng({_LARGE}).random())",
        True,
    ),
    "a state": (
        "import numpy as np\n"
        "rng = np.random.default_rng()\n"
        "rng.bit_generator.state = np.random.PCG64(5).state",
        "bool(mod.rng.random() == mod.np.random.default_rng(5).random())",
        True,
    ),
    "the clock": (
        "import time\nimport numpy as np\nrng = np.random.default_rng(time.time_ns())",
        "float(mod.rng.random())",
        None,
    ),
    "uuid4": ("import uuid\nvalue = str(uuid.uuid4())", "mod.value", None),
    "secrets": ("import secrets\nvalue = secrets.token_hex()", "mod.value", None),
    "urandom": ("from os import urandom\nvalue = urandom(8).hex()", "mod.value", None),
    "getpid": ("import os\nvalue = os.getpid()", "mod.value", None),
    "a number of numpy's": (
        "import numpy as np\nvalue = float(np.random.random())",
        "mod.value",
        None,
    ),
    "a seed of numpy's": (
        "import numpy as np\nvalue = str(np.random.SeedSequence().entropy)",
        "mod.value",
        None,
    ),
}


@pytest.mark.parametrize("kind", CHOSEN)
def test_falls_back_to_fresh(kind, launcher, job, installed):
    """What an import draws, or seeds, and can't be had in each run has the run be a new process."""
    module, value, expected = CHOSEN[kind]
    (installed / "mod.py").write_text(module)
    text = f"import mod\ndef main(): return {value}"
    outcomes = [finish(launcher, job(text)) for _ in range(2)]
    assert all(outcome.fallback for outcome in outcomes)
    results = [outcome.result for outcome in outcomes]
    assert results == [expected] * 2 if expected is not None else results[0] != results[1]


def test_torch(launcher, job, installed):
    """Torch's generators are as in new interpreters: seeded by chance, or by who has chosen."""
    pytest.importorskip("torch", reason="torch isn't installed")
    text = """
        import torch
        def main():
            return [torch.rand(1).item(), torch.initial_seed(), torch.Generator().initial_seed()]
    """
    first, second = outcomes = [finish(launcher, job(text)) for _ in range(2)]
    assert [outcome.fallback for outcome in outcomes] == [None] * 2
    assert first.result[0] != second.result[0] and first.result[2] == second.result[2]
    (installed / "mod.py").write_text("import torch\ntorch.manual_seed(3)")
    outcome = finish(launcher, job("import mod\ndef main(): return mod.torch.initial_seed()"))
    assert outcome.result == 3 and "seeds torch's generator" in outcome.fallback
    (installed / "own.py").write_text("import torch\nown = torch.Generator()\nown.seed()")
    text = "import own\ndef main(): return own.own.initial_seed()"
    first, second = outcomes = [finish(launcher, job(text)) for _ in range(2)]
    assert all("makes a torch.Generator" in outcome.fallback for outcome in outcomes)
    assert first.result != second.result
