"""An explanation as data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optuna_metabo.explanation.names import WITHOUT

if TYPE_CHECKING:
    import pandas as pd

    from optuna_metabo.explanation.parts import Explanation


def sources_frame(explanation: Explanation) -> pd.DataFrame:
    """One row a source."""
    import pandas as pd

    first = explanation.trials[0].weights if explanation.trials else ()
    rows = []
    for i, source in enumerate(explanation.sources):
        low, high = source.agreement_interval
        rows.append(
            {
                "name": source.name,
                "weight": source.weight,
                "weight_at_first": first[i] if i < len(first) else float("nan"),
                "likeness": source.likeness,
                "agreement": source.agreement,
                "tau": source.rank_agreement,
                "tau_low": low,
                "tau_high": high,
                "n_trials": source.n_trials,
                "n_finished": source.n_finished,
                "shared": ", ".join(source.shared),
                "missing": ", ".join(source.missing),
                "extra": ", ".join(source.extra),
                "left_out": source.reason,
            }
        )
    return pd.DataFrame(rows)


def trials_frame(explanation: Explanation) -> pd.DataFrame:
    """One row a trial; predictions and values of the first objective."""
    import pandas as pd

    rows = []
    for trial in explanation.trials:
        one = trial.prediction
        row = {"trial": trial.number, "origin": str(trial.origin), "n_told": trial.n_told}
        row |= {"value": trial.values[0] if trial.values else float("nan")}
        ends = (one.mean, one.low, one.high) if one else ([float("nan")],) * 3
        row |= dict(zip(("predicted", "low", "high"), (float(e[0]) for e in ends), strict=True))
        row |= {
            f"weight of {source.name}": weight
            for source, weight in zip(explanation.sources, trial.weights, strict=False)
        }
        rows.append({**row, WITHOUT.strip("()"): trial.weight_without_sources})
    return pd.DataFrame(rows)
