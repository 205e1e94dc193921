"""Which function of a script is its entrypoint, what it is called with, and what a run returns."""

from __future__ import annotations

import asyncio

import pytest

from kohakuengine.config.base import Config
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.errors import EntrypointError, ScriptExit

MAIN = "if __name__ == '__main__':\n    "
DEFS = """\
import asyncio, sys
calls = []
def parse(): calls.append('parse'); return 3
def main(n=1): calls.append(('main', n)); return n * 10
def run(n=1): calls.append(('run', n)); return n * 100
def train(n=1): calls.append(('train', n)); return n * 1000
def cleanup(): calls.append('cleanup'); return 'clean'
async def fetch(n=1): calls.append(('fetch', n)); return n * 7
"""

# Each: the main block, the result, the calls made.
BLOCKS = {
    "one call": ("main()", 10, [("main", 1)]),
    "sys.exit": ("sys.exit(main(0))", 0, [("main", 0)]),
    "asyncio.run": ("asyncio.run(fetch(2))", 14, [("fetch", 2)]),
    "asyncio.run in sys.exit": ("sys.exit(asyncio.run(fetch(0)))", 0, [("fetch", 0)]),
    "gathered": (
        "async def both(): return await asyncio.gather(fetch(1), fetch(2))\n    asyncio.run(both())",
        [7, 14],
        [("fetch", 1), ("fetch", 2)],
    ),
    "parsed arguments": ("args = parse(); main(args)", 30, ["parse", ("main", 3)]),
    "a nested call": ("train(parse())", 3000, ["parse", ("train", 3)]),
    "main before others": ("main(); train()", 10, [("main", 1), ("train", 1)]),
    "run before others": ("run(); train()", 100, [("run", 1), ("train", 1)]),
    "the last one executed": ("train(1); train(2)", 2000, [("train", 1), ("train", 2)]),
    "the last different one": ("train(); parse()", 3, [("train", 1), "parse"]),
    "only the executed branch": ("if True: train()\n    else: parse()", 1000, [("train", 1)]),
    "code after it": ("main(); print('done')", 10, [("main", 1)]),
    "finally": (
        "try: main()\n    finally: cleanup()",
        10,
        [("main", 1), "cleanup"],
    ),
    "inline code": ("x = 3\n    y = train(x)\n    x = y", 3000, [("train", 3)]),
    "in an expression": ("print('result', main() + 1)", 10, [("main", 1)]),
    "in a loop": ("for n in range(3): main(n)", 20, [("main", 0), ("main", 1), ("main", 2)]),
    "a method of the result": ("str(main()).upper()", 10, [("main", 1)]),
    "no entry call": ("print('hi')", None, []),
    "a call of nobody": ("len('abc')", None, []),
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_result_of_main_block(kind, script):
    """The main block is executed whole, and the run's result is that of its entry call."""
    block, expected, calls = BLOCKS[kind]
    executor = ScriptExecutor(script(DEFS + MAIN + block))
    assert executor.execute() == expected
    assert executor.module.calls == calls


def test_coroutine_that_is_consumed_elsewhere_is_no_result(script):
    """An awaitable is never the result of a run."""
    block = "coroutine = fetch(); asyncio.run(coroutine)"
    assert ScriptExecutor(script(DEFS + MAIN + block)).execute() is None


def test_main_block_with_the_sides_swapped_or_joined(script):
    """A main block is recognised however its condition is written."""
    for test in ("'__main__' == __name__", "__name__ == '__main__' and True"):
        text = f"{DEFS}if {test}:\n    main()"
        assert ScriptExecutor(script(text)).execute() == 10


def test_function_imported_from_the_scripts_folder_is_its_own(tmp_path, script):
    """A call of a function from a sibling module is an entry call; classes are not functions."""
    (tmp_path / "work.py").write_text("def go(): return 4\nclass Net: pass")
    text = f"from work import go, Net\nfrom os import getcwd\n{MAIN}go(); Net(); getcwd()"
    assert ScriptExecutor(script(text)).execute() == 4


REPLACED = {
    "main(parse())": [("main", 8)],
    "sys.exit(main(parse() - 3) * 0)": [("main", 8)],
    "main(1); main(2)": [("main", 8), ("main", 8)],
    "asyncio.run(fetch(parse()))": [("fetch", 8)],
    "parse(); main()": ["parse", ("main", 8)],
}


@pytest.mark.parametrize("block", REPLACED)
@pytest.mark.parametrize("config", [Config(args=[8]), Config(kwargs={"n": 8})], ids=repr)
def test_arguments_replace_those_of_the_entry_call(block, config, script):
    """Args and kwargs of a config are what the entrypoint gets; what it had isn't evaluated."""
    executor = ScriptExecutor(script(DEFS + MAIN + block))
    executor.execute(config)
    assert executor.module.calls == REPLACED[block]


def test_arguments_for_several_candidates_need_a_name(script):
    """When it isn't clear which function takes the arguments, the error lists the candidates."""
    text = DEFS + MAIN + "train(); parse()"
    with pytest.raises(EntrypointError, match="train, parse.*entrypoint=") as caught:
        ScriptExecutor(script(text)).execute(Config(args=[1]))
    assert caught.value.candidates == ("train", "parse")
    assert ScriptExecutor(script(text, entrypoint="train")).execute(Config(args=[2])) == 2000


WRONG = {
    "keyword": (Config(kwargs={"m": 1}), "main.*unexpected keyword argument 'm'"),
    "too many": (Config(args=[1, 2]), "main.*too many positional arguments"),
    "twice": (Config(args=[1], kwargs={"n": 2}), "main.*multiple values for argument 'n'"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("block", [MAIN + "main()", "", "main()"], ids=["block", "none", "flat"])
def test_argument_that_the_entrypoint_does_not_take(kind, block, script):
    """Before anything runs, the error names the function and the argument."""
    config, message = WRONG[kind]
    executor = ScriptExecutor(script(DEFS + block))
    with pytest.raises(EntrypointError, match=message):
        executor.execute(config)
    assert executor.module is None


def test_argument_that_an_imported_entrypoint_does_not_take(tmp_path, script):
    """The same for a function whose definition is elsewhere: it isn't called."""
    (tmp_path / "work.py").write_text("def go(n=1): raise RuntimeError")
    text = f"from work import go\n{MAIN}go()"
    with pytest.raises(EntrypointError, match="go.*unexpected keyword argument 'm'"):
        ScriptExecutor(script(text)).execute(Config(kwargs={"m": 1}))


def test_missing_argument_is_named(script):
    """A main() that needs an argument says which."""
    text = "def main(data): return data"
    with pytest.raises(EntrypointError, match="missing a required argument: 'data'"):
        ScriptExecutor(script(text)).execute()
    assert ScriptExecutor(script(text)).execute(Config(args=[[1]])) == [1]


def test_arguments_without_an_entrypoint(script):
    """A script with nothing to call refuses arguments, and names its functions."""
    with pytest.raises(EntrypointError, match="no entrypoint"):
        ScriptExecutor(script("x = 1")).execute(Config(args=[1]))
    with pytest.raises(EntrypointError, match="calls no function.*functions are f"):
        text = f"def f(): pass\n{MAIN}print('hi')"
        ScriptExecutor(script(text)).execute(Config(args=[1]))


# Each: the text after DEFS, the script's options, the result, the calls made.
CHOICES = {
    "main() that nobody calls": ("", {}, 10, [("main", 1)]),
    "main() that is taken away": ("del main", {}, None, []),
    "main() called at the top": ("main(2)", {}, 20, [("main", 2)]),
    "main() handed to somebody": ("apply = lambda f: f(3)\napply(main)", {}, None, [("main", 3)]),
    "named": ("", {"entrypoint": "train"}, 1000, [("train", 1)]),
    "named, async": ("", {"entrypoint": "fetch"}, 7, [("fetch", 1)]),
    "named, main block left out": (MAIN + "main()", {"entrypoint": "run"}, 100, [("run", 1)]),
    "named, the block's else runs": (
        MAIN + "main()\nelse: parse()",
        {"entrypoint": "run"},
        100,
        ["parse", ("run", 1)],
    ),
}


@pytest.mark.parametrize("kind", CHOICES)
def test_choice_of_the_entrypoint(kind, script):
    """The entrypoint is the one named, else main(), else run(), unless the script calls it itself."""
    text, options, expected, calls = CHOICES[kind]
    executor = ScriptExecutor(script(DEFS + text, **options))
    assert executor.execute() == expected
    assert executor.module.calls == calls


def test_run_comes_after_main(script):
    """Without a main(), run() is the entrypoint; without either, a script is run top to bottom."""
    assert ScriptExecutor(script("def run(): return 4")).execute() == 4
    assert ScriptExecutor(script("def go(): return 4")).execute() is None


def test_decorated_main_is_left_to_its_decorator(script):
    """A main() that a decorator may have registered isn't called a second time."""
    text = "calls = []\ndef call(f): calls.append(f()); return f\n@call\ndef main(): return 1\n"
    executor = ScriptExecutor(script(text))
    assert executor.execute() is None
    assert executor.module.calls == [1]


MARKS = {
    "from": "from kohakuengine import entrypoint\n@entrypoint\n",
    "from as": "from kohakuengine import entrypoint as start\n@start\n",
    "module": "import kohakuengine\n@kohakuengine.entrypoint\n",
    "module as": "import kohakuengine as k\n@k.entrypoint\n",
    "with others": "import functools, kohakuengine as k\n@functools.cache\n@k.entrypoint\n",
}


@pytest.mark.parametrize("kind", MARKS)
def test_marked_function_is_the_entrypoint(kind, script):
    """The function marked @entrypoint is called in place of the main block, also with arguments."""
    text = f"{MARKS[kind]}def train(n=1): return n\ndef main(): raise RuntimeError\n{MAIN}main()"
    assert ScriptExecutor(script(text)).execute() == 1
    assert ScriptExecutor(script(text)).execute(Config(args=[3])) == 3


def test_marked_async_function(script):
    """A marked async function is awaited."""
    text = f"{MARKS['from']}async def train(n=1): return n"
    assert ScriptExecutor(script(text)).execute() == 1


def test_two_marked_functions_are_named(script):
    """Two marked functions are an error that names both, before anything runs."""
    text = f"{MARKS['from']}def a(): pass\n@entrypoint\ndef b(): pass"
    with pytest.raises(EntrypointError, match="marks a and b") as caught:
        ScriptExecutor(script(text)).execute()
    assert caught.value.candidates == ("a", "b")


def test_unknown_entrypoint_lists_the_functions_there_are(script):
    """An entrypoint that the script hasn't is refused before anything runs."""
    with pytest.raises(EntrypointError, match="no function tran; its functions are .*train") as c:
        ScriptExecutor(script(DEFS, entrypoint="tran")).execute()
    assert "train" in c.value.candidates


def test_entrypoint_that_is_no_function(script):
    """An entrypoint that turns out to be data is refused by its name."""
    with pytest.raises(EntrypointError, match="x is no function"):
        ScriptExecutor(script("x = 1", entrypoint="x")).execute()


def test_exit_status(script):
    """sys.exit(0) ends a run well, with its result; any other status is a ScriptExit."""
    assert ScriptExecutor(script(DEFS + MAIN + "main(); sys.exit()")).execute() == 10
    with pytest.raises(ScriptExit, match="exited with status 3") as caught:
        ScriptExecutor(script("import sys; sys.exit(3)")).execute()
    assert caught.value.exit_code == 3
    with pytest.raises(ScriptExit, match="status 1: no data") as caught:
        ScriptExecutor(script("import sys; sys.exit('no data')")).execute()
    assert caught.value.exit_code == 1


def test_exit_within_main_called_by_us(script):
    """A function that we call may end the script too."""
    assert ScriptExecutor(script("def main(): raise SystemExit(0)")).execute() is None


def test_while_an_event_loop_runs(script):
    """A script that runs an event loop of its own works in a notebook, whose kernel runs one."""

    async def kernel():
        loop = asyncio.get_running_loop()
        result = ScriptExecutor(script(DEFS + MAIN + "asyncio.run(fetch(2))")).execute()
        named = ScriptExecutor(script(DEFS, entrypoint="fetch")).execute()
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is loop
        return result, named

    assert asyncio.run(kernel()) == (14, 7)
