"""Libraries that start threads when they are imported do real work in forks of a warm server."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest
from jobs import finish, make_job

from kohakuengine.launch.warm import Warm
from kohakuengine.launch.warm_preload import FORK_SAFE

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
    assert set(WORK) == set(FORK_SAFE)


@pytest.mark.parametrize("library", WORK)
def test_works_in_forks(library: str, launcher: Warm, tmp_path: Path) -> None:
    """Several runs after one another, each in a fork, get the right result."""
    pytest.importorskip(library, reason=f"{library} isn't installed")
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(WORK[library]))
    for _ in range(3):
        outcome = finish(launcher, make_job(tmp_path, script))
        assert (outcome.fallback, outcome.status, outcome.reason) == (None, "finished", None)
        assert outcome.result == pytest.approx(1.0)
