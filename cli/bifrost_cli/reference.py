"""Writes the reference pages of the documentation from the commands and errors themselves.

``python -m bifrost_cli.reference commands > docs/cli.md`` and ``python -m bifrost_cli.reference errors >
docs/errors.md``; a test compares them with what is stored.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import click

from bifrost_cli.command import BifrostCommand, BifrostGroup, CommonOption, LazyGroup
from bifrost_cli.exits import EXIT_CODES, MEANINGS, USAGE
from bifrost_cli.main import PROGRAM, main
from bifrost_core.errors import BifrostError, all_errors

__all__ = ["PAGES", "commands_page", "errors_page"]

_COMMANDS_INTRODUCTION = """\
# The command line

<!-- Made by `python -m bifrost_cli.reference commands`; a test checks that it is up to date. -->

`bifrost COMMAND --help` shows the same in the terminal.

## Where the library is

Every command works on one library: the one that `--library` names, else the one in `BIFROST_AMS_LIBRARY`, else the one
in the settings file (`library = "..."`), else your own one in the user's data folder. `bifrost init` creates it.

## References

| written | names |
|---|---|
| `DEMO` | a project |
| `DEMO/assets/chair` | an asset |
| `DEMO/shots/sq010/sh020`, `DEMO/shots/ep01/sq010/sh020` | a shot |
| `DEMO/assets/chair/model` | a product; where a version is meant, its latest |
| `DEMO/assets/chair/model@v003`, `@latest`, `@approved` | a version |
| `DEMO/assets/chair/model@v003:usd` | one representation of a version |
| `bifrost://DEMO/assets/chair/model?version=v003&representation=usd` | the same, for scenes and other programs |

## What is printed

* On a terminal: tables with colours (`NO_COLOR=1` without), and a progress bar for what takes long.
* Into a file or a pipe: the same columns, aligned, in full width. Names never contain spaces; comments come last.
* Answers go to stdout; notes, warnings and errors to stderr.
* With `--json`: one JSON document on stdout, and an error on stderr as
  `{"error": {"code", "message", "hint", "details"}}`. Lists are `{"items": [...], "next_cursor": ...}`, except
  `versions`, which is a plain list, and `events`, which has `next_after` in place of `next_cursor`. `search` answers
  one page: pass `next_cursor` back with `--cursor`; all other lists are whole and their `next_cursor` is null.
  `events --follow --json` writes one document per event, each on a line of its own.
* The exit code is 0 when it is done; see [errors and exit codes](errors.md).

## Common options

Every command takes these, before its name and after it.

"""

_ERRORS_INTRODUCTION = """\
# Errors and exit codes

<!-- Made by `python -m bifrost_cli.reference errors`; a test checks that it is up to date. -->

Every error has a stable code, a message that says what happened, and a hint that says what to do. With `--json` the
command line writes it to stderr:

```json
{"error": {"code": "not_found", "message": "...", "hint": "...", "details": {}}}
```

## Exit codes

"""


def commands_page() -> str:
    """Return the page of all commands."""
    lines = [_COMMANDS_INTRODUCTION.rstrip("\n"), ""]
    lines += _options([param for param in main.params if isinstance(param, CommonOption)])
    context = click.Context(main, info_name=PROGRAM)
    for title, commands in main.sections.items():
        lines += [f"## {title}", ""]
        for name in commands:
            command = main.get_command(context, name)
            if isinstance(command, (BifrostCommand, BifrostGroup)):
                lines += _command(command, context, name, 3)
    return "\n".join(lines).rstrip("\n") + "\n"


def errors_page() -> str:
    """Return the page of all errors and exit codes."""
    lines = [_ERRORS_INTRODUCTION.rstrip("\n"), "", "| exit code | means |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    lines += [
        "",
        "## Errors",
        "",
        "“Again” says that the same call may succeed later without a change. Where nothing",
        "stands under “what to do”, the hint depends on the case.",
        "",
    ]
    lines += ["| code | exit code | again | what happened | what to do |", "|---|---|---|---|---|"]
    lines += [f"| `usage` | {USAGE} | no | {MEANINGS[USAGE]} | See `bifrost COMMAND --help`. |"]
    for error in all_errors():
        if error.__module__ != BifrostError.__module__:
            continue  # somebody else's, below ours
        said = " ".join((inspect.getdoc(error) or "").split("\n\n")[0].split())
        again = "yes" if error.retryable else "no"
        lines.append(f"| `{error.code}` | {EXIT_CODES[error.code]} | {again} | {said} | {error.default_hint} |")
    return "\n".join(lines) + "\n"


PAGES = {"commands": commands_page, "errors": errors_page}


def _command(command: BifrostCommand | BifrostGroup, parent: click.Context, name: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield from (f"{'#' * level} {context.command_path}", "")
    if not isinstance(command, BifrostGroup):
        yield from ("```", " ".join([context.command_path, *command.collect_usage_pieces(context)]), "```", "")
    yield from (inspect.cleandoc(command.help or ""), "")
    yield from _options(command.own_options())
    if command.examples:
        yield from ("```console", *(f"$ {example}" for example in command.examples), "```", "")
    if isinstance(command, BifrostGroup) and not isinstance(command, LazyGroup):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if isinstance(found, BifrostCommand):
                yield from _command(found, context, child, level + 1)


def _options(options: list[click.Option] | list[CommonOption]) -> Iterator[str]:
    if not options:
        return
    yield from ("| option | |", "|---|---|")
    for option in options:
        names = ", ".join([*option.opts, *option.secondary_opts])
        value = "" if option.is_flag or not option.metavar else f" {option.metavar}"
        yield f"| `{names}{value}` | {option.help} |".replace("URL|PATH", "URL\\|PATH")
    yield ""


if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1] if len(sys.argv) > 1 else "commands"]())
