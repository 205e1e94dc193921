"""Thousands of malformed config files: each is told in one sentence, or is a config after all."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.faults import refuse_faults
from kohakuengine.config.loader import load_config
from kohakuengine.config.schema import check_by_own
from kohakuengine.engine.examiner import Examiner
from kohakuengine.engine.readings import Reader
from kohakuengine.engine.script import Script
from kohakuengine.errors import CheckError, ConfigError

SEED = 5
FILES = 2600  # of each format
SECONDS = 20  # none may take as long: found to hang, not to be slow on a busy machine
TOLD = 1000  # characters of a sentence

VALID = {
    "yaml": """\
# a study
_base: base.yaml
_schema: schemas.py:Study
lr: 1e-3
name: &n "run ${env:HOME,x}"
model: {layers: 2, <<: {wide: true}, act: [relu, gelu, *n]}
other: ${model.layers}
text: |
  two
  lines
_args: [data, 3]
_kwargs: {resume: false}
_metadata: {title: x}
_sweep:
  lr: log(1e-5,1e-1,5)
  epochs: [1, 2]
  _zip: {a: [1, 2], b: [3, 4]}
  _exclude: epochs > 1 and a == 1
""",
    "toml": """\
_base = ["base.yaml", {file = "template.py", size = 3}]
_schema = "schemas.py"
lr = 1e-3
name = "run ${env:HOME,x}"
when = 2024-01-02T03:04:05Z
other = "${model.layers}"
text = '''
two
lines'''
_args = ["data", 3]
[model]
layers = 2
act = ["relu", "gelu"]
[_metadata]
title = "x"
[_sweep]
lr = "log(1e-5,1e-1,5)"
epochs = [1, 2]
_zip = {a = [1, 2], b = [3, 4]}
[[rows]]
x = 1
[[rows]]
x = 2
""",
    "json": """\
{"_base": {"file": "template.py", "size": 3}, "_schema": "schemas.py:Study",
 "lr": 1e-3, "name": "run ${env:HOME,x}", "other": "${model.layers}",
 "model": {"layers": 2, "act": ["relu", "gelu", null]},
 "_args": ["data", 3], "_kwargs": {"resume": false}, "_metadata": {"title": "x"},
 "_sweep": {"lr": "log(1e-5,1e-1,5)", "epochs": [1, 2], "_zip": {"a": [1, 2], "b": [3, 4]},
            "_sample": {"count": 2, "seed": 1}}}
""",
    "py": """\
from dataclasses import dataclass
from kohakuengine import axes, env, use_config
@dataclass
class Study:
    lr: float = 1.0
    name: str = "x"
_schema = Study
base = use_config("base.yaml")
lr = 1e-3
name = env("HOME", default="x")
model = {"layers": 2, "act": ["relu", "gelu", None]}
_args = ["data", 3]
_kwargs = {"resume": False}
_metadata = {"title": "x"}
_sweep = axes.grid(
    axes.zip(a=[1, 2], b=[3, 4]), lr="log(1e-5,1e-1,5)", act=axes.when("a > 1", ["x", "y"])
)
""",
}
SCHEMAS = """\
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

class Act(Enum):
    RELU = "relu"

@dataclass
class Study:
    lr: float = 1.0
    epochs: int = 1
    name: str = "x"
    act: Act = Act.RELU
    model: dict[str, Any] = field(default_factory=dict)
    other: Literal[2] = 2
    def __post_init__(self):
        if self.lr > 0.05:
            raise ValueError("too fast")

@dataclass
class Odd:
    lr: "nowhere.at.all" = 1
    model: list[3] = None

@dataclass
class Broken:
    lr: float
    def __post_init__(self):
        raise SystemExit(3)

number = 3
_schema = Study
"""
SCRIPT = """\
from enum import Enum
from pathlib import Path
from typing import Optional, Union

class Act(Enum):
    RELU = "relu"
    GELU = 3

lr: float = 0.1
name: Path = Path("x")
act: Optional[list[Act]] = None
model: dict[str, Union[int, tuple[Path, ...]]] = {"layers": 2}
rows: set[Act] = set()
a: Act = Act.RELU

def main(data: Path, n: Act, *, resume: bool = False):
    pass

