"""Schemas: pydantic models and dataclasses that values have to fit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest

from kohakuengine.config.loader import load_config
from kohakuengine.config.members import EnumMember
from kohakuengine.config.origin import origin_of
from kohakuengine.config.schema import schema_of
from kohakuengine.errors import ConfigTypeError

pydantic = pytest.importorskip("pydantic")


class Solver(Enum):
    SGD = "sgd"
    ADAM = "adam"


class Net(pydantic.BaseModel):
    layers: int = pydantic.Field(2, ge=1)
    name: str = "net"


class Model(pydantic.BaseModel):
    lr: Annotated[float, pydantic.Field(gt=0, lt=1)] = 0.1
    opt: Literal["sgd", "adam"] = "sgd"
    solver: Solver = Solver.SGD
    sizes: tuple[int, ...] = (1,)
    net: Net = Net()
    limit: Optional[int] = None
    data: Path = Path("d")

    @pydantic.model_validator(mode="after")
    def _both(self) -> Model:
        if self.opt == "adam" and self.lr > 0.5:
            raise ValueError("adam takes no more than 0.5")
        return self


@dataclass
class DataNet:
    layers: Annotated[int, pydantic.Field(ge=1)] = 2
    name: str = "net"


@dataclass
class Data:
    lr: Annotated[float, pydantic.Field(gt=0, lt=1)] = 0.1
    opt: Literal["sgd", "adam"] = "sgd"
    solver: Solver = Solver.SGD
    sizes: tuple[int, ...] = (1,)
    net: DataNet = field(default_factory=DataNet)
    limit: Optional[int] = None
    data: Path = Path("d")

    def __post_init__(self) -> None:
        if self.opt == "adam" and self.lr > 0.5:
            raise ValueError("adam takes no more than 0.5")


BOTH = pytest.mark.parametrize("schema", [Model, Data], ids=["pydantic", "dataclass"])

GOOD: list[dict[str, Any]] = [
    {},
    {"lr": 0.5, "opt": "adam", "solver": Solver.ADAM, "limit": 3, "data": Path("x")},
    {"sizes": [1, 2], "net": {"layers": 4}},
    {"limit": None, "lr": 0.3},
]
# Values, and of each of the keys a piece of what is said.
BAD: list[tuple[dict[str, Any], dict[str | None, str]]] = [
    ({"lr": 0}, {"lr": "0"}),
    ({"lr": 1.5, "opt": "adma", "limit": "x"}, {"lr": "1", "opt": "adam", "limit": "int"}),
    ({"limit": "3"}, {"limit": ""}),
    ({"solver": "adam"}, {"solver": ""}),
    ({"sizes": [1, "a"]}, {"sizes": ""}),
    ({"net": {"layers": 0, "name": 3}}, {"net.layers": "1", "net.name": "str"}),
    ({"opt": "adam", "lr": 0.9}, {None: "adam takes no more than 0.5"}),
    ({"data": "x"}, {"data": "Path"}),
]


@BOTH
@pytest.mark.parametrize("values", GOOD)
def test_what_a_schema_allows_is_taken(schema: type, values: dict[str, Any]) -> None:
    """Values within the types, choices and bounds of a schema are no breach of it."""
    assert schema_of(schema).breaches(values) == []


@BOTH
@pytest.mark.parametrize("values, said", BAD)
def test_every_breach_is_told(
    schema: type, values: dict[str, Any], said: dict[str | None, str]
) -> None:
    """All that a schema doesn't allow is told at once, each by its name; nothing is converted."""
    breaches = {
        b.key if b.key != "sizes.1" else "sizes": b for b in schema_of(schema).breaches(values)
    }
    assert set(breaches) == set(said)
    for key, text in said.items():
        assert text in f"{breaches[key].problem} {breaches[key].remedy}"


@BOTH
def test_one_value_is_checked_by_its_field_alone(schema: type) -> None:
    """Each value of an axis is checked by itself, also one within a dictionary."""
    own = schema_of(schema)
    for key, value in [("lr", 2), ("opt", "x"), ("net.layers", 0), ("limit", "a"), ("data", "x")]:
        breach = own.breach_of(key, value)
        assert breach is not None and breach.key == key
    for key, value in [("lr", 0.9), ("opt", "adam"), ("net.layers", 3), ("net", {"layers": 3})]:
        assert own.breach_of(key, value) is None


@BOTH
def test_what_only_the_run_has_is_not_judged(schema: type) -> None:
    """A member of the script's own Enum, as `--set` gives it, isn't that of a schema's: it is taken."""
    member = EnumMember("Solver", "ADAM")
    own = schema_of(schema)
    assert own.breaches({"solver": member}) == []
    assert own.breach_of("solver", member) is None
    assert [b.key for b in own.breaches({"solver": member, "lr": -1})] == ["lr"]


