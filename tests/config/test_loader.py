from __future__ import annotations

import os
import sys
import traceback
from itertools import islice
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.generator import ConfigGenerator
from kohakuengine.config.loader import load_config
from kohakuengine.errors import ConfigError, ConfigFileError, ConfigTypeError


def variables(configs: Any) -> list[dict[str, Any]]:
    return [config.globals_dict for config in configs]


# --- what a file gives


def test_bare(write: Any) -> None:
    """Without CONFIG or config_gen(), the file's own variables are the Config."""
    path = write(
        "bare.py",
        """
        import math
        from kohakuengine import use
        _steps = 10
        _args, _kwargs, _metadata = ("data", use(math.sin)), {"fast": True}, {"note": "x"}
        lr = 1 / _steps
        loss = use(math.hypot)
        if __name__ == "__main__":
            lr = "executed as a script"
        """,
    )
    import math

    expected = Config(
        {"lr": 0.1, "loss": math.hypot}, ["data", math.sin], {"fast": True}, {"note": "x"}
    )
    assert load_config(path) == expected


def test_empty(write: Any) -> None:
    """An empty file is an empty Config."""
    assert load_config(write("empty.py", "")) == Config()


def test_bare_classes(write: Any) -> None:
    """A bare file's own functions and classes are captured, not those of its siblings."""
    write("kin.py", "class Theirs: pass\nlimit = 3")
    config = load_config(
        write(
            "bare.py",
            """
            from __future__ import annotations
            from dataclasses import dataclass
            from kin import Theirs, limit
            @dataclass
            class Mine:
                size: int
            def f(): pass
            """,
        )
    )
    assert isinstance(config, Config)
    assert set(config.globals_dict) == {"limit", "Mine", "f"}


def test_static(write: Any) -> None:
    """CONFIG comes before the file's variables."""
    path = write("a.py", "from kohakuengine import Config\nx = 1\nCONFIG = Config({'x': 2})")
    assert load_config(path) == Config({"x": 2})


@pytest.mark.parametrize("several", ["[{0}]", "({0} for _ in '1')", "ConfigGenerator([{0}])"])
def test_several(write: Any, several: str) -> None:
    """CONFIG can be several Configs, in whatever they can be looped over."""
    text = "from kohakuengine import Config, ConfigGenerator\nCONFIG = "
    loaded = load_config(write("a.py", text + several.format("Config({'x': 2})")))
    assert isinstance(loaded, ConfigGenerator)
    assert variables(loaded) == [{"x": 2}]


def test_a_file_that_sweeps(write: Any) -> None:
    """`_sweep` gives a Config for each point, lazily; the file's variables are the same for all."""
    configs = load_config(
        write(
            "sweep.py",
            """
            from kohakuengine import axes
            lr, _metadata = 0.1, {"why": "because"}
            _sweep = axes.grid({"model.layers": [2, 4]}, seed=range(10**9))
            """,
        )
    )
    assert isinstance(configs, ConfigGenerator)
    assert len(configs.source) == 2 * 10**9
    first = next(iter(configs))
    assert first.globals_dict == {"lr": 0.1, "model": {"layers": 2}, "seed": 0}
    assert first.metadata == {"why": "because"}