main("a", Act.RELU)
"""
MARKS = {
    "yaml": "{}[]:,-&*!|>'\"%@`#?~<= \n\t\\$.0_e",
    "toml": "{}[]=,.\"'#\\ \n\t$+-_:TZ0e",
    "json": '{}[]:,"\\ \n$-+.eE0ntf/',
    "py": "()[]{}:,.'\"\\ \n\t#=@-",
}
TOUCH = "touch canary"
PIECES = {
    "yaml": [
        *("!!python/object/apply:os.system ['touch canary']", "!!python/name:os.system", "!x y"),
        "!!python/object/new:subprocess.Popen [['touch', 'canary']]",
        "!!python/object/apply:builtins.exec [\"open('canary', 'w')\"]",
        *(
            "&a [*a]",
            "*nowhere",
            "<<: 3",
            "? [a, b]",
            "a: {a: &x {b: *x}}",
            "---\n",
            "...\n",
            "%YAML 9",
        ),
        *(
            "!!timestamp x",
            "!!binary x",
            "!!int 1e",
            "!!set {a, b}",
            "!!omap [a: 1]",
            '"\\UFFFFFFFF"',
        ),
        *("on", "010", ".nan", "1:30", "~", "!!null", "- - - -", "? ", ": ", "lr: 1\nlr: 2\n"),
        *("[" * 300, "{a: " * 300, "- " * 300, "9" * 9000, "0x" + "f" * 9000, "-" * 9000),
    ],
    "toml": [
        *(
            "[[a]]\n",
            "[a]\n[a]\n",
            "lr = 1\nlr = 2\n",
            "a.b.c = 1\n",
            "x = 99:99:99\n",
            "x = inf\n",
        ),
        *(
            "x = 2024-13-99\n",
            "x = 0x\n",
            "x = '''",
            "x = {a = 1, a = 2}\n",
            "[" * 3000,
            "{a=" * 3000,
        ),
        *(
            "9" * 9000,
            "a." * 3000 + "a = 1\n",
            "x = 2024-01-01T00:00:00+99:99\n",
            "[a.b]\n[a]\nb = 1\n",
        ),
    ],
    "json": [
        *(
            '"a": 1, "a": 2',
            "NaN",
            "-Infinity",
            "1e999",
            "tru",
            '"\\ud800"',
            '"\\u12"',
            "//x",
            "01",
        ),
        *(
            "[" * 3000,
            '{"a":' * 3000,
            "9" * 9000,
            "-" + "9" * 9000,
            "1." + "9" * 9000,
            "'a'",
            "\x00",
        ),
    ],
    "py": [
        *(
            "raise ValueError('x')\n",
            "raise SystemExit\n",
            "1 / 0\n",
            "lr = = 1\n",
            "import nowhere\n",
        ),
        *("CONFIG = 3\n", "CONFIG = [1]\n", "CONFIG = None\n", "config_gen = 3\n", "_args = 3\n"),
        *("_kwargs = [1]\n", "_metadata = {1: 2}\n", "_sweep = 3\n", "_sweep = {'a': []}\n"),
        *("_schema = 3\n", "_schema = Study()\n", "_schema = 'schemas.py'\n", "_schema = dict\n"),
        *(
            "class Study: pass\n",
            "    lr: int = 'x'\n",
            "    lr: 'nowhere'\n",
            "    odd: list[3] = 1\n",
        ),
        *(
            "    def __post_init__(self): 1 / 0\n",
            "    def __post_init__(self): raise SystemExit\n",
        ),
        *("_sweep = {1: [2]}\n", "_sweep = 'grid('\n", "_sweep = [{}]\n", "_sweep = {'_zip': 3}\n"),
        *(
            "def config_gen(): return 3\n",
            "def config_gen(): yield 3\n",
            "def config_gen(x): pass\n",
        ),
        *("def config_gen():\n    yield 1 / 0\n", "use_config('nowhere.py')\n", "env('NOT_SET')\n"),
        *(
            "use_config('base.yaml', x=1)\n",
            "use_config(3)\n",
            "[" * 300,
            "9" * 9000,
            "\x00",
            "\ufeff",
        ),
        *("# coding: nothing\n", "class config_gen: pass\n", "def f(:\n", "\tx = 1\n", "'" * 3),
        *("import sys; sys.modules.clear\n", "del lr\n", "async def config_gen(): yield\n"),
    ],
}
# Texts that may stand anywhere.
TEXTS = [
    *(
        "${",
        "${a",
        "${}",
        "${lr}",
        "${.x}",
        "${....}",
        "${model}",
        "${env:NOT_SET}",
        "${env:}",
        "}",
    ),
    *(
        "${oc.env:HOME}",
        "${oc.create:x}",
        "${eval:1}",
        "${${lr}}",
        "${a${b}}",
        "${env:HOME,[1,{a:b}]}",
    ),
    *("${decode:[1,2}", "${decode:'${x}'}", "\\${x}", "\\\\${x}", "???", "${lr}${lr}", "${none:}"),
    *(
        "range(1, 9)",
        "log(0, 1, 5)",
        "log(__import__('os').system('touch canary'),1,1)",
        "grid(x=3)",
    ),
    *(
        "sample({'a': [1]}, 9)",
        "when(a > 1, [1])",
        "__import__('os').system('touch canary')",
        "zip(",
    ),
    *("linspace(0, 1, -5)", "uniform(0, 1)", "random(3, a=[1])", "range(1, 2, 0)", "choice([], 3)"),
    *(
        "range(0, 1e308, 1e-300)",
        "repeat({'a': [1]}, 99999999999)",
        "random(9999999999, a=[1])",
        "schemas.py:Study",
        "schemas.py:Stud",
        "schemas.py:Broken",
        "schemas.py:Odd",
        "schemas.py:number",
        "schemas.py:",
        ":Study",
        "broken.py",
        "nowhere.py:Study",
        "schemas.py:Study:Study",
        "base.yaml:Study",
        "1is",
        "\\d",
        "a == ",
        "()" * 50,
        "(" * 300,
        "é\u2028\U0001f600",
        "../../../etc/passwd",
        ".",
    ),
]
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        2**70,
        1e308,
        float("inf"),
        float("nan"),
        "",
        "x",
        [],
        {},
        [[]],
        [{}],
        {"": 0},
    ),
    *({"a": {"b": [1, {"c": None}]}}, [1, "a", None], {"count": 3}, {"file": "base.yaml"}),
]
NAMES = [
    *(
        "lr",
        "_args",
        "_kwargs",
        "_metadata",
        "_sweep",
        "_base",
        "_schema",
        "_shema",
        "_arg",
        "CONFIG",
        "a-b",
        "",
        "model.x",
    ),
    *("_zip", "_exclude", "_sample", "_repeat", "class", "é", "_private", "model", "file"),
]


def mutated(text: str, format: str, chance: random.Random) -> str:
    """A valid text with a few things wrong."""
    for _ in range(chance.randint(1, 4)):
        here, there = sorted(chance.randint(0, len(text)) for _ in range(2))
        lines = text.splitlines(keepends=True)
        kind = chance.randrange(8)
        if kind == 0:
            text = text[:here]
        elif kind == 1:
            text = text[:here] + text[min(there, here + chance.randint(1, 9)) :]
        elif kind == 2:
            text = text[:here] + chance.choice(MARKS[format]) + text[here:]
        elif kind == 3 and lines:
            lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
            text = "".join(lines)
        elif kind == 4 and lines:
            chance.shuffle(lines)
            text = "".join(lines)
        elif kind == 5:
            text = text[:here] + chance.choice(PIECES[format]) + text[here:]
        elif kind == 6 and lines:
            lines.insert(chance.randint(0, len(lines)), chance.choice(PIECES[format]) + "\n")
            text = "".join(lines)
        else:
            text = text[:here] + chance.choice(TEXTS) + text[here:]
    return text


def tree(chance: random.Random, depth: int = 0) -> Any:
    """Values of any kind, under names that mean something."""
    kind = chance.randrange(6)
    if depth > 3 or kind < 2:
        return chance.choice([*VALUES, chance.choice(TEXTS)])
    if kind < 4:
        return [tree(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return mapping(chance, depth)


def mapping(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    chosen = [chance.choice(NAMES) for _ in range(chance.randint(0, 4))]
    return {name: tree(chance, depth + 1) for name in chosen}


def written(values: dict[str, Any], format: str) -> str:
    """Values as a text, of a format that may not be able to hold them."""
    if format == "toml":
        return "".join(f"{json.dumps(name)} = {json.dumps(v)}\n" for name, v in values.items())
    if format == "py":
        return "".join(f"{name} = {value!r}\n" for name, value in values.items())
    return json.dumps(values)  # which is YAML, too


def noise(format: str, chance: random.Random) -> bytes:
    """Bytes, or the characters that mean something in a format."""
    if chance.random() < 0.3:
        return chance.randbytes(chance.randint(0, 200))
    marks = MARKS[format] + "ab1"
    return "".join(chance.choices(marks, k=chance.randint(0, 200))).encode()


def files(format: str, chance: random.Random) -> Iterator[bytes]:
    """Malformed files, in the same order each time."""
    for n in range(FILES):
        kind = n % 4
        if kind < 2:
            yield mutated(VALID[format], format, chance).encode("utf-8", "surrogatepass")
        elif kind == 2:
            text = written(mapping(chance), format)
            yield (mutated(text, format, chance) if chance.random() < 0.3 else text).encode()
        else:
            content = noise(format, chance)
            if chance.random() < 0.5:
                place = chance.randint(0, len(VALID[format]))
                whole = VALID[format].encode()
                content = whole[:place] + content[:20] + whole[place:]
            yield content


def huge(format: str) -> Iterator[bytes]:
    """Files that multiply, or are very deep or long."""
    if format == "yaml":
        for line in ("a%d: &a%d [*a%d, *a%d]", "a%d: &a%d {x: *a%d, y: *a%d}"):
            lines = [line % (n, n, n - 1, n - 1) for n in range(1, 60)]
            yield "\n".join(["a0: &a0 [x]", *lines]).encode()
        refer = ["a0: x", *(f"a{n}: ['${{a{n - 1}}}', '${{a{n - 1}}}']" for n in range(1, 60))]
        yield "\n".join(refer).encode()
        yield "\n".join(f"{' ' * n}a:" for n in range(2000)).encode()
        yield ("a: " + "'${a}'" * 20_000).encode()
        yield ("a: '" + "${" * 20_000 + "'").encode()
    opening = {"yaml": "a: ", "toml": "a = ", "json": '{"a": ', "py": "a = "}[format]
    for part in (
        "[",
        "{",
        "[{",
        "(",
        "-",
        "9",
        '"',
        "${",
        "[1,",
        "{'a':",
        "!",
        "&a",
        "a.",
        "1e",
        "\n",
    ):
        yield (opening + part * 100_000).encode()
    for part in ("9", "a.", "[", "[[", '"', "'''", "a=", "{", "${a}", "0x", "_", "\r", "\t"):
        yield (part * 100_000).encode()


def refuse_to_start(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have no program started; what would have been is noted."""
    seen: list[str] = []
    for module, name in [(os, "system"), (os, "popen"), (os, "posix_spawn"), (subprocess, "Popen")]:
        monkeypatch.setattr(module, name, lambda *args, **_: seen.append(repr(args)), raising=False)
    return seen


