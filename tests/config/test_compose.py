"""Config files that build on others, and templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.base import Config
from kohakuengine.config.compose import use_config
from kohakuengine.config.generator import ConfigGenerator
from kohakuengine.config.loader import load_config
from kohakuengine.errors import ConfigError, ConfigFileError, ConfigTypeError

# ---- merge ----

values = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
fields = st.dictionaries(st.sampled_from("abcd"), values, max_size=3)
configs = st.builds(Config, fields, st.lists(st.integers(), max_size=2), fields, fields)


def merge(first: Config, second: Config, nested: bool) -> Config | None:
    """Two configs merged; None where they can't be."""
    try:
        return first.merge(second, nested=nested)
    except ConfigError:
        return None


@given(configs, configs, configs, st.booleans())
def test_merge_is_associative(first: Config, second: Config, third: Config, nested: bool) -> None:
    """Whichever two are merged first, the same comes of it, or none can be."""
    left, right = merge(first, second, nested), merge(second, third, nested)
    if left is not None and right is not None:
        assert merge(left, third, nested) == merge(first, right, nested)
    else:
        assert nested


@given(configs, configs)
def test_merge_keeps_the_child(base: Config, child: Config) -> None:
    """What the one above sets is as it says; what it doesn't set is the base's."""
    merged = base.merge(child)
    for field in ("globals_dict", "kwargs", "metadata"):
        assert getattr(merged, field) == getattr(base, field) | getattr(child, field)
    assert merged.args == (child.args or base.args)
    assert base.merge(Config()) == base and Config().merge(child) == child


def test_merge_within_dictionaries() -> None:
    """By choice, what is beside a nested value stays; neither Config is changed."""
    base = Config({"model": {"layers": 2, "opt": {"lr": 1}}}, kwargs={"k": {"a": 1}})
    child = Config({"model": {"opt": {"wd": 2}}}, kwargs={"k": {"b": 2}})
    merged = base.merge(child, nested=True)
    assert merged.globals_dict == {"model": {"layers": 2, "opt": {"lr": 1, "wd": 2}}}
    assert merged.kwargs == {"k": {"a": 1, "b": 2}}
    assert base.merge(child).globals_dict == child.globals_dict
    assert base.globals_dict == {"model": {"layers": 2, "opt": {"lr": 1}}}
    with pytest.raises(ConfigError, match="model.opt is a dictionary in one config and not in"):
        base.merge(Config({"model": {"opt": 3}}), nested=True)


def test_replace() -> None:
    """Fields by name take the place of what was there."""
    config = Config({"lr": 1}, args=["a"], metadata={"m": 1})
    assert config.replace(globals_dict={"lr": 2}) == Config({"lr": 2}, ["a"], metadata={"m": 1})
    with pytest.raises(ConfigError, match="there is no field 'globals'; did you mean"):
        config.replace(globals={})
    with pytest.raises(ConfigTypeError, match="args must be a list"):
        config.replace(args=3)


# ---- use_config ----


def test_a_file_builds_on_others(write: Any) -> None:
    """Own values win, then those of later bases; args are replaced, kwargs and metadata merged."""
    write(
        "base.py",
        "lr, bs, a = 1, 1, 1\n_args, _kwargs, _metadata = [1], {'x': 1, 'y': 1}, {'m': 1}",
    )
    write("sub/later.py", "bs, a = 2, 2\n_kwargs = {'y': 2}")
    path = write(
        "own.py",
        """
        from kohakuengine import use_config
        first = use_config("base.py")
        use_config("sub/later.py")
        a = first.globals_dict["a"] * 10
        _kwargs, _metadata = {"z": 3}, {"n": 3}
        """,
    )
    assert load_config(path) == Config(
        {"lr": 1, "bs": 2, "a": 10}, [1], {"x": 1, "y": 2, "z": 3}, {"m": 1, "n": 3}
    )


@pytest.mark.parametrize(
    "text, expected",
    {
        "CONFIG": ("CONFIG = Config({'bs': 2})", [{"lr": 1, "bs": 2}]),
        "several": (
            "CONFIG = [Config({'lr': 2}), Config()]",
            [{"lr": 2, "bs": 1}, {"lr": 1, "bs": 1}],
        ),
        "config_gen": (
            "def config_gen():\n    for lr in (2, 3): yield Config({'lr': lr})",
            [{"lr": 2, "bs": 1}, {"lr": 3, "bs": 1}],
        ),
        "_sweep": ("_sweep = {'lr': [2, 3]}", [{"lr": 2, "bs": 1}, {"lr": 3, "bs": 1}]),
    }.values(),
)
def test_a_base_is_under_whatever_a_file_gives(write: Any, text: str, expected: Any) -> None:
    """Its values are those of all Configs that don't set them."""
    write("base.py", "lr, bs = 1, 1")
    head = "from kohakuengine import Config, use_config\nuse_config('base.py')\n"
    loaded = load_config(write("own.py", head + text))
    found = [loaded] if isinstance(loaded, Config) else list(loaded)
    names = ("lr", "bs")
    assert [{n: c.globals_dict[n] for n in names} for c in found] == expected


