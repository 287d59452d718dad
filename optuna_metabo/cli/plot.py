"""``optuna-metabo plot``: what past studies say of one, as figures on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optuna_metabo.cli import options
from optuna_metabo.cli.files import check_free, replacing
from optuna_metabo.cli.options import require, say, set_log_level
from optuna_metabo.cli.past import Asked, looking, study_and_sampler

if TYPE_CHECKING:
    import optuna
    import plotly.graph_objects as go

    from optuna_metabo import MetaGPSampler

_KINDS = {
    "weights": "plot_source_weights",
    "agreement": "plot_source_agreement",
    "predictions": "plot_predictions",
    "slices": "plot_slices",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
{figures}
</body>
</html>
"""


@click.command()
@looking
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(list(_KINDS)),
    multiple=True,
    help="What to draw; may be repeated. Default: all.",
)
@options.out(help="The page, a file that ends in .html.")
@options.force
@options.verbosity
def command(asked: Asked, kinds: Sequence[str], out: Path, force: bool) -> None:
    """Draw how much past studies count, how they agree, and what is believed.

    The page needs no network and no server.
    """
    if out.suffix != ".html":
        raise click.UsageError(f"--out {out}: expected a name that ends in .html")
    require(["plotly"], "visualization")
    set_log_level()
    check_free(out, force=force)
    study, sampler = study_and_sampler(asked)
    figures = _all(study, sampler) if not kinds else [_draw(k)(study, sampler) for k in kinds]
    with replacing(out) as unfinished:
        unfinished.write_text(_page(asked.study_name, figures), encoding="utf-8")
    say(f"Figures: {out}")


def _all(study: optuna.Study, sampler: MetaGPSampler) -> list[go.Figure]:
    """Every figure for which there is something to draw; of the others it is said why not."""
    figures = []
    for kind in _KINDS:
        try:
            figures.append(_draw(kind)(study, sampler))
        except ValueError as error:
            say(f"No {kind}: {error}")
    return figures


def _draw(kind: str) -> Callable[[optuna.Study, MetaGPSampler], go.Figure]:
    from optuna_metabo import visualization

    return getattr(visualization, _KINDS[kind])


def _page(title: str, figures: Sequence[go.Figure]) -> str:
    parts = [
        figure.to_html(full_html=False, include_plotlyjs=not i, config={"responsive": True})
        for i, figure in enumerate(figures)
    ]
    return _PAGE.format(title=escape(title), figures="\n".join(parts))
