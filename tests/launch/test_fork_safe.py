"""Libraries that start threads when they are imported do real work in forks of a warm server."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest
from jobs import finish, make_job

from kohakuengine.launch.warm import Warm
from kohakuengine.launch.warm_preload import FORK_SAFE, is_proven

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="forks are warm on Linux only"),
]

# What they compute in all of their threads, with a result that is known.
WORK = {
    "numpy": """
        import numpy as np
        def main():
            a = np.arange(250_000, dtype=float).reshape(500, 500)
            return float(np.linalg.norm(np.linalg.inv(a @ a.T + 1e9 * np.eye(500)) @ np.ones(500)) > 0)
    """,
    "scipy": """
        import numpy as np
        from scipy import linalg, optimize
        def main():
            found = optimize.minimize(lambda x: ((x - 3) ** 2).sum(), np.zeros(50))
            lu, piv = linalg.lu_factor(np.eye(400) * 2)
            return round(float(found.x.mean())) / 3 * float(lu[0, 0]) / 2
    """,
    "pandas": """
        import pandas as pd
        def main():
            frame = pd.DataFrame({"k": [1, 2] * 50_000, "v": 1.0})
            sums = frame.groupby("k").v.sum()
            return sums.loc[1] / frame.merge(frame.drop_duplicates("k"), on="k").v_x.sum() * 2
    """,
    "sklearn": """
        from sklearn.datasets import make_classification
        from sklearn.ensemble import RandomForestClassifier
        def main():
            x, y = make_classification(300, random_state=0)
            model = RandomForestClassifier(20, n_jobs=2, random_state=0).fit(x, y)
            return float(model.score(x, y))
    """,
    "sklearn in processes": """
        import os
        from sklearn.datasets import make_classification
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score
        def main():
            x, y = make_classification(300, random_state=0)
            parent = os.getpid()
            elsewhere = lambda model, x, y: float(model.score(x, y) > 0.5 and os.getpid() != parent)
            return float(cross_val_score(LogisticRegression(), x, y, scoring=elsewhere, n_jobs=2).mean())
    """,
    "matplotlib": """
        import io
        import matplotlib.pyplot as plt
        def main():
            figure, axes = plt.subplots()
            axes.plot(range(100))
            file = io.BytesIO()
            figure.savefig(file, format="png")
            return float(file.getvalue().startswith(b"\\x89PNG"))
    """,
    "polars": """
        import polars as pl
        def main():
            frame = pl.DataFrame({"k": [i % 7 for i in range(200_000)], "v": 1.0})
            sums = frame.lazy().group_by("k").agg(pl.col("v").sum()).sort("k").collect()
            joined = frame.join(sums, on="k").sort("v_right").select(pl.len()).item()
            return sums["v"].sum() / joined
    """,
    "pyarrow": """
        import io
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
        def main():
            table = pa.table({"k": [i % 7 for i in range(200_000)], "v": [1.0] * 200_000})
            sums = table.group_by("k").aggregate([("v", "sum")])
            file = io.BytesIO()
            pq.write_table(table, file)
            read = pq.read_table(io.BytesIO(file.getvalue()))
            return pc.sum(sums["v_sum"]).as_py() / read.num_rows
    """,
    "torch": """
        import torch
        def main():
            w = torch.ones(400, 400, requires_grad=True)
            (w @ torch.eye(400)).sum().backward()
            return float(w.grad.mean())
    """,
}


def test_each_is_tried() -> None:
    """No library is taken to be fit without a proof."""
    assert {work.partition(" ")[0] for work in WORK} == set(FORK_SAFE)


def test_documented_versions() -> None:
    """The documentation says which versions were tried: the first and the last that are forked."""
    page = Path(__file__).parents[2] / "docs" / "launchers.md"
    text = page.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \| (\d+)\.(\d+)\S* \| (\d+)\.(\d+)\S* \|$", text, re.MULTILINE)
    tried = {}
    for name, *numbers in rows:
        first, last = zip(*[map(int, numbers)] * 2)
        tried[{"scikit-learn": "sklearn"}.get(name, name)] = (first, last)
    assert set(tried) == set(FORK_SAFE)
    for name, (first, last) in tried.items():
        start, end = FORK_SAFE[name]
        assert start == first and is_proven(name, "%d.%d.0" % last)
        assert end in ((last[0], last[1] + 1), (last[0] + 1, 0))


VERSIONS = {
    "first": ("numpy", "1.22.0", True),
    "before the first": ("numpy", "1.21.6", False),
    "of now": ("torch", "2.13.0+cpu", True),
    "to come": ("numpy", "2.99.0", False),
    "far off": ("polars", "7.0.0", False),
    "none": ("pandas", "", False),
}


@pytest.mark.parametrize("kind", VERSIONS)
def test_versions_that_are_proven(kind: str) -> None:
    """Neither an older version nor one to come is taken to be as those that were tried."""
    name, version, proven = VERSIONS[kind]
    assert is_proven(name, version) == proven


def test_unknown_version_goes_fresh(launcher, job, installed) -> None:
    """A library of which this version wasn't tried gets a new interpreter, if it starts threads."""
    pytest.importorskip("numpy", reason="numpy isn't installed")
    (installed / "newer.py").write_text("import numpy\nnumpy.__version__ = '2.99.0'")
    outcome = finish(launcher, job("import newer\ndef main(): return newer.numpy.__version__"))
    assert outcome.result == "2.99.0"
    if len(os.sched_getaffinity(0)) > 1:
        assert outcome.fallback == "importing newer starts threads, and numpy 2.99.0 isn't proven"


@pytest.mark.parametrize("work", WORK)
def test_works_in_forks(work: str, launcher: Warm, tmp_path: Path) -> None:
    """Several runs after one another, each in a fork, get the right result."""
    library = work.partition(" ")[0]
    pytest.importorskip(library, reason=f"{library} isn't installed")
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(WORK[work]))
    for _ in range(3):
        outcome = finish(launcher, make_job(tmp_path, script))
        assert (outcome.fallback, outcome.status, outcome.reason) == (None, "finished", None)
        assert outcome.result == pytest.approx(1.0)
