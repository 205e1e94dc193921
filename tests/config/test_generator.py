from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.generator import ConfigGenerator
from kohakuengine.errors import ConfigTypeError


def numbered(n: int) -> Config:
    return Config({"n": n})


def three() -> Iterator[Config]:
    return map(numbered, range(3))


def numbers(configs: Any) -> list[int]:
    return [config.globals_dict["n"] for config in configs]


def test_lazy() -> None:
    """A Config is computed when it is asked for, not before."""
    made = []

    def configs() -> Iterator[Config]:
        for n in count():
            made.append(n)
            yield numbered(n)

    generator = ConfigGenerator(configs)
    assert made == []
    next(generator)
    assert made == [0]
    next(generator)
    assert made == [0, 1]


@pytest.mark.parametrize("source", [three, list(three())])
def test_starts_anew(source: Any) -> None:
    """With a function or a list, every loop starts from the first Config."""
    generator = ConfigGenerator(source)
    assert numbers(islice(generator, 2)) == [0, 1]
    assert numbers(generator) == [0, 1, 2]
    assert numbers(generator) == [0, 1, 2]


def test_iterator_is_given_once() -> None:
    """With an iterator, a second loop goes on where the first stopped."""
    generator = ConfigGenerator(three())
    assert numbers(islice(generator, 2)) == [0, 1]
    assert numbers(generator) == [2]
    assert numbers(generator) == []


def test_is_an_iterator() -> None:
    """`next()` gives one Config after the other, and a loop over `iter()` goes on after it."""
    generator = ConfigGenerator(three)
    assert numbers([next(generator), next(generator), next(generator)]) == [0, 1, 2]
    assert next(generator, None) is None
    configs = iter(generator)
    assert next(configs) == numbered(0)
    assert numbers(configs) == [1, 2]


@pytest.mark.parametrize("item", [4, {"lr": 1}, None, Config])
def test_no_config(item: object) -> None:
    """What isn't a Config is refused when its turn comes, with its type and its place."""
    items: list[Any] = [numbered(0), item]
    generator = ConfigGenerator(iter(items), name="sweep")
    next(generator)
    with pytest.raises(ConfigTypeError, match="sweep: number 2 .* Config, got") as caught:
        next(generator)
    assert caught.value.got == type(item).__name__
    assert vars(caught.value)["position"] == 1


@pytest.mark.parametrize("source", [3, None, Config(), "abc"])
def test_wrong_source(source: Any) -> None:
    """What can't give Configs at all is refused at once."""
    with pytest.raises(ConfigTypeError, match=f"got {type(source).__name__}"):
        ConfigGenerator(source)


def test_function_of_one_config() -> None:
    """A function that returns something else than Configs to loop over is refused."""
    with pytest.raises(ConfigTypeError, match="got Config"):
        next(ConfigGenerator(Config))  # type: ignore[arg-type]


def adaptive() -> Any:
    heard = None
    while True:
        heard = yield Config({"heard": heard})


def test_tell() -> None:
    """What is told after a run is the value of the `yield` that gave its Config."""
    generator = ConfigGenerator(adaptive)
    heard = []
    for config in islice(generator, 4):
        heard.append(config.globals_dict["heard"])
        if len(heard) != 2:
            generator.tell(f"run {len(heard)}")
    assert heard == [None, "run 1", None, "run 3"]


def test_tell_before_the_first() -> None:
    """What is told before any run is heard by nobody."""
    generator = ConfigGenerator(adaptive)
    generator.tell("nothing ran")
    assert next(generator) == next(generator) == Config({"heard": None})


def test_tell_an_iterator() -> None:
    """Telling an iterator that doesn't listen does no harm."""
    generator = ConfigGenerator(three)
    for _ in generator:
        generator.tell("done")


def test_of_a_generator() -> None:
    """A ConfigGenerator of a ConfigGenerator starts anew as the inner one does."""
    generator = ConfigGenerator(ConfigGenerator(three))
    assert numbers(generator) == numbers(generator) == [0, 1, 2]


def test_error_inside() -> None:
    """What a generator raises arrives as it is."""

    def broken() -> Iterator[Config]:
        yield numbered(0)
        raise OSError("no checkpoint")

    generator = ConfigGenerator(broken)
    next(generator)
    with pytest.raises(OSError, match="no checkpoint"):
        next(generator)
    assert list(islice(generator, 1)) == [numbered(0)]


def test_repr() -> None:
    """What is shown tells what it wraps, and computes nothing."""
    assert repr(ConfigGenerator([])) == "<ConfigGenerator of []>"
