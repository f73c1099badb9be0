"""How commands answer a machine: one option, one way to write JSON."""

from __future__ import annotations

from typing import Any

import click
import orjson

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def echo_json(value: Any) -> None:
    """Print a value as JSON of several lines; dates, enumerations and data classes as orjson writes them."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())
