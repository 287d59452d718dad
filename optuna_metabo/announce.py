"""What a user is told when a study first asks: which past studies are used, which are not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optuna_metabo.belief import trust
from optuna_metabo.logs import LOGGER, counted, warn
from optuna_metabo.past import Past
from optuna_metabo.reading import listed
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.surrogate import TRUSTED

if TYPE_CHECKING:
    from optuna_metabo.learning import Learned

_STUDIES = ("past study", "past studies")
# When it is certain that a past study shares no parameter. The first trial does not tell: in a
# space with branches the next one may take that of the past. Of 32 such studies of three branches
# it was told falsely in 18 after one trial, in one after three of the same parameters: nobody
# waits long to learn of a misspelled name. Where parameters come and go three do not tell either;
# by the tenth trial nearly all branches had been taken, 31 of these 32.
_ALIKE, _MANY = 3, 10


@dataclass(frozen=True)
class Announcer:
    """Says everything once for each sampler.

    Args:
        greeted: Studies whose first ask was told.
        named: Past studies that were told to be left out.
    """

    greeted: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def tell(
        self, now: Snapshot, past: Past, learned: Sequence[Learned], *, transfers: bool
    ) -> None:
        """One line with the sources at a study's first ask, and one warning for those left out.

        A source is left out that no objective can use. It is named as soon as that is certain:
        whether it shares a parameter when some trials have ended, whether it can be read when
        trying is given up, everything else before the first proposal.

        Args:
            now: The study that asks.
            past: The past studies.
            learned: What they say of each objective.
            transfers: Whether they are listened to at all.
        """
        left_out = {one.name: one for part in learned for one in (*past.left_out, *part.left_out)}
        if not left_out and now.name in self.greeted:
            return
        used = dict.fromkeys(source.study.name for one in learned for source in one.used)
        is_certain = _is_known(now)
        unused = [
            one
            for one in left_out.values()
            if one.name not in used and (is_certain or not one.of_space)
        ]
        if (used or unused) and now.name not in self.greeted:
            self.greeted.add(now.name)
            used_names = [*used] if transfers else []
            doubted = [trust(one.prior) < TRUSTED for one in learned if one.used]
            names = used_names, [one.name for one in unused]
            LOGGER.info(_greeting(now.name, *names, is_doubted=bool(doubted) and all(doubted)))
        untold = [one for one in unused if not (one.told or one.may_return)]
        new = [one for one in untold if one.name not in self.named]
        if new:
            self.named.update(one.name for one in new)
            so_far = " so far" * _has_branches(now)
            reasons = [f"{one.name!r}: {one.reason}{so_far * one.of_space}" for one in new]
            warn("source studies left out: " + "; ".join(reasons))


def _is_known(now: Snapshot) -> bool:
    """Whether no other parameter is to be expected that a past study may share."""
    is_told = len(now.telling) >= _ALIKE and not _has_branches(now)
    return is_told or len(now.ended) >= _MANY


def _has_branches(now: Snapshot) -> bool:
    """Whether parameters come and go; one that failed may have got to some of them only."""
    return len({frozenset(one.params) for one in now.telling[:_MANY]}) > 1


def _greeting(name: str, used: Sequence[str], unused: Sequence[str], *, is_doubted: bool) -> str:
    learns = (
        f"learns from {counted(len(used), *_STUDIES)}: {listed(used)}"
        if used
        else "learns from no past study"
    )
    if is_doubted:
        learns += ", which tell little of each other's best trials and are doubted at first"
    rest = f"; {counted(len(unused), *_STUDIES)} left out: {listed(unused)}" if unused else ""
    return f"{name!r} {learns}{rest}."