SWEEPS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a dict": ("{'a': [1, 2], 'b': [3]}", [{"a": 1, "b": 3}, {"a": 2, "b": 3}]),
    "a list of them": ("[{'a': [1]}, {'b': [2]}]", [{"a": 1}, {"b": 2}]),
    "a text": ("'zip(a=[1, 2], b=[3, 4])'", [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
    "pairs": (
        "{'_zip': {'a': [1, 2], 'b': [3, 4]}, 'c': [5]}",
        [
            {"a": 1, "b": 3, "c": 5},
            {"a": 2, "b": 4, "c": 5},
        ],
    ),
    "two pairs": (
        "{'_zip': [{'a': [1], 'b': [2]}, {'c': [3], 'd': [4]}]}",
        [
            {"a": 1, "b": 2, "c": 3, "d": 4},
        ],
    ),
    "texts for values": (
        "{'a': 'range(2)', 'b': 'when(a > 0, [1])'}",
        [{"a": 0}, {"a": 1, "b": 1}],
    ),
    "exclusion and repeats": (
        "{'a': [1, 2], '_exclude': 'a == 2', '_repeat': {'times': 2, 'seed': 's'}}",
        [{"a": 1, "s": 0}, {"a": 1, "s": 1}],
    ),
    "a sample": ("{'a': [1], '_sample': 1}", [{"a": 1}]),
}


@pytest.mark.parametrize("text, points", SWEEPS.values(), ids=SWEEPS)
def test_what_a_file_sweeps(write: Any, text: str, points: list[dict[str, Any]]) -> None:
    """A dict is a grid, a list one after the other; a text calls the functions of `axes`."""
    assert variables(load_config(write("sweep.py", f"_sweep = {text}"))) == points


@pytest.mark.parametrize(
    "text, message",
    {
        "CONFIG": ("CONFIG = None", "has _sweep and CONFIG"),
        "config_gen": ("def config_gen(): pass", r"has _sweep and config_gen\(\)"),
        "no values": (
            "_sweep = {'a': []}",
            "sweeps.py sets _sweep wrongly: sweep: a has no values",
        ),
        "nothing": ("_sweep = 3", "sets _sweep wrongly.*a dict of values by name is wanted"),
        "a key that isn't": ("_sweep = {'_zpi': {}}", "there is no _zpi; did you mean _zip?"),
        "a part of a sample": ("_sweep = {'a': [1], '_sample': {'seed': 1}}", "must say its count"),
    }.values(),
)
def test_wrong_sweeps(write: Any, text: str, message: str) -> None:
    """What is wrong is told with the file, when it is loaded."""
    with pytest.raises(ConfigError, match=message):
        load_config(write("sweeps.py", f"_sweep = {{'a': [1]}}\n{text}"))


def test_config_gen_comes_first(write: Any) -> None:
    """config_gen() comes before CONFIG."""
    path = write(
        "a.py",
        """
        from kohakuengine import Config
        CONFIG = Config({"x": 1})
        def config_gen():
            return Config({"x": 2})
        """,
    )
    assert load_config(path) == Config({"x": 2})


def test_lazy_generator(write: Any, folder: Path) -> None:
    """Each Config that config_gen() yields is computed when asked for; each loop starts anew."""
    path = write(
        "a.py",
        """
        import os
        from kohakuengine import Config
        def config_gen():
            for n in range(9):
                yield Config({"n": n, "checkpoint": os.path.exists(f"{os.path.dirname(__file__)}/{n}")})
        """,
    )
    generator = load_config(path)
    assert isinstance(generator, ConfigGenerator)
    for config in islice(generator, 3):
        (folder / str(config.globals_dict["n"] + 1)).touch()
    assert [c["checkpoint"] for c in variables(generator)] == [False] + [True] * 3 + [False] * 5


def test_generator_is_told(write: Any) -> None:
    """A config file's generator hears how its runs ended, also inside a ConfigGenerator."""
    text = """
        from kohakuengine import Config, ConfigGenerator
        def {}():
            heard = None
            while True:
                heard = yield Config({{"heard": heard}})
        """
    for name, more in [("config_gen", ""), ("gen", "CONFIG = ConfigGenerator(gen)")]:
        path = write("a.py", text.format(name))
        path.write_text(path.read_text() + more)
        generator = load_config(path)
        assert isinstance(generator, ConfigGenerator)
        assert next(generator) == Config({"heard": None})
        generator.tell("done")
        assert next(generator) == Config({"heard": "done"})


@pytest.mark.parametrize(
    ("parameters", "value"),
    [("worker_id", 3), ("*, worker_id=9", 3), ("**more", {"worker_id": 3}), ("other=5", 5)],
)
def test_worker_id(write: Any, parameters: str, value: object) -> None:
    """config_gen() is told the worker's number if it takes it, by name or in **kwargs."""
    name = parameters.strip("*, ").partition("=")[0]
    text = "from kohakuengine import Config\ndef config_gen({}): return Config({{'x': {}}})"
    path = write("a.py", text.format(parameters, name))
    assert load_config(path, worker_id=3) == Config({"x": value})


def test_worker_id_of_the_environment(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not told otherwise, the worker's number is that of the environment, else 0."""
    path = write(
        "a.py",
        "from kohakuengine import Config\ndef config_gen(worker_id): return Config({'x': worker_id})",
    )
    monkeypatch.delenv("KOGINE_WORKER_ID", raising=False)
    assert load_config(path) == Config({"x": 0})
    monkeypatch.setenv("KOGINE_WORKER_ID", "4")
    assert load_config(path) == Config({"x": 4})
    assert load_config(path, worker_id=0) == Config({"x": 0})
    monkeypatch.setenv("KOGINE_WORKER_ID", "four")
    with pytest.raises(ConfigError, match="KOGINE_WORKER_ID must be a whole number, got 'four'"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CONFIG = {'lr': 1}", "CONFIG must be a Config, or several, got dict"),
        ("CONFIG = 'lr'", "CONFIG must be a Config, or several, got str"),
        ("CONFIG = None", "CONFIG must be a Config, or several, got NoneType"),
        ("def config_gen(): pass", r"config_gen\(\) must be a Config, or several, got NoneType"),
        ("config_gen = 3", "config_gen must be a function, got int"),
        ("_args = 'data'", "sets _args wrongly: .*, got str"),
        ("_kwargs = {1: 2}", "sets _kwargs wrongly: .*, got int"),
    ],
)
def test_wrong_type(write: Any, text: str, message: str) -> None:
    """What gives no Config is refused with the file's name and what it gave."""
    with pytest.raises(ConfigTypeError, match=rf"a\.py.* {message}"):
        load_config(write("a.py", text))


@pytest.mark.parametrize("text", ["CONFIG = [4]", "def config_gen(): yield 4"])
def test_wrong_item(write: Any, text: str) -> None:
    """What a file gives that isn't a Config is refused with the file's name and its place."""
    loaded = load_config(write("a.py", text))
    with pytest.raises(ConfigTypeError, match=r"of .*a\.py: number 1 .* got int"):
        list(loaded)  # type: ignore[arg-type]


# --- how a file is read and executed


def test_edited(write: Any) -> None:
    """Loading the same path again gives the edited file, and its edited siblings."""
    for value in (1, 2):
        sibling = write("kin.py", f"a = {value}")
        os.utime(sibling, ns=(value, value))  # an edit within the same second
        path = write("a.py", f"from kin import a\nb = {value}")
        assert load_config(path) == Config({"a": value, "b": value})


@pytest.mark.parametrize(
    "source",
    [
        "x = 'é'\n".encode("utf-8-sig"),
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
        "# a\r\nx = 'é'\r\n".encode(),
        "x = 'é'".encode(),
    ],
)
def test_encodings(folder: Path, source: bytes) -> None:
    """A file is decoded as Python does: byte order mark, coding line, any line ends."""
    path = folder / "a.py"
    path.write_bytes(source)
    assert load_config(path) == Config({"x": "é"})


def test_leaves_no_trace(write: Any, folder: Path) -> None:
    """Loading changes nothing in `sys.path`, and the file's module can't be imported."""
    before, entries = set(sys.modules), list(sys.path)
    path = write(
        "my config-1.py", "import sys\nhere = sys.path[0]\nname = __name__\nfile = __file__"
    )
    config = load_config(path)
    assert isinstance(config, Config)
    assert config.globals_dict["here"] == str(folder)
    assert config.globals_dict["file"] == str(path)
    assert config.globals_dict["name"].isidentifier()
    assert config.globals_dict["name"] not in sys.modules
    assert {name for name in set(sys.modules) - before if "config" in name} == set()
    assert sys.path == entries


def test_relative_path(write: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is of the working directory; the file itself sees an absolute one."""
    write("configs/a.py", "file = __file__")
    monkeypatch.chdir(folder)
    assert load_config("configs/a.py") == Config({"file": str(folder / "configs" / "a.py")})


def test_link(write: Any, folder: Path) -> None:
    """A link to a file is executed with the siblings of the file, as plain python does."""
    write("real/kin.py", "x = 1")
    write("real/a.py", "from kin import x")
    (folder / "link.py").symlink_to(folder / "real" / "a.py")
    assert load_config(folder / "link.py") == Config({"x": 1})


def test_siblings_in_steps(write: Any) -> None:
    """A generator can import siblings when it comes to it, and what its file put on `sys.path`."""
    write("kin.py", "x = 1")
    write("lib/far.py", "y = 2")
    path = write(
        "a.py",
        """
        import os, sys
        from kohakuengine import Config
        sys.path.append(os.path.join(os.path.dirname(__file__), "lib"))
        def config_gen():
            from kin import x
            yield Config({"x": x})
            from far import y
            yield Config({"y": y})
        """,
    )
    entries = list(sys.path)
    generator = iter(load_config(path))  # type: ignore[arg-type]
    assert next(generator) == Config({"x": 1})
    assert sys.path == entries
    assert next(generator) == Config({"y": 2})


def test_dataclass_in_a_step(write: Any) -> None:
    """A generator can make dataclasses, which look for their module."""
    path = write(
        "a.py",
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from kohakuengine import Config
        def config_gen():
            @dataclass
            class Point:
                x: int
            yield Config({"point": Point(1).x})
        """,
    )
    assert variables(load_config(path)) == [{"point": 1}]


def test_two_files_of_one_name(write: Any) -> None:
    """Config files of one name in two folders don't mix, nor do their siblings."""
    for name in "ab":
        write(f"{name}/kin.py", f"x = {name!r}")
        write(f"{name}/config.py", "from kin import x")
    loaded = [
        load_config(write("a/config.py", "from kin import x").parents[1] / n / "config.py")
        for n in "ab"
    ]
    assert loaded == [Config({"x": "a"}), Config({"x": "b"})]


@pytest.mark.process
def test_pickled_by_value(write: Any, folder: Path, fresh_python: Any) -> None:
    """A file's functions and classes arrive in a process that knows nothing of the file."""
    path = write(
        "a.py",
        """
        from dataclasses import dataclass
        from enum import Enum
        base = 40
        @dataclass
        class Point:
            x: int
        class Color(Enum):
            RED = 1
        def add(n):
            return Point(base + n).x
        point, color = Point(1), Color.RED
        """,
    )
    (folder / "config.pkl").write_bytes(cloudpickle.dumps(load_config(path)))
    path.unlink()
    code = """
        import pickle
        names = pickle.load(open("config.pkl", "rb")).globals_dict
        print(names["add"](2), names["point"], names["color"].name)
        """
    assert fresh_python(code) == "42 Point(x=1) RED\n"


@pytest.mark.process
def test_siblings_pickled_by_reference(write: Any, folder: Path, fresh_python: Any) -> None:
    """Classes of a sibling arrive where the config's folder can be imported from."""
    write("configs/kin.py", "class Model:\n    size = 3")
    path = write("configs/a.py", "from kin import Model\nmodel = Model()")
    (folder / "config.pkl").write_bytes(cloudpickle.dumps(load_config(path)))
    code = """
        import pickle, sys
        sys.path.append("configs")
        model = pickle.load(open("config.pkl", "rb")).globals_dict["model"]
        import kin
        print(type(model) is kin.Model)
        """
    assert fresh_python(code) == "True\n"


# --- what is wrong with a file


def failure(path: Any) -> ConfigFileError:
    with pytest.raises(ConfigFileError) as caught:
        list(load_config(path))  # type: ignore[arg-type]
    return caught.value


def frames(error: BaseException | None) -> list[tuple[str, int | None]]:
    assert error is not None
    return [(Path(f.filename).name, f.lineno) for f in traceback.extract_tb(error.__traceback__)]


def test_no_file(folder: Path) -> None:
    """A file that isn't there is named."""
    error = failure(folder / "missing.py")
    assert str(error) == f"{folder}/missing.py: there is no such config file."
    assert (error.path, error.line) == (f"{folder}/missing.py", None)


def test_directory(folder: Path) -> None:
    """A directory is refused."""
    assert "is a directory" in str(failure(folder))


def test_unreadable(folder: Path) -> None:
    """A file that can't be read is refused with the system's reason."""
    (folder / "a.py").symlink_to("a.py")
    error = failure(folder / "a.py")
    assert "can't be read: Too many levels of symbolic links." in str(error)
    assert isinstance(error.__cause__, OSError)


def test_syntax_error(write: Any) -> None:
    """A syntax error is told with its line and a caret below it."""
    path = write("a.py", "x = 1\nlr = = 3\n")
    error = failure(path)
    where = f"{path} line 2 is not valid Python: invalid syntax"
    assert str(error) == f"{where}\n    lr = = 3\n         ^"
    assert (error.path, error.line) == (str(path), 2)
    assert isinstance(error.__cause__, SyntaxError)


def test_not_the_declared_encoding(folder: Path) -> None:
    """A file that isn't in the encoding of its coding line is told with that encoding."""
    path = folder / "a.py"
    path.write_bytes(b"# coding: ascii\nx = '\xe9'\n")
    assert f"{path} line 2 is not ASCII" in str(failure(path))


def test_null_byte(write: Any) -> None:
    """A null byte is told with its line."""
    assert "line 2 is not valid Python: it holds a null byte" in str(
        failure(write("a.py", "x = 1\n\0"))
    )


@pytest.mark.parametrize("before", [b"", b"x = 1\n\n\n"])
def test_not_utf8(folder: Path, before: bytes) -> None:
    """A file in another encoding is told with the line of the first wrong byte."""
    path = folder / "a.py"
    path.write_bytes(before + b"# \xe9\n")
    error = failure(path)
    assert "is not UTF-8: it holds the byte 0xe9; save the file as UTF-8" in str(error)
    assert error.line == before.count(b"\n") + 1


def test_unknown_encoding(write: Any) -> None:
    """An unknown coding line is told."""
    assert "unknown encoding: nope" in str(failure(write("a.py", "# coding: nope\n")))


def test_exception(write: Any) -> None:
    """An exception is told with the innermost line of the file, and kept without our frames."""
    path = write("a.py", "import json\ndef f():\n    json.loads('{')\nf()\n")
    error = failure(path)
    assert str(error).startswith(f"{path} line 3 raised JSONDecodeError: Expecting property name")
    assert error.line == 3
    assert frames(error.__cause__)[:2] == [("a.py", 4), ("a.py", 3)]


def test_exception_of_ours(write: Any) -> None:
    """A Config made wrongly is told like any other exception in the file."""
    path = write("a.py", "from kohakuengine import Config\n\nCONFIG = Config(args='data')\n")
    error = failure(path)
    assert f"{path} line 3 raised ConfigTypeError: Config: args must be" in str(error)
    assert frames(error.__cause__) == [("a.py", 3)]


def test_exception_in_a_sibling(write: Any) -> None:
    """An exception in a sibling is told with the sibling's line."""
    kin = write("kin.py", "\n\n1 / 0\n".replace("\n\n", "# a\n# b\n", 1))
    path = write("a.py", "import kin")
    error = failure(path)
    assert str(error) == (
        f"{kin}, imported by {path}, line 3 raised ZeroDivisionError: division by zero"
    )
    assert (error.path, error.line) == (str(kin), 3)


def test_syntax_error_in_a_sibling(write: Any) -> None:
    """A syntax error in a sibling is told with the sibling's line."""
    kin = write("kin.py", "x =\n")
    error = failure(write("a.py", "import kin"))
    assert (error.path, error.line) == (str(kin), 1)
    assert "is not valid Python: invalid syntax\n    x =\n" in str(error)


def test_exception_in_an_installed_module(write: Any) -> None:
    """An environment within the folder isn't taken for the user's own modules."""
    write("env/lib/site-packages/installed.py", "1 / 0")
    path = write(
        "a.py",
        """
        import os, sys
        sys.path.append(os.path.join(os.path.dirname(__file__), "env/lib/site-packages"))
        import installed
        """,
    )
    assert (failure(path).path, failure(path).line) == (str(path), 3)


def test_exception_in_a_step(write: Any) -> None:
    """An exception in a generator's step is told like one at the file's top level."""
    path = write(
        "a.py",
        """
        from kohakuengine import Config
        def config_gen():
            yield Config()
            {}["lr"]
        """,
    )
    error = failure(path)
    assert str(error) == f"{path} line 4 raised KeyError: 'lr'"
    assert frames(error.__cause__) == [("a.py", 4)]


def test_exit(write: Any) -> None:
    """A config file that exits is an error, not an exit."""
    assert "line 2 raised SystemExit: 3" in str(failure(write("a.py", "import sys\nsys.exit(3)")))


def test_exception_without_a_message(write: Any) -> None:
    """An exception that says nothing is told by its name."""
    assert str(failure(write("a.py", "raise ValueError"))).endswith("line 1 raised ValueError")


def test_interrupt(write: Any) -> None:
    """Ctrl-C passes as it is."""
    with pytest.raises(KeyboardInterrupt):
        load_config(write("a.py", "raise KeyboardInterrupt"))


def test_wrong_arguments(write: Any) -> None:
    """A config_gen() that needs something else is told."""
    with pytest.raises(ConfigError, match="a.py can't be used like this: worker must be given"):
        load_config(write("a.py", "def config_gen(worker): pass"))


def test_builtin_config_gen(write: Any) -> None:
    """A config_gen that doesn't say what it takes is called without arguments."""
    assert "raised TypeError: max expected at least 1" in str(
        failure(write("a.py", "config_gen = max"))
    )


def test_broken_file_within_a_file(write: Any) -> None:
    """A config that loads a broken one says so of both."""
    inner = write("inner.py", "\nraise OSError('no disk')")
    text = f"from kohakuengine import load_config\nload_config({str(inner)!r})"
    error = failure(write("outer.py", text))
    assert "outer.py line 2 raised ConfigFileError: " in str(error)
    assert "inner.py line 1 raised OSError: no disk" in str(error)
