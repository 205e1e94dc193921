"""kogine completion"""

from __future__ import annotations

import click

from .arguments import Choice
from .reply import say
from .shells import SHELLS


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print the script that teaches a SHELL to complete this command.

    \b
    bash:  eval "$(kogine completion bash)"     in ~/.bashrc
    zsh:   eval "$(kogine completion zsh)"      in ~/.zshrc, below compinit
    fish:  kogine completion fish | source      in ~/.config/fish/config.fish
    """
    from .app import COMPLETION, kogine

    say(SHELLS[shell](kogine, {}, "kogine", COMPLETION).source().rstrip("\n"))
