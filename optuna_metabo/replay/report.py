"""A replay as one HTML file that needs no network."""

from __future__ import annotations

from pathlib import Path

from optuna_metabo.logs import counted
from optuna_metabo.replay.figure import svg
from optuna_metabo.replay.summary import MARGIN, Replay
from optuna_metabo.replay.tables import area_table, summary_table, trials_table


def write_report(path: Path, replay: Replay) -> None:
    """Writes the report to ``path``."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("report.html.jinja").render(
        replay=replay,
        margin=MARGIN,
        counted=counted,
        figure=_inline(svg(replay)),
        tables={
            "All studies": summary_table(replay),
            "Trials to within 1 % of the owner's best": trials_table(replay),
            f"Mean regret of the first {counted(replay.area_trials, 'trial')}": area_table(replay),
        },
    )
    path.write_text(page, encoding="utf-8")


def _inline(svg: str) -> str:
    """Without what only a file of its own begins with."""
    return svg[svg.index("<svg") :]
