"""The state of a form as the words of a command: a shell's, or the line of a magic."""

from __future__ import annotations

import os
import shlex

from ...errors import ConfigError, KogineError
from .form_code import arguments_of, refuse_given, setting_code
from .form_state import configs_of
from .settings import Drawn, Listed
from .value_code import Code, literal, same, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...engine.parameters import Parameter
    from ...engine.script import Script
    from .form_state import FormState
    from .launch_choices import LaunchChoices
    from .settings import Setting


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
        named = {name: setting_code(name, settings[name], code) for name in names}
        for name, text in named.items():
            if literal(_values_in(settings[name])) is None:
                raise ConfigError(f"{name}: its values aren't literals.", key=name)
            if code.imports() or "\0" in text:
                raise ConfigError(f"{name}: its values aren't literals.", key=name)
        return arguments_of(named)

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


def _values_in(setting: Setting) -> list[Any]:
    """The values that a setting names one by one."""
    if isinstance(setting, Listed):
        return list(setting.values)
    if isinstance(setting, Drawn) and setting.distribution == "choice":
        return list(setting.arguments[0])
    return []


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
