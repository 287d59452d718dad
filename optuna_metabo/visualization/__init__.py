"""Plotly figures in the manner of ``optuna.visualization``.

They need ``pip install 'optuna-metabo[visualization]'``. Each takes a study, and the sampler that
knows its past studies unless the study has it. Lines differ in dashes and markers too, so that
they are told apart without colour.
"""

from __future__ import annotations

from optuna_metabo.visualization.agreement import plot_source_agreement
from optuna_metabo.visualization.histories import plot_best_values, plot_histories
from optuna_metabo.visualization.predictions import plot_predictions
from optuna_metabo.visualization.slices import plot_slices
from optuna_metabo.visualization.weights import plot_explanation, plot_source_weights

__all__ = [
    "plot_best_values",
    "plot_explanation",
    "plot_histories",
    "plot_predictions",
    "plot_slices",
    "plot_source_agreement",
    "plot_source_weights",
]
