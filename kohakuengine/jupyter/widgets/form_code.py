"""The state of a form as a config file, or as Python code."""

from __future__ import annotations

from keyword import iskeyword

from ...config.printing import WIDTH, laid_out
from ...errors import ConfigError
from .form_state import base_of, configs_of
from .form_text import in_text
from .settings import Drawn, Listed, Span, Steps
from .value_code import Code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...engine.script import Script
    from .form_state import FormState
    from .launch_choices import LaunchChoices
    from .settings import Setting

_NOT_CAPTURED = ("config_gen", "CONFIG", "TYPE_CHECKING")  # what they mean in a config file


def config_text(state: FormState, script: str = "") -> str:
    """The text of a Python config file that comes to the same runs, and to the same state.

    Raises:
        ConfigError: A value is nothing that code makes, or a name none that such a file can have.
    """
    configs_of(state)  # what is wrong is told, not written
    for name in state.fixed:
        if name.startswith("_") or name in _NOT_CAPTURED or not _is_variable(name):
            raise ConfigError(f"{name} can't be a variable of a config file.", key=name)
    code = Code([*state.fixed, "_args", "_kwargs", "_metadata", "_sweep"])
    body = [f"{name} = {code.top(value, name)}" for name, value in state.fixed.items()]
    for field in ("args", "kwargs", "metadata"):
        value = getattr(state, field)
        if value:
            plain = list(value) if field == "args" else dict(value)
            body.append(f"_{field} = {code.of(plain, f'_{field}')}")
    space = space_code(state, code)
    if space:
        body.append(f"_sweep = {space}")
    head = f'"""What {script} is run with."""'.replace("\\", "\\\\") if _is_plain(script) else ""
    parts = [head, "\n".join(code.imports()), "\n".join(body)]
    return "\n\n".join(part for part in parts if part) + "\n"


def yaml_text(state: FormState, script: Script | None = None) -> str:
    """The text of a config file in YAML that comes to the same runs, and to the same state.

    Args:
        state: The state.
        script: For which it is: as it wants its values, what YAML can't say is read.

    Raises:
        ConfigError: YAML can't hold a value, which is named.
    """
    from ...config.base import Config
    from ...config.printing import to_text

    configs_of(state)
    if script is not None:
        state = in_text(state, script)
    base = base_of(state)
    text = to_text(base, "yaml") if base != Config() else ""
    if state.swept:
        try:
            text += "_" + to_text(Config({"sweep": _sweep_tree(state)}), "yaml")
        except ConfigError as error:  # of the variable `sweep`, which is `_sweep`
            raise ConfigError(f"_{error}", **vars(error)) from None
    return text or "{}\n"


def _sweep_tree(state: FormState) -> Any:
    """What `_sweep` holds in a format that has no functions."""
    settings = state.settings
    code = Code()
    pieces = state.pieces
    alone = [n for n, piece in enumerate(pieces) if len(piece) == 1]
    if any(len(piece) > 1 for piece in pieces[min(alone, default=len(pieces)) :]):
        raise ConfigError(
            "in YAML, what is tied comes first, which would change the order; use .py."
        )
    texts = {
        name: (
            list(s.values)
            if isinstance(s, Listed)
            else _readable(name, setting_code(name, s, code))
        )
        for name, s in settings.items()
    }
    tree: dict[str, Any] = {}
    if state.ties:
        tree["_zip"] = [{name: texts[name] for name in tie} for tie in state.ties]
    tree |= {piece[0]: texts[piece[0]] for piece in pieces if len(piece) == 1}
    if state.excluded:
        tree["_exclude"] = list(state.excluded)
    if state.sample is not None:
        tree["_sample"] = {"count": state.sample[0], "seed": state.sample[1]}
    if state.repeat != 1:
        tree["_repeat"] = state.repeat
    return tree


def _readable(name: str, text: str) -> str:
    """The text of an axis, as it is read again.

    Raises:
        ConfigError: It isn't: a draw from values that have no literal, such as inf.
    """
    from ...config import axes

    try:
        axes.as_space({name: text})
    except ConfigError:
        raise ConfigError(
            f"{name}: a file in YAML can't draw from values that aren't literals; use .py.",
            key=name,
        ) from None
    return text


def _is_plain(text: str) -> bool:
    return bool(text) and text.isprintable() and '"' not in text


def space_code(state: FormState, code: Code) -> str:
    """The code of what varies; empty where nothing does."""
    if not state.swept:
        return ""
    axes = code.name("kohakuengine", "axes")
    settings = state.settings
    parts = []
    for piece in state.pieces:
        named = {name: setting_code(name, settings[name], code, axes) for name in piece}
        arguments = arguments_of(named)
        if len(piece) > 1:
            parts.append(f"{axes}.zip({arguments})")
        else:
            parts.append(arguments)
    text = _call(f"{axes}.grid", _positional_first(parts))
    if state.excluded:
        text = f"{axes}.exclude({text}, {', '.join(map(repr, state.excluded))})"
    if state.sample is not None:
        text = f"{axes}.sample({text}, {state.sample[0]}, seed={state.sample[1]})"
    return text if state.repeat == 1 else f"{axes}.repeat({text}, {state.repeat})"


