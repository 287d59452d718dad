"""The demonstration's report: one HTML file that needs no network."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import jinja2

from optuna_metabo.demo.run import Plan, Result, table
from optuna_metabo.demo.tasks import MISLEADING, PAST
from optuna_metabo.logs import counted
from optuna_metabo.visualization import plot_best_values, plot_explanation

_CONFIG = {"displayModeBar": False, "responsive": True}
_PACKAGES = ("optuna-metabo", "optuna", "numpy", "scipy", "scikit-learn")


def write_report(path: Path, result: Result, plan: Plan, command: str) -> None:
    """Writes the report to ``path``; ``command`` is what makes it again."""
    curves = plot_best_values(
        result.best, title="Best validation accuracy so far", value_name="Accuracy"
    )
    lowest = min(float(runs[:, 0].mean()) for runs in result.best.values())
    curves.update_layout(height=520)
    curves.update_yaxes(range=[max(0.0, lowest - 0.1), 1.0])
    weights = plot_explanation(result.explanation)
    weights.update_layout(height=360)
    page = _template().render(
        n_related=len(PAST),
        misleading=MISLEADING.name,
        plan=plan,
        counted=counted,
        curves=curves.to_html(full_html=False, include_plotlyjs=True, config=_CONFIG),
        table=table(result),
        skipped=result.skipped,
        weights=weights.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG),
        explanation=str(result.explanation),
        versions=versions(),
        command=command,
    )
    path.write_text(page, encoding="utf-8")


def versions() -> dict[str, str]:
    """Of Python and of what the figures depend on."""
    found = {name: version(name) for name in _PACKAGES}
    return {**found, "Python": platform.python_version()}


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.jinja")
