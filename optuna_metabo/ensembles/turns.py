"""Whose turn it is to choose the next point, by what has been seen so far."""

from __future__ import annotations

from dataclasses import dataclass

from optuna_metabo.ensembles.experts import CLOSE, OPPOSED, RIVAL, Relation
from optuna_metabo.surrogate import N_LED, TRUSTED

# From so many values on, every so manyth ask is the rival's, until it has less of the weight or
# the sources are borne out: what it finds tells the experts apart, where values around the
# sources' optima do not. After that it would only find bad places that the sources know.
FIRST_PROBE, PROBE_EVERY, _REFUTED = N_LED, 3, 0.01
# Where those that believe no source have more of the weight than all others, the study begins as
# one without sources does: values around the optima of sources that mislead tell nothing of the
# rest of the space. From so many values to so many, as soon as the close experts no longer choose
# alone, and sooner of sources that are doubted before the first: when four values, which are all
# good where sources are right, were enough, half of the studies on levy10 spent one of their first
# five trials on a bad point.
_ANEW, _ANEW_DOUBTED, _MISLED = (FIRST_PROBE, 8), (1, 5), 0.5
# With less of the weight opposites are not even tried.
_UNTHINKABLE = 1e-6
# In the first few asks those that believe no source take part only with more of the weight; the
# study begins anew then: a Gaussian process of one to four values walks from corner to corner.
_CONVINCING = 0.95


@dataclass(frozen=True)
class Seen:
    """What has been seen of a study, and what was settled before.

    Args:
        n: The number of values.
        n_asked: That of points with a value, modelled or not, and of those under way: workers that
            ask together have turns, too.
        n_tests: The number of points seen of which all sources together expect little.
        is_borne_out: Whether values go with what they expect, of one point less than the average,
            so that they are right in the rough.
        is_testing: Whether a point is under way of which they expect less than the average: one at
            a time is put to the test, however many workers ask together.
        probe: Whether the rival has asks of its own.
        trust: How far sources were believed before any value, from 0 to 1.
    """

    n: int
    n_asked: int
    n_tests: int
    is_borne_out: bool
    is_testing: bool
    probe: bool
    trust: float


@dataclass(frozen=True)
class Turn:
    """What decides who chooses: what was seen, and who is believed.

    Args:
        seen: Of the study.
        rival: The weight of the plain GP.
        opposed: That of the opposites of what sources say.
    """

    seen: Seen
    rival: float
    opposed: float

    @property
    def chooser(self) -> Relation | None:
        """Whose experts choose alone; ``None`` where all do.

        The first few points are the close experts', unless doubt is convincing already: what the
        others expect elsewhere is their ignorance. Later the rival has asks of its own until it is
        refuted or the sources are borne out. Where sources have misled, and a point that they
        thought little of has not borne them out, the next one is their opposites'; while such a
        point is under way the close experts go on, unless the opposites are believed already.
        """
        if self._tries_opposites:
            return OPPOSED
        is_early = self.seen.n < FIRST_PROBE and self._doubt < _CONVINCING
        goes_on = self._is_misled and self.seen.is_testing
        if (is_early or goes_on) and not self._is_turned:
            return CLOSE
        return RIVAL if self._is_probe and self.rival > _REFUTED else None

    @property
    def begins_anew(self) -> bool:
        """Whether the sources have misled so far, so that points elsewhere are wanted.

        Their opposites are followed instead where these are believed, and once to see whether they
        should be.
        """
        follows = self._is_turned or self._tries_opposites or self.seen.is_testing
        return self._is_misled and not follows

    @property
    def is_doubted(self) -> bool:
        """Whether sources tell so little of each other that all but the first trial look elsewhere
        at first.
        """
        return self.seen.trust < TRUSTED

    @property
    def _doubt(self) -> float:
        """The weight of those that believe no source."""
        return self.rival + self.opposed

    @property
    def _is_misled(self) -> bool:
        """Whether sources have misled so far; those that are right in the rough are followed."""
        first, last = _ANEW_DOUBTED if self.is_doubted else _ANEW
        is_early = self.seen.n <= last
        enough = _MISLED if self.seen.n >= first else _CONVINCING
        return is_early and self._doubt > enough and not self.seen.is_borne_out

    @property
    def _is_turned(self) -> bool:
        """Whether the opposite of what sources say is believed."""
        return self.opposed > _MISLED

    @property
    def _tries_opposites(self) -> bool:
        """Whether a point that sources thought little of has not borne them out: perhaps the
        opposite of what they say is true. One trial at a time is spent on that.
        """
        is_tested = self.seen.n_tests == 1 and not self.seen.is_testing and not self.is_doubted
        return self._is_misled and is_tested and self.opposed > _UNTHINKABLE

    @property
    def _is_probe(self) -> bool:
        """Of asks that are the rival's own."""
        after = self.seen.n_asked - FIRST_PROBE
        is_due = self.seen.n >= FIRST_PROBE and after % PROBE_EVERY == 0
        return self.seen.probe and is_due and not self.seen.is_borne_out