def loaded(path: Path, examiner: Examiner, reader: Reader) -> str | None:
    """What is wrong with a config file, by itself or for a script; None if nothing is."""
    try:
        given = load_config(path)
        configs = [given] if isinstance(given, Config) else [*islice(given, 3)]
        assert all(isinstance(config, Config) for config in configs)
        for config in configs:
            check_by_own(config)
        read = reader.read(given)
        refuse_faults(examiner.faults_of_all(getattr(read, "source", read)))
        return None
    except CheckError as error:
        for fault in error.faults:
            check_fault(str(fault))
        return ""
    except ConfigError as error:
        return str(error)


def with_limit(seconds: int, call: Callable[[], str | None]) -> str | None:
    """Call something, which may not take longer."""
    if not hasattr(signal, "setitimer"):
        return call()

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("format", ["py", "yaml", "toml", "json"])
def test_malformed_files(
    format: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """None gives anything but a config or one sentence, none executes anything, none hangs."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("NOT_SET", raising=False)
    started = refuse_to_start(monkeypatch)
    (folder / "base.yaml").write_text("lr: 0.1\nepochs: ???\n")
    template = (
        "from kohakuengine import Config\ndef config_gen(size: int): return Config({'s': size})\n"
    )
    (folder / "template.py").write_text(template)
    (folder / "schemas.py").write_text(SCHEMAS)
    (folder / "broken.py").write_text("lr = = 1")
    (folder / "train.py").write_text(SCRIPT)
    script = Script("train.py")
    examiner, reader = Examiner(script), Reader(script)
    path = folder / f"config.{format}"
    chance = random.Random(SEED)
    print(f"seed {SEED}, {format}")
    fine = count = 0
    begun = time.monotonic()
    for count, content in enumerate([*files(format, chance), *huge(format)], 1):
        path.write_bytes(content)
        try:
            said = with_limit(SECONDS, lambda: loaded(path, examiner, reader))
        except BaseException as error:
            shown = content if len(content) < 3000 else content[:200]
            pytest.fail(f"file {count}: {type(error).__name__}: {error}\n{shown!r}")
        fine += said is None
        if said:
            check(said, format, content)
        assert not (folder / "canary").exists(), content
    assert not started
    print(f"{count} files, of which {fine} are configs, in {time.monotonic() - begun:.1f} s")
    assert count > FILES and fine < count / 2


def check(said: str, format: str, content: bytes) -> None:
    """A sentence that names a file, without ours having gone wrong."""
    assert "config." in said or "base.yaml" in said or "template.py" in said or format == "py", said
    assert "Traceback" not in said
    if format != "py":  # of Python, the wrong line is shown below
        assert "\n" not in said and len(said) < TOLD, f"{said}\n{content[:300]!r}"
        check_fault(said)


def check_fault(said: str) -> None:
    assert "\n" not in said and len(said) < TOLD, said
    for word in ("NoneType' object", "kohakuengine/", "object at 0x"):
        assert word not in said
