"""An explanation as data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna_metabo.explanation.names import WITHOUT

if TYPE_CHECKING:
    import pandas as pd

    from optuna_metabo.explanation.parts import Explanation


_SOURCE = (
    "name",
    "weight",
    "weight_at_first",
    "likeness",
    "agreement",
    "tau",
    "tau_low",
    "tau_high",
    "n_trials",
    "n_finished",
    "shared",
    "missing",
    "extra",
    "left_out",
)
_TRIAL = ("trial", "origin", "n_told", "value", "predicted", "low", "high")


def sources_frame(explanation: Explanation) -> pd.DataFrame:
    """One row a source."""
    import pandas as pd

    first = explanation.trials[0].weights if explanation.trials else ()
    rows = []
    for i, source in enumerate(explanation.sources):
        rows.append(
            (
                source.name,
                source.weight,
                first[i] if i < len(first) else float("nan"),
                source.likeness,
                source.agreement,
                source.rank_agreement,
                *source.agreement_interval,
                source.n_trials,
                source.n_finished,
                *map(", ".join, (source.shared, source.missing, source.extra)),
                source.reason,
            )
        )
    return pd.DataFrame(rows, columns=_SOURCE)


def trials_frame(explanation: Explanation) -> pd.DataFrame:
    """One row a trial; predictions and values of the first objective."""
    import pandas as pd

    rows = []
    for trial in explanation.trials:
        one = trial.prediction
        ends = (one.mean, one.low, one.high) if one else ([float("nan")],) * 3
        rows.append(
            (
                trial.number,
                str(trial.origin),
                trial.n_told,
                trial.values[0] if trial.values else float("nan"),
                *(float(end[0]) for end in ends),
                *trial.weights,
                trial.weight_without_sources,
            )
        )
    n_used = len(explanation.trials[0].weights) if explanation.trials else 0
    weights = [f"weight of {source.name}" for source in explanation.sources[:n_used]]
    return pd.DataFrame(rows, columns=[*_TRIAL, *weights, WITHOUT.strip("()")])
