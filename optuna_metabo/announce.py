"""What a user is told when a study first asks: which past studies are used, which are not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optuna_metabo.belief import trusted
from optuna_metabo.logs import LOGGER, counted, named, warn
from optuna_metabo.past import Past
from optuna_metabo.past_study import LeftOut, SourceTask
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
        greeted: What studies were told of their sources.
        settled: Those of them that are told no more of these.
        named: Past studies that were told to be left out.
    """

    greeted: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def tell(
        self, now: Snapshot, past: Past, learned: Sequence[Learned], *, transfers: bool
    ) -> None:
        """One line with the sources at a study's first ask, and one warning for those left out.

        A source is left out that no objective can use. It is named as soon as that is certain:
        whether it shares a parameter when some trials have ended, whether it can be read when
        trying is given up, everything else before the first proposal. Until then it may be used.
        Which ones are may hang on parameters that the first ask does not know of: then there is
        another line when trials that ended tell, until it is certain which ones are left out.

        Args:
            now: The study that asks.
            past: The past studies.
            learned: What they say of each objective.
            transfers: Whether they are listened to at all.
        """
        left_out: dict[str, LeftOut] = {}
        for one in (*past.left_out, *(x for part in learned for x in part.left_out)):
            left_out.setdefault(one.name, one)  # as ``explain``, by the first objective
        if not left_out and now.name in self.settled:
            return
        helping = dict.fromkeys(source.study.name for one in learned for source in one.used)
        is_certain = _is_known(now)
        idle = [one for one in left_out.values() if one.name not in helping]
        unused = [one for one in idle if is_certain or not one.of_space]
        if (helping or idle) and now.name not in self.settled:
            used = _used(now, past, learned) if transfers else []
            open_ = [*helping, *(one.name for one in idle if one not in unused)]
            waiting = [name for name in open_ if name not in used] if transfers else []
            names = used, waiting, [one.name for one in unused]
            is_doubted = trusted(one.prior for one in learned if one.used) < TRUSTED
            line = _greeting(now.name, *names, is_doubted=is_doubted)
            self._greet(now, line, is_last=is_certain or not waiting)
        untold = [one for one in unused if not (one.told or one.may_return)]
        new = [one for one in untold if one.name not in self.named]
        if new:
            self.named.update(one.name for one in new)
            so_far = " so far" * _has_branches(now)
            reasons = [f"{one.name!r}: {one.reason}{so_far * one.of_space}" for one in new]
            warn("source studies left out: " + "; ".join(reasons))

    def _greet(self, now: Snapshot, line: str, *, is_last: bool) -> None:
        """At the first ask; later what has changed, but for what the warning says at the end."""
        before = self.greeted.get(now.name)
        if before is None or (line != before and now.telling and not _is_known(now)):
            LOGGER.info(line)
            self.greeted[now.name] = line
        if is_last:
            self.settled.add(now.name)


def _used(now: Snapshot, past: Past, learned: Sequence[Learned]) -> list[str]:
    """The past studies that know of a parameter of which it is known that trials have it.

    Before any is known these are those that know of all that past studies have had: the first ask
    is for one of them.
    """
    known = {name for trial in now.trials for name in trial.params}

    def is_used(source: SourceTask) -> bool:
        """Whether it knows of such a parameter."""
        if known:
            return not known.isdisjoint(source.shared)
        return past.search_space.keys() <= {*source.shared}

    sources = (source for one in learned for source in one.used)
    return [*dict.fromkeys(source.study.name for source in sources if is_used(source))]


def _is_known(now: Snapshot) -> bool:
    """Whether no other parameter is to be expected that a past study may share."""
    is_told = len(now.telling) >= _ALIKE and not _has_branches(now)
    return is_told or len(now.ended) >= _MANY


def _has_branches(now: Snapshot) -> bool:
    """Whether parameters come and go; one that failed may have got to some of them only."""
    return len({frozenset(one.params) for one in now.telling[:_MANY]}) > 1


def _greeting(
    name: str,
    used: Sequence[str],
    waiting: Sequence[str],
    unused: Sequence[str],
    *,
    is_doubted: bool,
) -> str:
    where = f"where trials have {named(len(waiting), 'its', 'their')} parameters"
    if used:
        learns = f"learns from {counted(len(used), *_STUDIES)}: {listed(used)}"
    elif waiting:
        learns = f"may learn from {counted(len(waiting), *_STUDIES)}, {where}: {listed(waiting)}"
    else:
        learns = "learns from no past study"
    if is_doubted and (used or waiting):
        learns += ", which tell little of each other's best trials and are doubted at first"
    more = f"; it may learn from {len(waiting)} more, {where}: {listed(waiting)}"
    rest = f"; {counted(len(unused), *_STUDIES)} left out: {listed(unused)}"
    return f"{name!r} {learns}{more * bool(used and waiting)}{rest * bool(unused)}."
