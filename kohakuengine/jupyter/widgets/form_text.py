"""Values as text files say them, where they are read as the script wants its values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from ...config import axes
from ...config.fit import short_repr
from ...config.members import EnumMember
from ...config.said import as_said
from ...engine.expectations import expectations_of
from ...errors import ConfigError, ScriptError
from .settings import Listed, values_of
from .value_code import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from typing import TypeAlias

    from ...config.annotations import Expected
    from ...engine.script import Script
    from .form_state import FormState
    from .settings import Setting

    Wanted: TypeAlias = Callable[[str], Expected | None]

_LOOKED_AT = 20  # numbers of a range or a draw


def in_text(state: FormState, script: Script) -> FormState:
    """A state in which paths, members of Enums, tuples and sets are what a text file has for them.

    Values stay what they are where the script wouldn't have them back just so.

    Raises:
        ConfigError: The script would read a value as another.
    """
    try:
        wanted = expectations_of(script).wanted
    except ScriptError:
        return state
    fixed = {name: _said(name, value, wanted) for name, value in state.fixed.items()}
    swept = tuple((name, _setting(name, setting, wanted)) for name, setting in state.swept)
    return replace(state, fixed=fixed, swept=swept)


def _setting(name: str, setting: Setting, wanted: Wanted) -> Setting:
    if isinstance(setting, Listed):
        return Listed(tuple(_said(name, value, wanted) for value in setting.values))
    for value in axes.axis(name, values_of(setting)).values[:_LOOKED_AT]:  # type: ignore[union-attr]
        _said(name, value, wanted)
    return setting


def _said(name: str, value: Any, wanted: Wanted) -> Any:
    expected = None if "." in name else wanted(name)
    if expected is None:
        return value
    if same(as_said(value, expected), value):
        text = _plain(value)
        return text if same(as_said(text, expected), value) else value
    raise ConfigError(
        f"{name} is {short_repr(value)}, which a file in YAML can't say: it would be read as "
        f"{short_repr(as_said(value, expected))}; write it in Python.",
        key=name,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, EnumMember):
        return value.name
    if isinstance(value, PurePath):
        return str(value)
    if type(value) in (list, tuple, set, frozenset):
        return [_plain(item) for item in value]
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value
