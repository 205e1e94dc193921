"""The state of a form as a config file, as Python code, and as the words of a command."""

from __future__ import annotations

import os
import shlex
from keyword import iskeyword

from ...errors import ConfigError, KogineError
from .form_state import base_of, configs_of
from .settings import Drawn, Listed, Span, Steps
from .value_code import Code, literal, same, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...engine.parameters import Parameter
    from ...engine.script import Script
    from .form_state import FormState
    from .launch_choices import LaunchChoices
    from .settings import Setting

_WIDTH = 100
_NOT_CAPTURED = ("config_gen", "CONFIG", "TYPE_CHECKING")  # what they mean in a config file


# ---- Python ----


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


def yaml_text(state: FormState) -> str:
    """The text of a config file in YAML that comes to the same runs, and to the same state.

    Raises:
        ConfigError: YAML can't hold a value, which is named.
    """
    from ...config.base import Config
    from ...config.printing import to_text

    configs_of(state)
    base = base_of(state)
    text = to_text(base, "yaml") if base != Config() else ""
    if state.swept:
        text += "_" + to_text(Config({"sweep": _sweep_tree(state)}), "yaml")
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
        name: list(s.values) if isinstance(s, Listed) else _setting_code(name, s, code)
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
        named = {name: _setting_code(name, settings[name], code, axes) for name in piece}
        arguments = _arguments(named)
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
    flat = f"{function}({', '.join(parts)})"
    if len(flat) + 9 <= _WIDTH:
        return flat
    lines = "".join(f"    {part},\n" for part in parts)
    return f"{function}(\n{lines})"


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


def _arguments(named: dict[str, str]) -> str:
    if all(map(_is_variable, named)):
        return ", ".join(f"{name}={value}" for name, value in named.items())
    return f"{{{', '.join(f'{name!r}: {value}' for name, value in named.items())}}}"


def _is_variable(name: str) -> bool:
    from unicodedata import normalize

    return name.isidentifier() and not iskeyword(name) and normalize("NFKC", name) == name


def _setting_code(name: str, setting: Setting, code: Code, axes: str = "") -> str:
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


# ---- the command ----


class Words:
    """The words of a command that says what a state says.

    Args:
        state: The state.
        script: What is run; by its parameters texts are typed.
        braces: Whether values that no text stands for can be given as expressions in braces, as on
            the line of a magic.

    Raises:
        ConfigError: No command can say it.
    """

    def __init__(self, state: FormState, script: Script, braces: bool) -> None:
        from ...cli.configs import known_of

        configs_of(state)
        if state.args or state.kwargs or state.metadata:
            raise ConfigError(
                "a command can't give arguments of the entrypoint, or metadata: save it as a "
                "config file, and name that by --config."
            )
        self._script = script
        self._braces = braces
        names = [*state.fixed, *(name for name, _ in state.swept)]
        self._known = {p.name: p for p in known_of(script, names)}
        self.words: list[str | Braced] = []
        for name, value in state.fixed.items():
            self.words += ["--set", self._assigned(name, value)]
        self._sweep(state)

    def _parameter(self, name: str) -> Parameter | None:
        return self._known.get(name)

    def _assigned(self, name: str, value: Any) -> str | Braced:
        text = text_of(name, value, self._parameter(name))
        if text is not None:
            return f"{name}={text}"
        return self._braced(name, value)

    def _braced(self, name: str, value: Any) -> Braced:
        code = literal(value) if self._braces else None
        if code is None:
            raise ConfigError(
                f"{name}: no text on a command line stands for that value; save it as a config "
                "file, and name that by --config.",
                key=name,
            )
        return Braced(f"{name}=", code)

    def _sweep(self, state: FormState) -> None:
        settings = state.settings
        paired = self._tie_by_option(state)
        for piece in state.pieces:
            if len(piece) > 1 and piece != paired:
                self.words += ["--sweep", f"zip({self._literals(piece, settings)})"]
                continue
            for name in piece:
                self.words += ["--sweep", self._axis(name, settings[name], len(piece) == 1)]
        if paired:
            self.words.append(f"--zip={','.join(paired)}")
        for condition in state.excluded:
            self.words += ["--exclude", condition]
        if state.sample is not None:
            self.words += ["--sample", str(state.sample[0])]
            self.words += ["--seed", str(state.sample[1])] if state.sample[1] else []
        if state.repeat != 1:
            self.words += ["--repeat", str(state.repeat)]

    def _tie_by_option(self, state: FormState) -> tuple[str, ...]:
        """What is tied by `--zip`, which there can be once: what can't be tied in another way."""
        settings = state.settings
        hard = [tie for tie in state.ties if not self._is_literal(tie, settings)]
        if len(hard) > 1:
            raise ConfigError(
                "a command can't tie so many parameters with values that aren't literals: save it "
                "as a config file, and name that by --config."
            )
        easy = [tie for tie in state.ties if self._has_words(tie, settings)]
        return (hard or easy or [()])[0]

    def _has_words(self, names: tuple[str, ...], settings: dict[str, Setting]) -> bool:
        try:
            return all(self._axis(name, settings[name], alone=False) for name in names)
        except ConfigError:
            return False

    def _is_literal(self, names: tuple[str, ...], settings: dict[str, Setting]) -> bool:
        try:
            self._literals(names, settings)
        except ConfigError:
            return False
        return True

    def _literals(self, names: tuple[str, ...], settings: dict[str, Setting]) -> str:
        code = Code()
        named = {name: _setting_code(name, settings[name], code) for name in names}
        for name, text in named.items():
            values = settings[name]
            if isinstance(values, Listed) and literal(list(values.values)) is None:
                raise ConfigError(f"{name}: its values aren't literals.", key=name)
            if code.imports() or "\0" in text:
                raise ConfigError(f"{name}: its values aren't literals.", key=name)
        return _arguments(named)

    def _axis(self, name: str, setting: Setting, alone: bool) -> str | Braced:
        if not isinstance(setting, Listed):
            try:
                return f"{name}={self._literals((name,), {name: setting}).partition('=')[2]}"
            except ConfigError:
                raise ConfigError(
                    f"{name}: a command can't draw from values that aren't literals; save it as a "
                    "config file, and name that by --config.",
                    key=name,
                ) from None
        for text in self._lists(name, setting):
            if self._is_read(f"{name}={text}", name, list(setting.values)):
                return f"{name}={text}"
        if alone and not self._braces and self._is_literal((name,), {name: setting}):
            return f"grid({self._literals((name,), {name: setting})})"
        return self._braced(name, list(setting.values))

    def _lists(self, name: str, setting: Listed) -> list[str]:
        """Texts that may stand for several values: as they are, and with their texts in quotes."""
        texts = [text_of(name, value, self._parameter(name)) for value in setting.values]
        if any(text is None for text in texts):
            return []
        plain = [str(text) for text in texts]
        quoted = [f"'{text}'" if "," in text else text for text in plain]
        return [",".join(plain), ",".join(quoted)]

    def _is_read(self, text: str, name: str, values: list[Any]) -> bool:
        """Whether the command makes these values of a text."""
        from ...cli.axes import parts_of

        try:
            found = parts_of([text], self._script).get(name)
        except KogineError:
            return False
        return isinstance(found, list) and same(found, values)


