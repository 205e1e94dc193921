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
            file) _files ;;
            dir) _files -/ ;;
            plain)
                if [[ $value == *= ]]; then
                    open_values+=("$value:$help")
                else
                    values+=("$value:$help")
                fi
                ;;
        esac
    done
    # Values that end with = are to be followed by more, so by no space.
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
                __fish_complete_path $parts[2]
            case dir
                __fish_complete_directories $parts[2]
            case plain
                echo $parts[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


@add_completion_class
class Bash(BashComplete):
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(os.environ["COMP_WORDS"])
        current = int(os.environ["COMP_CWORD"])
        # As bash splits `--set lr=0.1`: --set, lr, =, 0.1. What it replaces is the last part only.
        whole, self._before = _joined([*words[:current], *(words[current : current + 1] or [""])])
        return whole[1:-1], whole[-1]

    def format_completion(self, item: CompletionItem[str]) -> str:
        value = item.value.removeprefix(self._before)
        return f"{item.type},{shlex.quote(value) if item.type == 'plain' else value}"


def _joined(parts: list[str]) -> tuple[list[str], str]:
    """Words put together from the parts bash made of them, and what of the last precedes its part."""
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


@add_completion_class
class Zsh(ZshComplete):
    source_template = _ZSH

    def format_completion(self, item: CompletionItem[str]) -> str:
        # Three lines for each; the script joins value and help by a colon.
        help = " ".join((item.help or "").split())
        value = item.value.replace("\\", "\\\\").replace(":", "\\:")
        return f"{item.type}\n{value}\n{help}"


@add_completion_class
class Fish(FishComplete):
    source_template = _FISH

    def format_completion(self, item: CompletionItem[str]) -> str:
        help = " ".join((item.help or "").split())
        return f"{item.type},{item.value}" + (f"\t{help}" if help else "")


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}
