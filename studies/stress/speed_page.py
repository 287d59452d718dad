"""The page of :mod:`studies.stress.speed`: its tables, and how cost grows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from studies.markdown import rounded, to_markdown

COMMAND = "python -m studies.stress.speed --out docs/performance.md"
INTRODUCTION = """# Performance

Made by `{command}`, on {machine}.
Times are those of the processor, with one thread; a cell holds the median and the 95 % of the
asks. Past studies have {past_trials} trials each, spaces are continuous.
"""
RUNS = """## In a study that the sampler runs itself

Milliseconds of an ask after 50 trials of its own, 7 parameters; each sampler with the threads that
it takes if it is let. Where a sampler has been, its values are alike, and what it fits and climbs
is harder than with random trials.
"""
GROWTH = """## How cost grows

- **Past studies.** What all of them say of the trials so far is guessed by one matrix product. 24
  of them are worked out, 12 of more than 48, and 48 before the first value. Which 12 is found
  together with the hyperparameters, and they are learned anew: a tenth of a second more in the
  slow asks and in those after the first nine values. Learning is linear, a few studies at a time,
  and keeps no covariance.
- **Trials of a past study.** 128 of them count.
- **Trials of the new study.** Up to 300 are modelled, from then on the best and an even spread of
  the others; cost grows with their square. The rest is reading and encoding, a few µs a trial.
- **Its hyperparameters** are fitted to its first 10, 12, 15, 18, ... trials, of many to 128, and
  other asks fit nothing. Asks that do are the slow ones.
- **Parameters.** Linear in the columns, and the ascent looks at as many points; 128 axes climb at
  once.

No ask depends on what the process did before: hyperparameters follow from the trials alone, and
what is remembered is work saved.
"""


@dataclass(frozen=True)
class Measured:
    """What the page shows.

    Args:
        asks: Rows of sampler, parameters, trials, median and 95 % in milliseconds.
        runs: For each sampler the milliseconds of its asks in a study that it runs itself.
        fits: For each number of past studies what learning takes.
        imports: For each statement its milliseconds, and their ratio to Optuna's.
    """

    asks: pd.DataFrame
    runs: pd.DataFrame
    fits: pd.DataFrame
    imports: pd.DataFrame


def page(measured: Measured, past_trials: int, machine: str) -> str:
    """The Markdown text.

    Args:
        measured: The tables.
        past_trials: Of each past study.
        machine: Where all was measured.
    """
    parts = [INTRODUCTION.format(command=COMMAND, machine=machine, past_trials=past_trials)]
    for d, some in measured.asks.groupby("parameters"):
        parts += [f"## Milliseconds of an ask, {d} parameters\n", to_markdown(ask_table(some)), ""]
    parts += ["In ratios of medians:\n", *ratios(measured.asks), "", RUNS]
    parts += [to_markdown(rounded(measured.runs, 1)), "", *run_ratios(measured.runs), GROWTH]
    parts += ["## Learning from past studies, in memory\n", to_markdown(rounded(measured.fits, 2))]
    parts += ["", "## Importing\n", to_markdown(rounded(measured.imports, 2)), ""]
    return "\n".join(parts)


def run_ratios(runs: pd.DataFrame) -> list[str]:
    """How much longer GPSampler takes than with 100 past studies, if both were measured."""
    own, other = "MetaGPSampler, 100 studies", "GPSampler"
    if own not in runs.index or other not in runs.index:
        return []
    ratio = runs.loc[other] / runs.loc[own]
    by = f"{ratio['clock, median']:.1f} by the clock, {ratio['processor']:.1f} by the processor"
    return [f"GPSampler to 100 past studies: {by}.\n"]


def ask_table(asks: pd.DataFrame) -> pd.DataFrame:
    """A row for each sampler, a column for each number of trials."""
    cells = asks["median"].map("{:.0f}".format) + " / " + asks["95 %"].map("{:.0f}".format)
    table = asks.assign(cell=cells).pivot(index="sampler", columns="trials", values="cell")
    table.columns = [f"{n} trials" for n in table.columns]
    return table.reindex(asks["sampler"].unique()).fillna("")


def ratios(asks: pd.DataFrame) -> list[str]:
    """How the medians grow, a line each; what was not measured is left out."""
    medians = asks.set_index(["parameters", "sampler", "trials"])["median"]
    lines = []
    for d in asks["parameters"].unique():
        own = "MetaGPSampler, {} studies".format
        pairs = [
            ("1000 past studies to 10, at 50 trials", (own(1000), 50), (own(10), 50)),
            ("1000 trials to 50, 10 past studies", (own(10), 1000), (own(10), 50)),
            ("GPSampler to 100 past studies, at 50 trials", ("GPSampler", 50), (own(100), 50)),
        ]
        for text, above, below in pairs:
            keys = (d, *above), (d, *below)
            if all(key in medians.index for key in keys):
                lines.append(
                    f"- {d} parameters, {text}: {medians[keys[0]] / medians[keys[1]]:.2f}"
                )
    return lines
