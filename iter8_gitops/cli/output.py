"""Tables and JSON on standard output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table


def print_json(value: Any) -> None:
    """Indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def local_time(written: str) -> str:
    """A time of the API (RFC 3339) as it is here, to the second."""
    return datetime.fromisoformat(written).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns with headings; on a terminal the last one is folded to fit, on a pipe every row is one line."""
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
        for column in table.columns[:-1]:
            column.no_wrap = True
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
