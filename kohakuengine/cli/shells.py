"""How bash, zsh and fish ask for completions, where click's own ways don't do for KEY=VALUE.

Bash takes `=` and `:` for the end of a word, and a space behind `lr=` would be wrong in all three.
"""

from __future__ import annotations

import os
import shlex

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

_BREAKS = frozenset("=:")  # of readline's word breaks those that our arguments hold

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion kind value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    for completion in $response; do
        kind=${completion%%%%,*}
        value=${completion#*,}
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            plain)
                COMPREPLY+=("$value")
                if [[ $value == *= ]]; then compopt -o nospace; fi
                ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a response values open_values
    local kind value help
    (( $+commands[%(prog_name)s] )) || return 1
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \\
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")
    for kind value help in "${response[@]}"; do
        case $kind in
            file) compset -P 1 '--*='; _files ;;
            dir) compset -P 1 '--*='; _files -/ ;;
            plain)
                # A value that ends with = is to be followed by more, so by no space.
                if [[ $value == *= ]]; then
                    open_values+=("${value}${help:+:$help}")
                else
                    values+=("${value}${help:+:$help}")
                fi
                ;;
        esac
    done
    (( $#open_values )) && _describe -V parameters open_values -U -S ''
    (( $#values )) && _describe -V values values -U
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l response (env COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -ct) \\
        %(complete_var)s=fish_complete %(prog_name)s 2>/dev/null)
    for completion in $response
        set -l parts (string split -m 1 "," -- $completion)
        switch $parts[1]
            case file
                set -l option (string match -r -- '^--[^=]+=' (commandline -ct))
                string replace -r -- '^' "$option" (__fish_complete_path $parts[2])
            case dir
                __fish_complete_directories $parts[2]
            case plain
                echo $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


def option_of(word: str) -> str:
    """The `--set=` of a word like `--set=lr=0.1`, else an empty text."""
    option, equals, _ = word.partition("=")
    return option + equals if equals and option.startswith("--") else ""


class _Shell:
    """What all shells share: an item is completed with what precedes it in its word."""

    before = ""

    def split_option(self, args: list[str], word: str) -> tuple[list[str], str]:
        """Note the `--set=` of a word like `--set=lr=0.1`: click completes what follows it."""
        self.before = option_of(word)
        return args, word

    def whole_value(self, item: CompletionItem[str]) -> str:
        return self.before + item.value if item.type == "plain" else item.value

    def help_line(self, item: CompletionItem[str]) -> str:
        return " ".join((item.help or "").split())


class Bash(_Shell, BashComplete):
    source_template = _BASH
    _not_replaced = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(os.environ["COMP_WORDS"])
        current = int(os.environ["COMP_CWORD"])
        # As bash splits `--set lr=0.1`: --set, lr, =, 0.1. What it replaces is the last part only.
        parts = [*words[:current], *(words[current : current + 1] or [""])]
        joined, self._not_replaced = _joined(parts)
        return self.split_option(joined[1:-1], joined[-1])

    def format_completion(self, item: CompletionItem[str]) -> str:
        value = self.whole_value(item).removeprefix(self._not_replaced)
        return f"{item.type},{shlex.quote(value) if item.type == 'plain' else value}"


def _joined(parts: list[str]) -> tuple[list[str], str]:
    """Words put together from the parts that bash made of them.

    Returns:
        The words, and what stands in the last one before its last part.
    """
    words: list[str] = []
    before = ""
    is_open = False
    for part in parts:
        is_break = bool(part) and _BREAKS.issuperset(part)
        if words and part and (is_break or is_open):
            before = words[-1] + (part if is_break else "")
            words[-1] += part
        else:
            before = ""
            words.append(part)
        is_open = is_break
    return words, before


class Zsh(_Shell, ZshComplete):
    source_template = _ZSH

    def get_completion_args(self) -> tuple[list[str], str]:
        return self.split_option(*super().get_completion_args())

    def format_completion(self, item: CompletionItem[str]) -> str:
        # Three lines for each, of which the script joins the second and third by a colon.
        value = self.whole_value(item).replace("\\", "\\\\").replace(":", "\\:")
        return f"{item.type}\n{value}\n{self.help_line(item)}"


class Fish(_Shell, FishComplete):
    source_template = _FISH

    def get_completion_args(self) -> tuple[list[str], str]:
        return self.split_option(*super().get_completion_args())

    def format_completion(self, item: CompletionItem[str]) -> str:
        help = self.help_line(item)
        return f"{item.type},{self.whole_value(item)}" + (f"\t{help}" if help else "")


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}
for _shell in SHELLS.values():
    add_completion_class(_shell)
