"""The kinds of commands: what each one's options, help page and loading have in common."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import click

from bifrost_cli.session import Session

__all__ = ["BifrostCommand", "BifrostGroup", "CommonOption", "LazyCommand", "LazyGroup"]


class CommonOption(click.Option):
    """An option that every command has, before the command's name and after it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, expose_value=False, callback=_remember, **kwargs)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if session is not None and param.name and value:
        setattr(session, param.name, value)


def _common_options() -> list[CommonOption]:
    return [
        CommonOption(
            ["--library", "chosen_library"],
            metavar="URL|PATH",
            help="The library to use; else BIFROST_AMS_LIBRARY, the settings, or your own one.",
        ),
        CommonOption(["--json"], is_flag=True, help="Answer with one JSON document."),
        CommonOption(["--quiet"], is_flag=True, help="Print answers only: no confirmations, notes or progress."),
        CommonOption(["--debug"], is_flag=True, help="Show the whole traceback of an error."),
    ]


class _HelpPage(click.Command):
    """A help page with the command's own options, the common ones, and examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        kwargs["context_settings"] = {"help_option_names": ["-h", "--help"], **(kwargs.get("context_settings") or {})}
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.params.extend(_common_options())

    def own_options(self) -> list[click.Option]:
        """Return the options that only this command has."""
        return [
            param for param in self.params if isinstance(param, click.Option) and not isinstance(param, CommonOption)
        ]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options: the command's own first."""
        own = self.own_options()
        others = [param for param in self.get_params(ctx) if isinstance(param, click.Option) and param not in own]
        for title, options in (("Options", own), ("Common options", others)):
            records = [record for record in (option.get_help_record(ctx) for option in options) if record]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the examples."""
        if self.examples:
            with formatter.section("Example" if len(self.examples) == 1 else "Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class BifrostCommand(_HelpPage):
    """A command."""


class BifrostGroup(_HelpPage, click.Group):
    """A noun with its commands; called alone, it shows its help."""

    command_class = BifrostCommand

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help when nothing was asked for."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[Optional[str], Optional[click.Command], list[str]]:
        """Find the command that was named, or say which one may have been meant."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            close = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            meant = f" Did you mean “{close[0]}”?" if close else ""
            ctx.fail(f"There is no command “{name}”.{meant}")
        return super().resolve_command(ctx, args)


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is and what it is for, known without loading it."""

    target: str
    help: str


class LazyGroup(BifrostGroup):
    """A group that loads a command's module when the command is called."""

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, LazyCommand]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        self._targets = {name: item for section in sections.values() for name, item in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return all names, in the order of the sections."""
        return list(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:  # noqa: ARG002 - click's signature
        """Load a command."""
        item = self._targets.get(cmd_name)
        if item is None:
            return None
        module, _, attribute = item.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{item.target} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the sections, without loading any command."""
        width = max(len(name) for name in self._targets)
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), item.help) for name, item in commands.items()])
