"""What the sampler did, on the page of the study in optuna-dashboard.

Figures, a note in Markdown and user attributes; needs ``optuna-metabo[dashboard]``.
"""

from __future__ import annotations

import re
import threading

from optuna.study import Study
from optuna.trial import FrozenTrial

from optuna_metabo.explanation import Explanation
from optuna_metabo.explanation.names import WITHOUT
from optuna_metabo.logs import LOGGER
from optuna_metabo.sampler import MetaGPSampler
from optuna_metabo.visualization.agreement import draw_agreement
from optuna_metabo.visualization.predictions import draw_predictions
from optuna_metabo.visualization.style import sampler_of
from optuna_metabo.visualization.weights import draw_weights

_HEADING = "## What MetaGPSampler did"
# A definition that nothing refers to, so that the page shows nothing; HTML comments it shows.
_END = "[//]: # (end of what MetaGPSampler did)"
# From our heading to our end. What earlier releases wrote has none: to the next heading.
_SECTION = re.compile(
    rf"{re.escape(_HEADING)}\n(?:.*?\n{re.escape(_END)}\n?|.*?(?=\n#{{1,2}} |\Z))", re.DOTALL
)
_PREFIX = "metabo:"
# By the names that the page gives them; in pixels what a card of the page shows of one.
_FIGURES = {
    "metabo-source-weights": draw_weights,
    "metabo-source-agreement": draw_agreement,
    "metabo-predictions": draw_predictions,
}
_HEIGHT = 440
# Past studies in the attributes: those that matter most.
_MOST = 10


def publish(study: Study, sampler: MetaGPSampler | None = None) -> Explanation:
    """Puts the explanation of a study on its page in optuna-dashboard.

    Three figures (weights over trials, agreement, predictions), a section in the study's note,
    before and behind which other text stays, and the user attributes ``metabo:sampler``,
    ``metabo:weights``, ``metabo:left_out`` and ``metabo:origins``, by number what each trial came
    from. What was there from an earlier call is replaced.

    Args:
        study: The study; its storage is the one that the dashboard shows.
        sampler: What knows the past studies, the study's sampler if not given.

    Returns:
        The explanation.

    Raises:
        ImportError: If optuna-dashboard is not installed.
        TypeError: If the sampler is not a ``MetaGPSampler``, or ``study`` is no study.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> from optuna_metabo.dashboard import publish
        >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
        >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=6)
        >>> explanation = publish(study)
        >>> study.user_attrs["metabo:origins"]["5"]
        'own model'
    """
    try:
        from optuna_dashboard import get_note, save_note, save_plotly_graph_object
    except ImportError as error:
        raise ImportError(
            "publishing needs optuna-dashboard: pip install 'optuna-metabo[dashboard]'"
        ) from error
    sampler = sampler_of(study, sampler)
    explanation = sampler.explain(study)
    for name, draw in _FIGURES.items():
        figure = draw(explanation)
        figure.update_layout(height=_HEIGHT)
        save_plotly_graph_object(study, figure, graph_object_id=name)
    note = get_note(study)
    section = f"{_HEADING}\n\n{explanation.to_markdown()}\n\n{_END}\n"
    if not _SECTION.search(note):
        note = f"{note.rstrip()}\n\n{section}".lstrip()
    save_note(study, _SECTION.sub(lambda _: section, note, count=1))
    for key, value in _attributes(explanation, sampler).items():
        study.set_user_attr(_PREFIX + key, value)
    return explanation


def _attributes(explanation: Explanation, sampler: MetaGPSampler) -> dict[str, object]:
    used = [one for one in explanation.sources if one.reason is None][:_MOST]
    left_out = [one for one in explanation.sources if one.reason is not None][:_MOST]
    return {
        "sampler": repr(sampler),
        "weights": {
            **{one.name: round(one.weight, 4) for one in used},
            WITHOUT: round(explanation.weight_without_sources, 4),
        },
        "left_out": {one.name: one.reason for one in left_out},
        "origins": {str(one.number): str(one.origin) for one in explanation.trials},
    }


class MetaGPCallback:
    """Publishes after trials, see :func:`publish`; what goes wrong is logged and stops nothing.

    Args:
        every: Trials from one time to the next. An update takes a fraction of a second: of
            objectives as fast as that, publish less often.
        sampler: What knows the past studies, the study's sampler if not given.

    Raises:
        ValueError: If ``every`` is not positive.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> from optuna_metabo.dashboard import MetaGPCallback
        >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0))
        >>> def objective(trial):
        ...     return trial.suggest_float("x", 0, 1) ** 2
        >>> study.optimize(objective, n_trials=3, callbacks=[MetaGPCallback()])
        >>> study.user_attrs["metabo:origins"]
        {'0': 'start-up', '1': 'start-up', '2': 'start-up'}
    """

    def __init__(self, every: int = 1, sampler: MetaGPSampler | None = None) -> None:
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"every must be a positive int, got {every!r}")
        self._every = every
        self._sampler = sampler
        self._lock = threading.Lock()

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Of one thread at a time: another's trial is on the next update."""
        if trial.number % self._every or not self._lock.acquire(blocking=False):
            return
        try:
            publish(study, self._sampler)
        except Exception as error:  # a page that is not up to date must not end a run
            LOGGER.warning(f"Nothing was published: {type(error).__name__}: {error}")
        finally:
            self._lock.release()
