"""Values as text files say them, where they are read as the script wants its values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from ...config.members import EnumMember
from ...config.said import as_said
from ...engine.expectations import expectations_of
from ...errors import ScriptError
from .settings import Listed
from .value_code import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ...config.annotations import Expected
    from ...engine.script import Script
    from .form_state import FormState


def in_text(state: FormState, script: Script) -> FormState:
    """A state in which paths, members of Enums, tuples and sets are what a text file has for them.

    Values stay what they are where the script wouldn't have them back just so.
    """
    try:
        wanted = expectations_of(script).wanted
    except ScriptError:
        return state
    fixed = {name: _said(name, value, wanted) for name, value in state.fixed.items()}
    swept = tuple(
        (
            (name, Listed(tuple(_said(name, value, wanted) for value in setting.values)))
            if isinstance(setting, Listed)
            else (name, setting)
        )
        for name, setting in state.swept
    )
    return replace(state, fixed=fixed, swept=swept)


def _said(name: str, value: Any, wanted: Callable[[str], Expected | None]) -> Any:
    text = _plain(value)
    if same(text, value):
        return value
    expected = None if "." in name else wanted(name)
    return text if expected is not None and same(as_said(text, expected), value) else value


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
