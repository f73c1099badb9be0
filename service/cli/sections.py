"""Groups of commands: listed by section, loaded when one is asked for, and the nearest name said for a wrong one."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click

Section = Mapping[str, tuple[str, str, str]]
"""Command name -> module that holds it, name in the module, line in the list of commands."""

WIDTH = 80


class Commands(click.Group):
    """Loads a command when it is asked for, lists commands by section, and says which name was nearly meant."""

    def __init__(
        self, *args: Any, sections: Mapping[str, Section], hidden: Section | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections
        self._listed = {name: command for commands in sections.values() for name, command in commands.items()}
        self._all = self._listed | dict(hidden or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(self._listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._all:
            return None
        module, name, _ = self._all[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], self._listed, n=1) if args else []
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(self._listed)}."
            raise click.UsageError(error.message + hint, ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if error.ctx is None or not error.message.startswith("Got unexpected extra argument"):
                raise
            raise click.UsageError(error.message + _options_of(error.ctx.command, error.ctx), error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        longest = max(map(len, self._listed))
        for title, commands in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(longest), line) for name, (_, _, line) in commands.items()])


def _options_of(command: click.Command, context: click.Context) -> str:
    """The options of a command that take a value, for a word that it does not take without one."""
    takes = [
        f"{each.opts[-1]} {each.make_metavar(context)}"
        for each in command.params
        if isinstance(each, click.Option) and not each.is_flag
    ]
    return f"; what it takes has a name: {', '.join(takes)}" if takes else ""
