"""`bifrost completion`."""

from __future__ import annotations

import click

from bifrost_cli.command import BifrostCommand
from bifrost_cli.session import Session
from bifrost_core.errors import InvalidRequest

__all__ = ["completion"]

_PROGRAM = "bifrost"


@click.command(
    cls=BifrostCommand,
    examples=[
        'eval "$(bifrost completion bash)"           # in ~/.bashrc',
        'eval "$(bifrost completion zsh)"            # in ~/.zshrc',
        "bifrost completion fish > ~/.config/fish/completions/bifrost.fish",
    ],
)
@click.argument("shell", metavar="bash|zsh|fish|powershell")
@click.pass_obj
def completion(session: Session, shell: str) -> None:
    """Print the script that completes commands in your shell."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise InvalidRequest(f"There is no completion for “{shell}” here.", hint="There is for bash, zsh and fish.")
    from bifrost_cli.main import COMPLETION_VARIABLE, main

    made = found(main, {}, _PROGRAM, COMPLETION_VARIABLE)
    # Not made.source(): that would start bash only to ask for its version.
    script = found.source_template % made.source_vars()
    output = session.output
    output.answer({"shell": shell, "script": script}, lambda: output.line(script.strip("\n")))
