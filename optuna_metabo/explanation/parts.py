"""What :meth:`MetaGPSampler.explain` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optuna_metabo.explanation import frames, render
from optuna_metabo.explanation.agreement import ERROR, Word, interval, word
from optuna_metabo.explanation.origin import Origin
from optuna_metabo.explanation.predictions import Prediction

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SourceExplanation:
    """What became of one source study.

    Args:
        name: The name of the study; of several of one name all but the first have a number behind
            it, ``"rf (2)"``, in the order in which they were given.
        weight: Its share of the belief about the target now, in [0, 1].
        rank_agreement: Kendall's tau between the source's predictions and the target's values so
            far, tied ones in no order (tau-a), or ``None`` with fewer than two values.
        n_trials: The number of its trials that are used: of the ones that are alike one, and of a
            long study a choice.
        shared: Parameters that it shares with the target.
        missing: Parameters of the target that it lacks.
        extra: Parameters that only it has; they are ignored.
        reason: Why it was left out, or ``None`` if it is used.
        n_compared: The number of values that the agreement is of.
        likeness: Its weight before the first value by the features of the studies, 1 on average,
            or ``None`` where these are not known or not listened to.
        n_finished: How many of its trials had finished, or 0 where it was left out.
        error: How often the interval of its agreement may miss; less where many past studies are
            compared.
        is_spread: Whether the target has trials of which it expects little: those of which it
            expects much alone do not tell that it is opposed.

    Example:
        >>> from optuna_metabo import SourceExplanation
        >>> one = SourceExplanation("rf-cancer", 0.7, 0.6, 40, n_compared=12)
        >>> one.agreement
        'agrees'
        >>> low, high = one.agreement_interval
        >>> print(f"{low:.2f} to {high:.2f}")
        0.21 to 0.83
    """

    name: str
    weight: float
    rank_agreement: float | None
    n_trials: int
    shared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    reason: str | None = None
    n_compared: int = 0
    likeness: float | None = None
    n_finished: int = 0
    error: float = ERROR
    is_spread: bool = True

    @property
    def agreement_interval(self) -> tuple[float, float]:
        """A confidence interval for ``rank_agreement``; [-1, 1] where little is known.

        Of 95 % for one past study, wider for several: of those said to agree or to be opposed no
        more than one in twenty is not, on average.
        """
        if self.rank_agreement is None:
            return -1.0, 1.0
        return interval(self.rank_agreement, self.n_compared, self.error)

    @property
    def agreement(self) -> Word:
        """``"agrees"``, ``"opposed"``, or ``"says nothing"`` where nothing is certain; where it
        would be opposed but for trials that are all such of which it expects much ``"untested"``.
        """
        return word(self.rank_agreement, self.n_compared, self.error, is_spread=self.is_spread)


@dataclass(frozen=True)
class TrialExplanation:
    """What led to one trial.

    Args:
        number: Of the trial.
        origin: What it came from.
        n_told: The number of trials that were known when it began.
        weights: Of the sources then, in the order of :attr:`Explanation.sources`.
        values: Its values, one an objective; ``None`` where it has none.
        prediction: What was expected of them, one an objective; ``None`` before the first value.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> study = optuna.create_study(sampler=MetaGPSampler(seed=0, n_startup_trials=2))
        >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=3)
        >>> [str(one.origin) for one in study.sampler.explain(study).trials]
        ['start-up', 'start-up', 'own model']
    """

    number: int
    origin: Origin
    n_told: int
    weights: tuple[float, ...]
    values: tuple[float, ...] | None
    prediction: Prediction | None

    @property
    def weight_without_sources(self) -> float:
        """What was believed from the target's own trials alone."""
        return max(0.0, 1.0 - sum(self.weights))


@dataclass(frozen=True)
class FeaturesExplanation:
    """What numbers that are known of each study say of one objective.

    Args:
        importance: Of each feature by name, how much likeness hangs on it; their sum is 1, or 0
            where they say nothing and are ignored.
        gain: By which part the squared error of what is expected of a past study that was left out
            is smaller than without features.
        error: The standard error of the gain.

    Example:
        >>> from optuna_metabo import FeaturesExplanation
        >>> one = FeaturesExplanation({"n_rows": 0.8, "n_classes": 0.2}, 0.3, 0.05)
        >>> print(one)  # doctest: +NORMALIZE_WHITESPACE
        features n_rows (80 %), n_classes (20 %): past studies that are left out are predicted 30 %
        better (± 5 %)
        >>> print(FeaturesExplanation({"n_rows": 0.0}, 0.01, 0.02))
        features n_rows are ignored: they say nothing of the past studies
    """

    importance: Mapping[str, float]
    gain: float
    error: float

    @property
    def is_used(self) -> bool:
        """Whether past studies are weighed by them."""
        return any(self.importance.values())

    def __str__(self) -> str:
        return render.features(self)


@dataclass(frozen=True)
class Explanation:
    """What :meth:`MetaGPSampler.explain` returns; printed, and in a notebook, it is a table.

    Args:
        sources: One entry for each source study, the heaviest first, those left out last.
        weight_without_sources: What is believed from the target's own trials alone. The weights
            of the sources and this sum to 1.
        trials: What led to each trial; of more than 64 the first 32 and an even spread.
        study_name: Of the target.
        n_told: The number of its trials that are known.
        maximised: Of each of its objectives, whether it is maximised.
        features: What features of the studies say, once for each objective that they are asked of.
        weight_of_opposites: What is believed of the opposite of what the sources say, as if a
            direction were mistaken; a part of the weights of the sources.
        trust: How far the sources were believed before any value, from 0 to 1: as far as they
            tell each other's best trials, over the parameters that the first trial had.
        n_trials: The number of its trials that have parameters, of which ``trials`` are told.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler
        >>> def objective(trial):
        ...     return (trial.suggest_float("x", 0, 1) - 0.3) ** 2
        >>> past = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(0))
        >>> past.optimize(objective, n_trials=20)
        >>> study = optuna.create_study(study_name="new", sampler=MetaGPSampler([past], seed=0))
        >>> study.optimize(objective, n_trials=3)
        >>> explanation = study.sampler.explain(study)
        >>> explanation.sources[0].name, explanation.sources[0].n_trials
        ('past', 20)
        >>> str(explanation.trials[0].origin)
        'learned from past'
        >>> list(explanation.to_dataframe().columns[:3])
        ['name', 'weight', 'weight_at_first']
    """

    sources: tuple[SourceExplanation, ...]
    weight_without_sources: float
    trials: tuple[TrialExplanation, ...] = ()
    study_name: str = ""
    n_told: int = 0
    maximised: tuple[bool, ...] = (False,)
    features: tuple[FeaturesExplanation, ...] = ()
    weight_of_opposites: float = 0.0
    trust: float = 1.0
    n_trials: int = 0

    def __str__(self) -> str:
        return render.text(self)

    def _repr_html_(self) -> str:
        return render.html(self)

    def to_markdown(self) -> str:
        """The same as a section of Markdown, for notes and reports."""
        return render.markdown(self)

    def to_dataframe(self) -> pd.DataFrame:
        """The sources, one a row; needs pandas."""
        return frames.sources_frame(self)

    def trials_to_dataframe(self) -> pd.DataFrame:
        """What led to each trial, one a row, with the weights of the sources; needs pandas."""
        return frames.trials_frame(self)