def test_validators_are_not_asked_of_one_value() -> None:
    """A validator may look at other fields: what it says of one value alone would be no fault."""

    class Pair(pydantic.BaseModel):
        steps: int = 10
        warmup: int = 1

        @pydantic.field_validator("warmup")
        @classmethod
        def _below(cls, value: int, info: Any) -> int:
            if value > info.data["steps"]:
                raise ValueError("more than steps")
            return value

    own = schema_of(Pair)
    assert own.breach_of("warmup", 20) is None
    assert own.breaches({"steps": 100, "warmup": 20}) == []
    [breach] = own.breaches({"warmup": 20})
    assert (breach.key, breach.problem) == ("warmup", "more than steps")


def test_a_dataclass_of_pydantic_is_asked_what_it_takes() -> None:
    """Its bounds are known to it alone, and are found when one is made."""

    @pydantic.dataclasses.dataclass
    class Small:
        lr: float = pydantic.Field(0.1, gt=0)

    assert schema_of(Small).breaches({"lr": 1.0}) == []
    [breach] = schema_of(Small).breaches({"lr": -1.0})
    assert "greater than 0" in breach.problem and "\n" not in breach.problem


def test_values_that_hold_themselves_are_told() -> None:
    """A dictionary within itself is no endless check."""

    @dataclass
    class Tree:
        below: Optional[Tree] = None

    Tree.__annotations__["below"] = Optional[Tree]
    values: dict[str, Any] = {}
    values["below"] = values
    [breach] = schema_of(Tree).breaches(values)
    assert "too deeply" in breach.problem


def test_what_has_to_be_given_and_what_there_is_not() -> None:
    """A field without a default has to be given; what a dataclass hasn't is refused."""

    @dataclass
    class Small:
        lr: float

    class Strict(pydantic.BaseModel, extra="forbid"):
        lr: float

    for schema in (Small, Strict):
        found = {b.key: b.problem for b in schema_of(schema).breaches({"lrr": 1})}
        assert found == {"lr": "it has to be given", "lrr": "there is no such field"}


def test_a_validator_that_raises_anything_is_no_traceback() -> None:
    """What a validator raises that it shouldn't is told as a breach."""

    class Odd(pydantic.BaseModel):
        lr: float = 1

        @pydantic.model_validator(mode="after")
        def _odd(self) -> Odd:
            raise KeyError("lost")

    [breach] = schema_of(Odd).breaches({"lr": 2})
    assert breach.key is None and "KeyError" in breach.problem


@pytest.mark.parametrize("given", [3, int, Model(), Data()])
def test_anything_else_is_no_schema(given: object) -> None:
    """What is neither a model nor a dataclass is refused, with what it is."""
    with pytest.raises(ConfigTypeError, match="must be a pydantic model or a dataclass, got"):
        schema_of(given)


FILE = """\
from __future__ import annotations
from dataclasses import dataclass
from enum import Enum
from typing import Annotated
class Kind(Enum):
    A = 1
@dataclass
class Part:
    n: int = 1
@dataclass
class Schema:
    lr: float = 1.0
    kind: Kind = Kind.A
    part: Part | None = None
_schema = Schema
lr = 0.5
part = {"n": "a"}
"""


def test_the_schema_of_a_file_is_none_of_its_values(tmp_path: Path) -> None:
    """Classes that make up a file's schema aren't captured, and its annotations may be texts."""
    path = tmp_path / "conf.py"
    path.write_text(FILE)
    config = load_config(path)
    assert list(config.globals_dict) == ["lr", "part"]
    schema = origin_of(config).schema
    assert [b.key for b in schema_of(schema).breaches(config.globals_dict)] == ["part.n"]


def test_a_schema_is_inherited_and_replaced(tmp_path: Path) -> None:
    """A base's schema is that of the file, unless it has its own."""
    (tmp_path / "base.py").write_text(FILE)
    head = "from kohakuengine import use_config\nuse_config('base.py')\n"
    (tmp_path / "same.py").write_text(head)
    own = "import dataclasses\n@dataclasses.dataclass\nclass Own:\n    lr: int = 1\n_schema = Own\n"
    (tmp_path / "own.py").write_text(head + own)
    names = [
        getattr(origin_of(load_config(tmp_path / name)).schema, "__name__")
        for name in ("same.py", "own.py")
    ]
    assert names == ["Schema", "Own"]


def test_a_file_with_a_wrong_schema_is_told(tmp_path: Path) -> None:
    """`_schema` that is none is an error that names the file."""
    (tmp_path / "conf.py").write_text("_schema = 3\n")
    with pytest.raises(ConfigTypeError, match="conf.py: _schema must be"):
        load_config(tmp_path / "conf.py")


@pytest.mark.process
def test_pydantic_is_imported_for_its_models_alone() -> None:
    """Whoever has no model needs no pydantic."""
    code = (
        "import sys, dataclasses\n"
        "from kohakuengine.config.schema import schema_of\n"
        "S = dataclasses.make_dataclass('S', [('lr', float, 1.0)])\n"
        "assert schema_of(S).breaches({'lr': 'a'})\n"
        "assert 'pydantic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