class Braced:
    """A word that ends with a literal in braces."""

    def __init__(self, before: str, code: str) -> None:
        self.before = before
        self.code = code


def line_text(
    state: FormState, script: Script, choices: LaunchChoices, cell: str | None = None
) -> str:
    """The magic that runs the same; of a cell, with the cell below it.

    Raises:
        ConfigError: No command can say it.
    """
    words: list[str | Braced] = ["%kogine" if cell is None else "%%kogine", "run"]
    words += _target(script) if cell is None else _entry(script)
    if script.given:
        words += ["--with", ",".join(script.given)]
    words += [*Words(state, script, braces=True).words, *choices.words(magic=True)]
    words += ["--", *script.argv] if script.argv else []
    line = " ".join(_magic_word(word) for word in words)
    return line if cell is None else f"{line}\n{cell.lstrip(chr(10))}"


def shell_text(state: FormState, script: Script, choices: LaunchChoices) -> str:
    """The command of a shell that runs the same.

    Raises:
        ConfigError: No command can say it; or the script is a cell, which is no file.
    """
    refuse_given(script)
    if script.module is None and script.found_in is not None:
        raise ConfigError(
            "a shell can't run a cell: write it to a file (%%writefile train.py), and launch that."
        )
    words: list[Any] = ["kogine", "run", *_target(script)]
    words += [*Words(state, script, braces=False).words, *choices.words(magic=False)]
    words += ["--", *script.argv] if script.argv else []
    return " ".join(shlex.quote(str(word)) for word in words)


def _target(script: Script) -> list[str]:
    name = script.name
    if script.module is None and not os.path.isabs(name) and name.startswith("-"):
        name = os.path.join(".", name)
    return [name, *_entry(script)]


def _entry(script: Script) -> list[str]:
    return ["--entrypoint", script.entrypoint] if script.entrypoint else []


def _magic_word(word: str | Braced) -> str:
    r"""A word as the line of a magic holds it: quotes and braces are meant as text.

    Example:
        >>> _magic_word("a b"), _magic_word("{x}")
        ('"a b"', '"\\{x\\}"')
    """
    if isinstance(word, Braced):
        return f"{word.before}{{{word.code}}}"
    if "\n" in word or "\r" in word:
        raise ConfigError(
            "a magic's line can't hold a text of several lines; use Python or a file."
        )
    if word and not set(word) & set(" \t\f\v\\\"'{}$") and word.isprintable():
        return word
    escaped = "".join(f"\\{c}" if c in '\\"{}' else c for c in word)
    return f'"{escaped}"'
