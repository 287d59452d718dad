"""Records on stdout, in the format asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import click

from optuna_metabo.layout import in_columns
from optuna_metabo.logs import one_line

Record = Mapping[str, Any]


def emit(records: Sequence[Record], output_format: str) -> None:
    """Prints records that have the same keys; they are the columns of a table.

    ``None`` and numbers that JSON does not know are ``null`` there, and empty in a table.
    """
    plain = [{name: _plain(value) for name, value in record.items()} for record in records]
    click.echo(_WRITERS[output_format](plain))


def emit_one(record: Record, output_format: str) -> None:
    """Prints one record: in a table and as values one line for each key."""
    plain = {name: _plain(value) for name, value in record.items()}
    if output_format in ("json", "yaml"):
        click.echo(_json(plain) if output_format == "json" else _yaml(plain))
    elif output_format == "value":
        click.echo("\n".join(_cell(value) for value in plain.values()))
    else:
        rows = [(name, _cell(value)) for name, value in plain.items()]
        click.echo(in_columns(rows, tablefmt="simple"))


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of which the first is the head and the first column text, the others numbers."""
    alignment = ["left", *["right"] * (len(rows[0]) - 1)]
    return in_columns(rows, colalign=alignment)


def _plain(value: Any) -> Any:
    """What JSON and YAML know: NumPy's scalars as Python's, infinities and NaN as ``None``."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _cell(value: Any) -> str:
    """A value in a table, on one line."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}={_cell(one)}" for name, one in value.items())
    return one_line(str(value))


def _table(records: Sequence[Record]) -> str:
    rows = [[_cell(value) for value in record.values()] for record in records]
    return in_columns(rows, tablefmt="simple", headers=list(records[0]) if records else ())


def _value(records: Sequence[Record]) -> str:
    return "\n".join("\t".join(map(_cell, record.values())) for record in records)


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def _yaml(plain: Any) -> str:
    import yaml

    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True).rstrip("\n")


_WRITERS = {"table": _table, "json": _json, "yaml": _yaml, "value": _value}
