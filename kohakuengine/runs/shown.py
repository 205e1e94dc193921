"""A config as people are shown it: JSON where that holds its values, texts else."""

from __future__ import annotations

from ..config.fit import short_repr
from ..config.members import EnumMember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..config.base import Config


_TAIL = 10  # characters of the end of a label that is cut


def jsonable(value: object, depth: int = 20) -> object:
    """A value as JSON can hold it: containers item by item, a path as its text, a member of an Enum
    that only the script has by its name, what it can't hold as its repr.

    What lies deeper than `depth` is a repr, too.

    Example:
        >>> jsonable({"lr": (0.1, float("nan")), "path": {1}})
        {'lr': [0.1, 'nan'], 'path': '{1}'}
    """
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if isinstance(value, int) and kind is int and value.bit_length() < 10_000:
        return value
    if isinstance(value, float) and kind is float and abs(value) < float("inf"):
        return value
    if kind.__module__ == "numpy" and (number := _plain_number(value)) is not None:
        return jsonable(number)
    if isinstance(value, EnumMember):
        return value.name
    if kind.__module__.partition(".")[0] == "pathlib":
        return str(value)
    if depth and isinstance(value, (list, tuple)) and kind in (list, tuple):
        return [jsonable(item, depth - 1) for item in value]
    if depth and isinstance(value, dict) and all(type(key) is str for key in value):
        return {key: jsonable(item, depth - 1) for key, item in value.items()}
    return short_repr(value, 10_000)


def _plain_number(value: object) -> object:
    """A scalar of numpy's as Python's own, by which runs can be filtered and drawn; else None."""
    if getattr(value, "shape", None) != () or not hasattr(value, "item"):
        return None
    number = value.item()
    return number if type(number) in (bool, int, float) else None


def shown_params(config: Config) -> dict[str, object]:
    """What a config sets, by name: variables, then arguments of the entrypoint.

    Long containers and texts are shortened. An argument by position is `args[0]`; one by keyword
    has its own name, unless a variable of that name is set, too.

    Example:
        >>> from kohakuengine import Config
        >>> shown_params(Config({"lr": 0.1}, args=["data"], kwargs={"lr": 1}))
        {'lr': 0.1, 'args[0]': 'data', 'kwargs.lr': 1}
    """
    named = dict(config.globals_dict)
    named.update({f"args[{n}]": value for n, value in enumerate(config.args)})
    for name, value in config.kwargs.items():
        named[f"kwargs.{name}" if name in named else name] = value
    return {name: _shown(value) for name, value in named.items()}


def _shown(value: object) -> object:
    if isinstance(value, int) and type(value) is int and value.bit_length() > 63:
        return str(value) if value.bit_length() < 10_000 else short_repr(value, 60)
    if isinstance(value, (bool, int, float)) or value is None:
        return jsonable(value)
    if type(value).__module__ == "numpy" and (number := _plain_number(value)) is not None:
        return jsonable(number)
    if isinstance(value, EnumMember):
        return value.name
    if type(value).__module__.partition(".")[0] == "pathlib":
        value = str(value)
    if isinstance(value, str) and type(value) is str:
        return value if len(value) <= 1_000 else value[:1_000] + "…"
    if isinstance(value, (list, tuple, dict)) and len(value) <= 20:
        return jsonable(value, 3)
    return short_repr(value, 100)


def label(params: dict[str, object], mark: str = "", width: int = 40) -> str:
    """Parameters in one line: `lr=0.1 bs=32`, cut in the middle to a number of characters.

    Args:
        params: As `shown_params` gives them.
        mark: A few characters that tell apart what looks alike when it is cut.
        width: How many characters there may be.

    Example:
        >>> label({"lr": 0.1, "optimizer": "adam"}, mark="3f2a9c")
        'lr=0.1 optimizer=adam'
        >>> label({"data": "/very/long/path/to/all/of/the/data/of/fold3.csv"}, mark="3f2a9c")
        'data=/very/long/path/…/fold3.csv #3f2a9c'
    """
    text = " ".join(f"{name}={value}" for name, value in params.items())
    text = " ".join(text.split())  # one line
    if len(text) <= width:
        return text
    end = f"…{text[-_TAIL:]} #{mark}" if mark else f"…{text[-_TAIL:]}"
    return text[: width - len(end)] + end
