"""How far a command is, on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TextIO

import numpy as np
from numpy import ndarray as Array
from threadpoolctl import threadpool_limits
from tqdm import tqdm

_LINE = "{n_fmt}/{total_fmt} [{elapsed}<{remaining}]{postfix}"


def say(line: str, file: TextIO | None = None) -> None:
    """A line that stays, above the bar where there is one; on stdout by default."""
    file = file or sys.stdout
    tqdm.write(line, file=file)
    file.flush()


class Progress:
    """Counts steps, with the time gone by and the time that is left.

    Args:
        total: How many steps there are.
        done: How many of them were made before.
        hidden: Whether nothing is shown, as by all of several workers but one.
    """

    def __init__(self, total: int, *, done: int = 0, hidden: bool = False) -> None:
        self.total, self.n, self._done, self._hidden = total, done, done, hidden
        self._start = time.monotonic()
        self._bar: tqdm[Any] | None = None
        if sys.stderr.isatty() and not hidden:
            self._bar = tqdm(total=total, initial=done, file=sys.stderr, dynamic_ncols=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, note: str = "") -> None:
        """One more step is done; ``note`` says which."""
        self.reach(self.n + 1, note)

    def reach(self, n: int, note: str = "") -> None:
        """``n`` steps are done in all; several workers may make a few more than there are."""
        n = min(n, self.total)
        advance, self.n = n - self.n, n
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(advance)
        elif not self._hidden:
            say(self._line(note), file=sys.stderr)

    def _line(self, note: str) -> str:
        elapsed = time.monotonic() - self._start
        return tqdm.format_meter(
            self.n, self.total, elapsed, initial=self._done, bar_format=_LINE, postfix=note
        )


def over_seeds(
    cases: Mapping[tuple[str, str], Callable[[int], Array]], seeds: int
) -> dict[tuple[str, str], Array]:
    """The mean over seeds of what a run of each case gives, in one thread, told as it goes."""
    found = {}
    with threadpool_limits(1), Progress(len(cases) * seeds) as progress:
        for case, run in cases.items():
            runs = []
            for seed in range(seeds):
                runs.append(run(seed))
                progress.step(f"{', '.join(case)}, seed {seed}")
            found[case] = np.mean(runs, axis=0)
    return found