def _call(function: str, parts: list[str]) -> str:
    items = [part.replace("\n", "\n    ") for part in parts]
    return laid_out(f"{function}(", items, ")", 0, width=WIDTH - len("_sweep = "))


def _positional_first(parts: list[str]) -> list[str]:
    """Arguments by name that stand before one by position are given as a dict, in their order."""
    last = max((n for n, part in enumerate(parts) if _is_positional(part)), default=-1)
    return [
        part if n > last or _is_positional(part) else _as_dict(part) for n, part in enumerate(parts)
    ]


def _is_positional(part: str) -> bool:
    name, equals, _ = part.partition("=")
    return not equals or not name.isidentifier()


def _as_dict(part: str) -> str:
    name, _, value = part.partition("=")
    return f"{{{name!r}: {value}}}"


def arguments_of(named: dict[str, str]) -> str:
    if all(map(_is_variable, named)):
        return ", ".join(f"{name}={value}" for name, value in named.items())
    return f"{{{', '.join(f'{name!r}: {value}' for name, value in named.items())}}}"


def _is_variable(name: str) -> bool:
    from unicodedata import normalize

    return name.isidentifier() and not iskeyword(name) and normalize("NFKC", name) == name


def setting_code(name: str, setting: Setting, code: Code, axes: str = "") -> str:
    """The code of how a variable varies; as a text understands it, where `axes` isn't named."""
    prefix = f"{axes}." if axes else ""
    if isinstance(setting, Listed):
        return code.of(list(setting.values), name)
    if isinstance(setting, Span):
        whole = ", whole=True" if setting.whole else ""
        numbers = ", ".join(repr(n) for n in (setting.start, setting.stop, setting.num))
        return f"{prefix}{setting.kind}({numbers}{whole})"
    if isinstance(setting, Steps):
        return f"{prefix}range({setting.start!r}, {setting.stop!r}, {setting.step!r})"
    assert isinstance(setting, Drawn)
    if setting.distribution == "choice":
        arguments = [code.of(list(setting.arguments[0]), name)]
    else:
        arguments = [repr(number) for number in setting.arguments]
    arguments += [repr(setting.count), *([f"seed={setting.seed}"] if setting.seed else [])]
    return f"{prefix}{setting.distribution}({', '.join(arguments)})"


def python_text(state: FormState, script: Script, choices: LaunchChoices) -> str:
    """Python code that runs the same, as a cell or a script.

    Raises:
        ConfigError: A value is nothing that code makes; or the script is a cell with objects of the
            notebook's.
    """
    configs_of(state)
    refuse_given(script)
    code = Code(["runs"])
    target = _target_code(script, code)
    options = choices.keywords()
    base = base_of(state)
    fields = {"globals_dict": base.globals_dict, "args": base.args, "kwargs": base.kwargs}
    fields["metadata"] = base.metadata
    given = [f"{name}={code.of(value, name)}" for name, value in fields.items() if value]
    config = f"{code.name('kohakuengine', 'Config')}({', '.join(given)})" if given else ""
    if state.swept:
        parts = [target, space_code(state, code), *([f"config={config}"] if config else [])]
        called = code.name("kohakuengine", "sweep")
    else:
        called = code.name("kohakuengine", "Parallel")
        parts = [target, *([config] if config else [])]
        if "workers" in options:
            options["max_workers"] = options.pop("workers")
    parts += [f"{name}={code.of(value, name)}" for name, value in options.items()]
    if state.swept and choices.detached:
        parts.append("detach=True")
    call = _call(called, parts)
    if not state.swept:
        call += ".run(detach=True)" if choices.detached else ".run()"
    return "\n".join(code.imports()) + f"\n\nruns = {call}\n"


def _target_code(script: Script, code: Code) -> str:
    name = script.name + (f":{script.entrypoint}" if script.entrypoint else "")
    if not script.argv and script.found_in is None or script.module is not None and not script.argv:
        return repr(name)
    called = code.name("kohakuengine", "Script")
    argv = f", argv={list(script.argv)!r}" if script.argv else ""
    folder = f", folder={script.found_in!r}" if script.module is None and script.found_in else ""
    return f"{called}({name!r}{argv}{folder})"


def refuse_given(script: Script) -> None:
    """Refuse a cell that has objects of the notebook's.

    Raises:
        ConfigError: It has.
    """
    if script.given:
        names = ", ".join(script.given)
        raise ConfigError(f"the cell has {names} of this notebook, which only a magic can give it.")
