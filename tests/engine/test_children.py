"""Overrides hold in the processes that multiprocessing starts, and in what is built on it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

METHODS = ("fork", "spawn", "forkserver")

# Each prints what `x`, and `y` computed from it, are in processes of the script's.
SCRIPTS = {
    "Process": """
        def show(queue):
            queue.put((x, y, __name__ in ("__main__", "__mp_main__")))
        if __name__ == "__main__":
            queue = context.Queue()
            process = context.Process(target=show, args=(queue,))
            process.start()
            print(queue.get(timeout=60))
            process.join()
    """,
    "Pool": """
        def show(i):
            return x, y, __spec__ is None
        if __name__ == "__main__":
            with context.Pool(2) as pool:
                print(pool.map(show, range(2))[0])
    """,
    "concurrent.futures": """
        from concurrent.futures import ProcessPoolExecutor
        def show():
            return x, y, True
        if __name__ == "__main__":
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                print(pool.submit(show).result())
    """,
    "nested": """
        from concurrent.futures import ProcessPoolExecutor
        def inner():
            return x, y, True
        def show():
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                return pool.submit(inner).result()
        if __name__ == "__main__":
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                print(pool.submit(show).result())
    """,
}


def run(
    tmp_path, text: str, *options: str, command: tuple[str, ...] = ("-m", "kohakuengine")
) -> str:
    """Run a script by our command with x=5 and give what it prints."""
    path = tmp_path / "train.py"
    path.write_text(textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, *command, "run", str(path), *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("launcher", ["inline", "fresh"])
def test_overrides_hold_in_child_processes(kind, method, launcher, tmp_path):
    """A child process sees the overrides, and what was computed from them, however it started."""
    head = f"import multiprocessing\ncontext = multiprocessing.get_context({method!r})\nx = 1\ny = x * 2\n"
    text = head + textwrap.dedent(SCRIPTS[kind])
    assert run(tmp_path, text, "--set", "x=5", "--launcher", launcher) == "(5, 10, True)"


@pytest.mark.parametrize("method", METHODS)
def test_through_the_api_with_multiprocessing_imported_before(method, tmp_path):
    """The same in the user's own process, which had imported multiprocessing before the script."""
    head = f"import multiprocessing\ncontext = multiprocessing.get_context({method!r})\nx = 1\ny = x * 2\n"
    (tmp_path / "train.py").write_text(head + textwrap.dedent(SCRIPTS["Pool"]))
    caller = """
        import multiprocessing, multiprocessing.spawn, sys
        from kohakuengine import run
        if __name__ == "__main__":
            run("train.py", globals_dict={"x": 5})
            run("train.py", globals_dict={"x": [6]})
            run("train.py")
            assert multiprocessing.spawn.get_preparation_data.__module__ == "multiprocessing.spawn"
    """
    (tmp_path / "caller.py").write_text(textwrap.dedent(caller))
    done = subprocess.run(
        [sys.executable, "caller.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:3] == ["(5, 10, True)", "([6], [6, 6], True)", "(1, 2, True)"]


JOBLIB = """
    from joblib import Parallel, delayed
    x = 1
    y = x * 2
    def show(i):
        return x, y, True
    if __name__ == "__main__":
        print(Parallel(n_jobs=2, backend={backend!r})(delayed(show)(i) for i in range(2))[0])
"""


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_joblib(backend, tmp_path):
    """joblib's workers see the overrides, under each of its backends."""
    text = JOBLIB.replace("{backend!r}", repr(backend))
    assert run(tmp_path, text, "--set", "x=5") == "(5, 10, True)"


TORCH = """
    import torch
    from torch.utils.data import DataLoader, Dataset
    x = 1
    y = x * 2
    class Data(Dataset):
        def __len__(self): return 2
        def __getitem__(self, i): return (x, y)
    if __name__ == "__main__":
        loader = DataLoader(Data(), num_workers=1, multiprocessing_context={method!r})
        print([tuple(int(v) for v in batch) for batch in loader][0])
"""


@pytest.mark.parametrize("method", METHODS)
def test_torch_data_loader(method, tmp_path):
    """The workers of torch's DataLoader see the overrides."""
    pytest.importorskip("torch", reason="torch isn't installed: no CPU build could be had here")
    text = TORCH.replace("{method!r}", repr(method))
    assert run(tmp_path, text, "--set", "x=5") == "(5, 10)"


def test_values_that_plain_pickle_does_not_take(tmp_path):
    """A config's own functions reach spawned children too."""
    (tmp_path / "config.py").write_text("def scale(n):\n    return n * 3\n")
    text = """
        import multiprocessing
        def scale(n): return n
        def show(i): return scale(i)
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(show, [2]))
    """
    assert run(tmp_path, text, "--config", str(tmp_path / "config.py")) == "[6]"


def test_children_of_a_plain_run_are_plain(tmp_path):
    """Without overrides multiprocessing is left alone."""
    text = """
        import sys
        import multiprocessing.spawn
        if __name__ == "__main__":
            data = multiprocessing.spawn.get_preparation_data("child")
            print(data["init_main_from_path"] == __file__, len(sys.meta_path))
    """
    here = subprocess.run(
        [sys.executable, "-c", "import sys; print(len(sys.meta_path))"],
        capture_output=True,
        text=True,
    )
    assert run(tmp_path, text) == f"True {here.stdout.strip()}"


def test_child_sees_the_script_as_its_parent_ran_it(tmp_path):
    """An edit of the file while it runs doesn't reach its children."""
    text = """
        import multiprocessing
        x = 1
        def show(i): return x, "old"
        if __name__ == "__main__":
            with open(__file__) as file:
                edited = file.read().replace("old", "new")
            with open(__file__, "w") as file:
                file.write(edited)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(show, [2]))
    """
    assert run(tmp_path, text, "--set", "x=5") == "[(5, 'old')]"
