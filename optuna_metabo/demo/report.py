"""The demonstration's report: one HTML file that needs no network."""

from __future__ import annotations

import html
from pathlib import Path

from optuna_metabo.demo.run import Plan, Result, table
from optuna_metabo.visualization import plot_best_values, plot_explanation

_CONFIG = {"displayModeBar": False}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>optuna-metabo demo</title>
<style>
body {{ font-family: system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; color: #222; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
td, th {{ border-bottom: 1px solid #ccc; padding: .3rem .8rem; text-align: right; }}
td:first-child, th:first-child {{ text-align: left; }}
tr:nth-child(2) {{ font-weight: bold; }}
pre {{ background: #f5f5f5; padding: 1rem; overflow-x: auto; }}
</style>
</head>
<body>
<h1>Does a new study profit from past ones?</h1>
<p>{past} past studies of {past_trials} trials each, then a new, related task: {seeds} runs of
{trials} trials for each sampler. The value is the validation accuracy of a support vector machine
on scikit-learn's digits, the mean over the runs; bands show the standard error.</p>
{curves}
<h2>Best value so far</h2>
{table}
<h2>Which past studies were used</h2>
<p>After {trials} trials of the first run. The weight is the evidence that the new study's values
give to each past study; what is left is believed from the new study alone.</p>
{weights}
<pre>{explanation}</pre>
</body>
</html>
"""


def write_report(path: Path, result: Result, plan: Plan, n_past: int) -> None:
    """Writes the report to ``path``."""
    curves = plot_best_values(
        result.best, title="Best validation accuracy so far", value_name="Accuracy"
    )
    lowest = min(float(runs[:, 0].mean()) for runs in result.best.values())
    curves.update_layout(height=520)
    curves.update_yaxes(range=[max(0.0, lowest), 1.0])
    weights = plot_explanation(result.explanation)
    weights.update_layout(height=360)
    path.write_text(
        _PAGE.format(
            past=n_past,
            past_trials=plan.past_trials,
            seeds=plan.seeds,
            trials=plan.trials,
            curves=curves.to_html(full_html=False, include_plotlyjs=True, config=_CONFIG),
            table=_html_table(table(result)),
            weights=weights.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG),
            explanation=html.escape(str(result.explanation)),
        ),
        encoding="utf-8",
    )


def _html_table(rows: list[list[str]]) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows[1:]
    )
    return f"<table><tr>{head}</tr>{body}</table>"
