"""The demonstration's report: one HTML file that needs no network."""

from __future__ import annotations

from pathlib import Path

import jinja2

from optuna_metabo.demo.run import Plan, Result, table
from optuna_metabo.visualization import plot_best_values, plot_explanation

_CONFIG = {"displayModeBar": False}


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
    page = _template().render(
        past=n_past,
        past_trials=plan.past_trials,
        seeds=plan.seeds,
        trials=plan.trials,
        curves=curves.to_html(full_html=False, include_plotlyjs=True, config=_CONFIG),
        table=table(result),
        weights=weights.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG),
        explanation=str(result.explanation),
    )
    path.write_text(page, encoding="utf-8")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.jinja")
