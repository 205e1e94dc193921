"""Running a script in this process: what the script sees, and what is left behind."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
import traceback
import warnings

import pytest

from kohakuengine.config.base import Config
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.engine.script import Script
from kohakuengine.errors import ScriptError, ScriptNotFoundError, ScriptSyntaxError


def test_script_runs_as_main(script):
    """A script is `__main__`, with the attributes that python gives it."""
    found = vars(_executed(script("names = dict(globals())")))["names"]
    assert found["__name__"] == "__main__"
    assert found["__spec__"] is None and found["__package__"] is None
    assert found["__builtins__"] is sys.modules["builtins"]
    assert os.path.isabs(found["__file__"])


def _executed(script: Script, config: Config | None = None):
    executor = ScriptExecutor(script)
    executor.execute(config)
    return executor.module


def test_script_sees_its_folder_and_arguments(tmp_path, script, monkeypatch):
    """Its folder is first on sys.path, the working directory is the caller's, argv as given."""
    (tmp_path / "sibling.py").write_text("value = 7")
    (tmp_path / "space" / "inner").mkdir(parents=True)
    (tmp_path / "space" / "inner" / "leaf.py").write_text("value = 8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "data.txt").write_text("")
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = """
        import os, sys, sibling, space.inner.leaf
        first, argv, cwd = sys.path[0], sys.argv, os.getcwd()
        values = sibling.value, space.inner.leaf.value, os.path.isfile("data.txt")
    """
    module = _executed(script(text, argv=["--fast", "a b"]))
    assert module.first == str(tmp_path.resolve())
    assert module.argv == [str(tmp_path / "train.py"), "--fast", "a b"]
    assert module.cwd == os.getcwd()
    assert module.values == (7, 8, True)


def test_sibling_modules_of_two_scripts_are_kept_apart(tmp_path):
    """Two scripts whose folders hold a module of the same name each get their own."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shared_name.py").write_text(f"value = {name!r}")
        (tmp_path / name / "train.py").write_text("from shared_name import value")
    assert _executed(Script(tmp_path / "a" / "train.py")).value == "a"
    assert _executed(Script(tmp_path / "b" / "train.py")).value == "b"
    assert "shared_name" not in sys.modules


def test_process_is_left_as_it_was(tmp_path, script, monkeypatch):
    """After a run, also one that fails, the process is as before."""
    monkeypatch.chdir(tmp_path)
    text = """
        import multiprocessing, os, signal, sys, warnings
        os.makedirs("sub", exist_ok=True); os.chdir("sub")
        warnings.simplefilter("ignore"); warnings.filters.insert(0, "nonsense")
        signal.signal(signal.SIGTERM, lambda *a: None)
        import io; sys.stdout = sys.stderr = io.StringIO(); sys.excepthook = sys.displayhook = None
        import train_sibling
        sys.argv.append("x"); sys.path.append("y"); sys.path = ["z"]
        raise LookupError("as planned")
    """
    (tmp_path / "train_sibling.py").write_text("")

    def state():
        return {
            "main": sys.modules["__main__"],
            "mp_main": sys.modules.get("__mp_main__"),
            "argv": (id(sys.argv), list(sys.argv)),
            "path": (id(sys.path), list(sys.path)),
            "cwd": os.getcwd(),
            "filters": list(warnings.filters),
            "handlers": [signal.getsignal(s) for s in signal.valid_signals()],
            "streams": (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.displayhook),
            "meta_path": list(sys.meta_path),
            "modules": {name for name in sys.modules if "train" in name},
        }

    import multiprocessing

    before = state()
    with pytest.raises(LookupError, match="as planned"):
        ScriptExecutor(script(text)).execute()
    assert state() == before


def test_multiprocessing_imported_before_finds_the_script(script):
    """`__mp_main__` is the script while it runs, also when multiprocessing came first."""
    import multiprocessing

    module = _executed(
        script("import sys\nsame = sys.modules['__mp_main__'] is sys.modules['__main__']")
    )
    assert module.same


def test_own_thread(script):
    """A script may be run from a thread, where there are no signal handlers to care for."""
    results = []
    executor = ScriptExecutor(script("def main(): return 3"))
    thread = threading.Thread(target=lambda: results.append(executor.execute()))
    thread.start()
    thread.join()
    assert results == [3]


def test_edited_script_is_read_anew(tmp_path, script):
    """A second run sees the file as it is then."""
    first = script("x = 1")
    assert _executed(first).x == 1
    (tmp_path / "train.py").write_text("x = 2")
    assert _executed(first).x == 2


def test_exception_is_the_scripts_own(script):
    """What a script raises reaches the caller as it is, pointing to the script's line."""
    with pytest.raises(ZeroDivisionError) as caught:
        ScriptExecutor(script("x = 1\n\ny = x / 0")).execute(Config({"x": 5}))
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (os.path.basename(last.filename), last.lineno, last.line) == ("train.py", 3, "y = x / 0")


SOURCES = {
    "plain": b"text = '\xc3\xa9'",
    "byte order mark": b"\xef\xbb\xbftext = '\xc3\xa9'",
    "coding line": b"# -*- coding: latin-1 -*-\ntext = '\xe9'",
    "CRLF": b"if True:\r\n    text = '\xc3\xa9'\r\n",
    "CR": b"if True:\r    text = '\xc3\xa9'\r",
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("overrides", [{}, {"other": 1}], ids=["plain", "override"])
@pytest.mark.filterwarnings("ignore::kohakuengine.OverrideWarning")
def test_source_is_decoded_as_python_does(kind, overrides, tmp_path):
    """Byte order marks, coding lines and line ends mean what they mean to python."""
    path = tmp_path / "train.py"
    path.write_bytes(SOURCES[kind])
    assert _executed(Script(path), Config(overrides)).text == "é"


def test_inspect_and_pickle_find_the_scripts_classes(script):
    """getsource, pickle, dataclasses and type hints work on what the script defines."""
    text = """
        from __future__ import annotations
        import inspect, pickle, typing
        from dataclasses import dataclass
        size = 1

        @dataclass
        class Point:
            x: int = size

        def double(n):
            return n * 2

        source = inspect.getsource(double)
        same = pickle.loads(pickle.dumps(Point(3)))
        hints = typing.get_type_hints(Point)
        kind = type(same) is Point
    """
    module = _executed(script(text), Config({"size": 4}))
    assert module.source == "def double(n):\n    return n * 2\n"
    assert module.same.x == 3 and module.kind and module.Point().x == 4
    assert module.hints == {"x": int}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type statements came with Python 3.12")
def test_type_alias(script):
    """A type statement is a definition like any other."""
    assert _executed(script("type Pair = tuple[int, int]\ny = Pair"), Config({"Pair": 5})).y == 5


def test_frames_between_caller_and_script_are_ours_alone(script):
    """Above the script's module there is no frame of ours, whatever it calls."""
    text = """
        import inspect
        def main():
            return [frame.function for frame in inspect.stack()]
        if __name__ == "__main__":
            main()
    """
    stack = ScriptExecutor(script(text)).execute()
    assert stack[:2] == ["main", "<module>"]


def test_parser_warnings_are_told_once(script):
    """A warning of Python's parser comes once, whether or not the script was changed."""
    text = "import warnings\nx = 1 is 1\ndef main(): pass\nif __name__ == '__main__': main()"
    for config in (None, Config({"y": 1})):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            ScriptExecutor(script(text)).execute(config)
        syntax = [str(w.message) for w in told if issubclass(w.category, SyntaxWarning)]
        assert len(syntax) == 1 and "is" in syntax[0]


def test_without_overrides_the_code_is_pythons_own(script):
    """A script with nothing to change is compiled from the bytes of its file."""
    from kohakuengine.engine.compiler import compile_program

    plain = script("x = 1\nif x:\n    print(x)")
    code = compile_program(plain, Config())._code
    assert code == compile(plain.read(), plain.path, "exec", dont_inherit=True)


BROKEN = {
    "missing": (None, ScriptNotFoundError, "there is no file"),
    "syntax": (b"x = 1\ny = = 2\n", ScriptSyntaxError, r"train.py line 2"),
    "await": (b"import asyncio\nawait asyncio.sleep(0)", ScriptSyntaxError, "async def main"),
    "return": (b"return 3", ScriptSyntaxError, "outside function"),
    "not UTF-8": (b"x = '\xff'", ScriptSyntaxError, "not UTF-8"),
    "binary": (b"\x7fELF\0\0", ScriptSyntaxError, "null byte"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_script_is_refused(kind, tmp_path):
    """What can't be run as a script is refused in a clear sentence, before anything runs."""
    content, error, message = BROKEN[kind]
    path = tmp_path / "train.py"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=message) as caught:
        ScriptExecutor(Script(path)).execute()
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def test_a_directory_is_refused(tmp_path):
    """A directory says what it is."""
    with pytest.raises(ScriptError, match="is a directory"):
        Script(tmp_path)


def test_missing_script_names_similar_ones(tmp_path, script):
    """A name that is almost that of a script is a hint."""
    script("")
    with pytest.raises(ScriptNotFoundError, match="did you mean .*train.py"):
        Script(tmp_path / "trian.py")


def test_modules_as_scripts(tmp_path, monkeypatch):
    """`pkg.mod` and `pkg.mod:func` run as `python -m pkg.mod` would."""
    package = tmp_path / "somepkg"
    package.mkdir()
    (package / "__init__.py").write_text("loaded = True")
    (package / "part.py").write_text("n = 2")
    text = "import sys\nfrom .part import n\nspec = __spec__\nargv = sys.argv\ndef go(): return n"
    (package / "mod.py").write_text(text)
    (package / "__main__.py").write_text("def main(): return __spec__.name")
    monkeypatch.chdir(tmp_path)
    module = _executed(Script("somepkg.mod"))
    assert (module.n, module.__package__, module.spec.name) == (2, "somepkg", "somepkg.mod")
    assert module.argv == [str(package / "mod.py")]
    assert Script("somepkg.mod:go").run() == 2
    assert Script("somepkg").run() == "somepkg.__main__"
    with pytest.raises(ScriptNotFoundError, match="no module somepkg.nope"):
        Script("somepkg.nope")


def test_modules_installed_for_editing_are_found(tmp_path, monkeypatch):
    """A module that only a finder of `sys.meta_path` knows can be a script too."""
    from importlib.machinery import ModuleSpec, SourceFileLoader
    from importlib.util import spec_from_file_location

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object, target: object = None) -> ModuleSpec | None:
            file = str(tmp_path / "edited.py")
            loader = SourceFileLoader(name, file)
            return spec_from_file_location(name, file, loader=loader) if name == "edited" else None

    (tmp_path / "edited.py").write_text("def main(): return 7")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert Script("edited").run() == 7


def test_function_may_be_named_with_the_file(script):
    """`train.py:func` names the entrypoint."""
    path = script("def a(): return 1\ndef b(): return 2").path
    assert Script(f"{path}:b").run() == 2
    assert Script(f"{path}:b").entrypoint == "b"
    assert Script(path, entrypoint="a").run() == 1


@pytest.mark.parametrize(
    "name", ["a b.py", "qu'o\"te.py", "new\nline.py", "ünï.py", "x" * 190 + ".py"]
)
def test_hostile_file_names(name, script):
    """Any name that a file can have, a script can have."""
    assert script("def main(): return __file__", name).run().endswith(name)


def test_current_event_loop_is_restored(script):
    """The loop that was current is current again after a script ran one of its own."""

    async def kernel():
        loop = asyncio.get_running_loop()
        ScriptExecutor(script("import asyncio\nasyncio.run(asyncio.sleep(0))")).execute()
        return asyncio.get_event_loop() is loop

    assert asyncio.run(kernel())


def test_objects_that_a_script_is_given_are_there_before_its_first_line(tmp_path: Path) -> None:
    """They are no overrides: what the script binds itself wins."""
    path = tmp_path / "train.py"
    path.write_text("y = x + 1\nx = 5\n")
    executor = ScriptExecutor(Script(path, given={"x": 1}))
    executor.execute(Config())
    assert (executor.module.x, executor.module.y) == (5, 2)


def test_a_script_may_import_from_another_folder_than_its_own(tmp_path: Path) -> None:
    """As a notebook's cell does, whose file is in the store."""
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "cell.py").write_text("import beside_the_notebook\n")
    (tmp_path / "beside_the_notebook.py").write_text("")
    script = Script(tmp_path / "cells" / "cell.py", folder=str(tmp_path))
    ScriptExecutor(script).execute(Config())
    with pytest.raises(ModuleNotFoundError):
        ScriptExecutor(Script(tmp_path / "cells" / "cell.py")).execute(Config())