def test_a_sweep_is_inherited(write: Any) -> None:
    """A file has the sweep of its base, unless it has its own."""
    write("base.py", "a = 0\n_sweep = {'lr': [1, 2]}")
    head = "from kohakuengine import use_config\nuse_config('base.py')\n"
    inherited, own = (
        load_config(write("own.py", head + text)) for text in ("a = 5", "_sweep = {'b': [3]}")
    )
    assert [c.globals_dict for c in inherited] == [{"a": 5, "lr": 1}, {"a": 5, "lr": 2}]
    assert [c.globals_dict for c in own] == [{"a": 0, "b": 3}]


def test_within_a_function_nothing_is_layered(write: Any) -> None:
    """config_gen() merges what it is given itself."""
    write("base.py", "lr, bs = 1, 1")
    path = write(
        "own.py",
        """
        from kohakuengine import Config, use_config
        def config_gen():
            base = use_config("base.py")
            yield base.merge(Config({"lr": 2}))
            yield Config({"lr": 3})
        """,
    )
    assert [c.globals_dict for c in load_config(path)] == [{"lr": 2, "bs": 1}, {"lr": 3}]


def test_outside_of_a_config_file(
    write: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what the file gives, by a path from the working directory."""
    write("base.py", "lr = 1")
    monkeypatch.chdir(folder)
    assert use_config("base.py") == Config({"lr": 1})


def test_circles_are_named_in_full(write: Any) -> None:
    """All files of a circle are in the message, each once."""
    for name, used in (("a", "b"), ("b", "c"), ("c", "a")):
        path = write(f"{name}.py", f"from kohakuengine import use_config\nuse_config('{used}.py')")
    with pytest.raises(
        ConfigError, match=r"c.py uses .*a.py uses .*b.py uses .*c.py: config files"
    ) as e:
        load_config(path)
    assert str(e.value).count("line") == 1


def test_a_file_may_be_used_twice(write: Any) -> None:
    """Two bases that build on the same file aren't a circle."""
    write("root.py", "lr = 1")
    for name in "ab":
        write(
            f"{name}.py", f"from kohakuengine import use_config\nuse_config('root.py')\n{name} = 1"
        )
    path = write(
        "own.py", "from kohakuengine import use_config\nuse_config('a.py')\nuse_config('b.py')"
    )
    assert load_config(path) == Config({"lr": 1, "a": 1, "b": 1})


def test_what_is_wrong_with_a_base(write: Any) -> None:
    """The file and line that are wrong are named, not those that use it."""
    write("wrong.py", "x = 1\nlr = 1 / 0")
    write("several.py", "from kohakuengine import Config\nCONFIG = [Config(), Config()]")
    use = "from kohakuengine import use_config\nuse_config({!r})"
    with pytest.raises(ConfigFileError, match="wrong.py line 2 raised ZeroDivisionError") as e:
        load_config(write("own.py", use.format("wrong.py")))
    assert "own.py" not in str(e.value) and isinstance(e.value.__cause__, ZeroDivisionError)
    with pytest.raises(ConfigError, match=r"own.py line 2: .*several.py gives several Configs"):
        load_config(write("own.py", use.format("several.py")))
    with pytest.raises(ConfigFileError, match="none.py: there is no such config file"):
        load_config(write("own.py", use.format("none.py")))


# ---- templates ----

TEMPLATE = """
from __future__ import annotations
from typing import Literal
from kohakuengine import Config
def config_gen(size: Literal["small", "large"], depth: int = 2, rate: float = 0.1, worker_id=0):
    return Config({"hidden": 512 if size == "large" else 64, "depth": depth, "rate": rate})
"""


def test_a_template(write: Any) -> None:
    """A file with config_gen() is a function of its arguments, of the types that it declares."""
    path = write("template.py", TEMPLATE)
    assert use_config(path, size="large", rate=1).globals_dict == {
        "hidden": 512,
        "depth": 2,
        "rate": 1.0,
    }
    own = write(
        "own.py",
        "from kohakuengine import use_config\nuse_config('template.py', size='small')\ndepth = 7",
    )
    assert load_config(own) == Config({"hidden": 64, "depth": 7, "rate": 0.1})


def test_wrong_arguments_of_a_template(write: Any) -> None:
    """All of them are told at once, each with what would do."""
    path = write("template.py", TEMPLATE)
    with pytest.raises(ConfigError) as caught:
        use_config(path, dpth=3, rate="fast")
    message = str(caught.value)
    assert "it takes no dpth; did you mean depth?" in message
    assert "size must be given" in message
    assert "rate: 'fast' is not a float" in message
    with pytest.raises(ConfigError, match="'big' is none of small, large"):
        use_config(path, size="big")
    with pytest.raises(ConfigError, match="takes no arguments, got size"):
        use_config(write("plain.py", "lr = 1"), size=1)


def test_a_template_may_sweep(write: Any) -> None:
    """What it yields depends on its arguments."""
    path = write(
        "template.py",
        """
        from kohakuengine import Config
        def config_gen(count: int = 1):
            for n in range(count):
                yield Config({"n": n})
        """,
    )
    loaded = load_config(path, arguments={"count": 3})
    assert isinstance(loaded, ConfigGenerator)
    assert [config.globals_dict["n"] for config in loaded] == [0, 1, 2]
