"""What there is to learn from: past studies, and those that cannot help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from optuna.distributions import BaseDistribution

from optuna_metabo.columns import Several
from optuna_metabo.encoding import Encoding
from optuna_metabo.past_study import LeftOut, SourceStudy
from optuna_metabo.ranges import joint
from optuna_metabo.thinning import evenly

# Studies that tell which parameters exist when, and the trials of all of them.
_MAX_SHAPES, _MAX_TRIALS = 128, 8192


@dataclass(frozen=True)
class Past:
    """What there is to learn from.

    Args:
        studies: Those with completed trials.
        left_out: Those without, and those that cannot be read.
        failing: Those of which trials failed, also those that completed none.
    """

    studies: tuple[SourceStudy, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    failing: tuple[SourceStudy, ...] = ()

    @classmethod
    def of(cls, studies: Sequence[SourceStudy], left_out: Sequence[LeftOut]) -> Past:
        """By what there is to learn from each study."""
        completed = tuple(one for one in studies if one.is_completed)
        return cls(completed, tuple(left_out), tuple(one for one in studies if one.failed))

    @cached_property
    def token(self) -> object:
        """Stands for these very studies in the key of what is remembered of them."""
        return object()

    @cached_property
    def search_space(self) -> dict[str, BaseDistribution]:
        """Every parameter that a study has had; of two kinds that of the first study counts."""
        return joint(
            study.search_space for study in (*reversed(self.failing), *reversed(self.studies))
        )

    @cached_property
    def shapes(self) -> Several:
        """Trials that tell which parameters exist when."""
        some = [self.studies[i].telling for i in evenly(np.arange(len(self.studies)), _MAX_SHAPES)]
        each = _MAX_TRIALS // max(len(some), 1)
        return Several([one[evenly(np.arange(len(one)), each)] for one in some])

    @cached_property
    def tree(self) -> Encoding:
        """The search space, with what these tell."""
        return Encoding.of(self.search_space, [self.shapes] if self.studies else [])
