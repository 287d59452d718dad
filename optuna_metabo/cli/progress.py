"""How far a command is, on stderr: a bar on a terminal, elsewhere a line at each new stage."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from optuna_metabo.cli.options import is_quiet, say


class Step(Protocol):
    """Called before each step."""

    def __call__(self, stage: str) -> None:
        """``stage`` says of what it is a step."""


@contextmanager
def progress(total: int, unit: str) -> Iterator[Step]:
    """Tells how many of ``total`` steps are done, and the time that is left; quiet with ``-q``."""
    if is_quiet():
        yield lambda stage: None
    elif sys.stderr.isatty():
        with click.progressbar(
            length=total, file=sys.stderr, show_pos=True, item_show_func=lambda stage: stage
        ) as bar:
            yield lambda stage: bar.update(1, stage)
    else:
        yield _Lines(total, unit)


class _Lines:
    """A line where a stage begins."""

    def __init__(self, total: int, unit: str) -> None:
        self._total, self._unit = total, unit
        self._begun, self._stage, self._start = 0, "", time.monotonic()

    def __call__(self, stage: str) -> None:
        if stage != self._stage:
            say(f"{self._begun}/{self._total} {self._unit}{self._left()}: {stage}")
        self._stage, self._begun = stage, self._begun + 1

    def _left(self) -> str:
        """The time that is left if the other steps take as long as those so far."""
        if not self._begun:
            return ""
        elapsed = time.monotonic() - self._start
        seconds = round(elapsed * (self._total - self._begun) / self._begun)
        return f", {seconds // 60}:{seconds % 60:02d} left"
