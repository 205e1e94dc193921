"""Secrets: values of the environment that stand in configs by the name of their variable."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.env import env
from kohakuengine.config.identity import config_key
from kohakuengine.config.loader import load_config
from kohakuengine.config.secret import Secret, masked, revealed, secrets_in, told_in
from kohakuengine.errors import ConfigError

VALUE = "correct-horse-battery"
Pair = namedtuple("Pair", "name token")


@dataclass(frozen=True)
class Client:
    url: str
    token: Any


@pytest.fixture(autouse=True)
def variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", VALUE)


def test_a_secret_is_shown_by_its_variable() -> None:
    """Neither repr, str, pickle nor copy holds the value."""
    token = env("A_TOKEN", secret=True)
    assert repr(token) == str(token) == repr(copy.deepcopy(token)) == "<secret A_TOKEN>"
    assert VALUE.encode() not in pickle.dumps(token)
    assert pickle.loads(pickle.dumps(token)) == token != env("PATH", secret=True)
    assert repr(Config({"token": token})) == "Config(globals_dict={'token': <secret A_TOKEN>})"


def test_a_secret_is_not_put_into_a_text() -> None:
    """An f-string would give the script the secret's name; what to do instead is told."""
    token = env("A_TOKEN", secret=True)
    with pytest.raises(TypeError, match="the secret A_TOKEN can't be put into a text here"):
        f"Bearer {token}"
    assert env("A_TOKEN", type=lambda text: f"Bearer {text}", secret=True).reveal() == (
        f"Bearer {VALUE}"
    )


def test_the_value_is_read_when_it_is_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what the variable is then, as its type."""
    monkeypatch.setenv("A_NUMBER", "7")
    number = env("A_NUMBER", type=int, secret=True)
    monkeypatch.setenv("A_NUMBER", "8")
    assert number.reveal() == 8


def test_a_default_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the variable isn't set, the default stands; without one that is an error."""
    monkeypatch.delenv("A_TOKEN")
    assert env("A_TOKEN", default=None, secret=True) is None
    with pytest.raises(ConfigError, match="the environment variable A_TOKEN isn't set"):
        env("A_TOKEN", secret=True)


def test_no_error_says_the_value(write: Any) -> None:
    """A secret of another type is refused when the file is loaded, without what it is."""
    path = write(
        "own.py", "from kohakuengine import env\nx = env('A_TOKEN', type=int, secret=True)"
    )
    with pytest.raises(
        ConfigError, match="A_TOKEN, which is a secret, can't be read as int"
    ) as got:
        load_config(path)
    error: BaseException | None = got.value
    while error is not None:
        assert VALUE not in str(error)
        assert VALUE not in repr([entry.frame.f_locals for entry in got.traceback[1:]])
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "make",
    [
        lambda token: {"a": [1, (token, {"b": {token}})]},
        lambda token: {token: 1},
        lambda token: OrderedDict(a=1, token=token),
        lambda token: Pair("a", token),
        lambda token: Client("http://x", token),
        lambda token: [Client("http://x", [token]), frozenset([token])],
    ],
)
def test_secrets_are_revealed_wherever_they_are(make: Any) -> None:
    """In containers of any kind and in dataclasses, which are copied, and not changed."""
    value = make(env("A_TOKEN", secret=True))
    found = revealed(value)
    assert found == make(VALUE) and type(found) is type(value)
    assert value == make(Secret("A_TOKEN"))


def test_what_holds_no_secret_stays_the_same_object() -> None:
    """Also what holds itself."""
    circle: list[Any] = [1]
    circle.append(circle)
    value = {"circle": circle, "client": Client("http://x", None), "many": list(range(1000))}
    assert revealed(value) is value


def test_a_value_that_is_nested_without_end_is_refused() -> None:
    """In one sentence, not by Python's recursion limit."""
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ConfigError, match="nested too deeply"):
        revealed(value)
    while value:
        value = value.pop()


def test_the_key_counts_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewed token doesn't make other runs; another variable does, and so does another type."""
    key = config_key(Config({"token": env("A_TOKEN", secret=True)}))
    monkeypatch.setenv("A_TOKEN", "another")
    assert config_key(Config({"token": env("A_TOKEN", secret=True)})) == key
    others = [Secret("B_TOKEN"), Secret("A_TOKEN", len), "another"]
    assert len({key, *(config_key(Config({"token": other})) for other in others)}) == 4


def test_all_secrets_of_a_config_are_found() -> None:
    """In its variables and arguments; the metadata isn't given to the script."""
    one, two = Secret("ONE"), Secret("TWO")
    config = Config({"a": [one]}, kwargs={"b": two}, metadata={"c": Secret("THREE")})
    assert secrets_in(config) == [one, two]


def test_revealed_texts_are_masked() -> None:
    """What is recorded has the name in place of the value, within texts, too."""
    env("A_TOKEN", secret=True).reveal()
    record = {"error": {"message": f"401 for {VALUE}!"}, "result": [VALUE, 1, None]}
    assert masked(record) == {
        "error": {"message": "401 for <secret A_TOKEN>!"},
        "result": ["<secret A_TOKEN>", 1, None],
    }
    assert told_in(b"x" + VALUE.encode()) == "<secret A_TOKEN>"
    assert told_in(b"x") is None
