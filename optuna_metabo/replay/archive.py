"""The studies of a storage, read once and then held in memory; the storage is never written to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

import optuna
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import Study
from optuna.trial import TrialState

from optuna_metabo.columns import Columns
from optuna_metabo.experimental import name_metrics
from optuna_metabo.explanation.names import IN_TEXT, short_name
from optuna_metabo.logs import counted, one_line
from optuna_metabo.objectives import point, shares_objective
from optuna_metabo.reading import (
    cause,
    chosen,
    first_line,
    listed,
    opened,
    patterns,
    reading_errors,
    shown,
    some_of,
    sqlite_file,
    study_names,
)
from optuna_metabo.replay.keys import hash_of, key_of
from optuna_metabo.replay.orders import Target
from optuna_metabo.replay.pool import Pool
from optuna_metabo.replay.quiet import quiet

_NEEDED = "replay needs two studies at least, one to run again and one to learn from"


class NothingToReplay(ValueError):
    """What a storage holds cannot be replayed, and what would be needed."""


class TooFewNamed(NothingToReplay):
    """Names that stand for fewer studies than were meant, whatever is in these."""


@dataclass(frozen=True)
class Archive:
    """Studies in memory, in the order of their storage.

    Args:
        studies: All that take part: each is replayed with the others as its past.
        unread: Why others cannot be read, by name.
    """

    studies: tuple[Study, ...]
    unread: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        storage: str | BaseStorage,
        names: str | Sequence[str] = "*",
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Archive:
        """Copies studies out of a storage; those that cannot be read are left out.

        Args:
            storage: A URL or one of Optuna's storages. A file of SQLite is opened for reading
                only, and is never made.
            names: A name or a glob, or several of them.
            progress: Told how many studies of how many have been read.

        Raises:
            NothingToReplay: If fewer than two studies match or can be read, one of the names
                matches none, or no two share a parameter.
            NoSuchStorage: If there is no file, or it holds no studies of Optuna.
            TypeError: If ``storage`` is neither a URL nor a storage, or ``names`` neither a text
                nor several.
            ValueError: If it is no URL.
        """
        place, memory = opened(storage), InMemoryStorage()
        if isinstance(storage, str):
            place = opened(reading_only(storage))
        existing = study_names(place)
        asked_for = chosen(names, existing)
        if len(asked_for) < 2:
            raise TooFewNamed(
                f"{_NEEDED}; {listed(patterns(names))} matches {len(asked_for)} of the storage, "
                f"{shown(existing)}"
            )
        _check_each(names, existing, "the storage")
        copies, unread = [], {}
        for i, name in enumerate(asked_for):
            try:
                copies.append(_copy(optuna.load_study(study_name=name, storage=place), memory))
            except reading_errors() as error:
                unread[name] = f"cannot be read: {one_line(first_line(cause(error)))}"
            progress(i + 1, len(asked_for))
        if len(copies) < 2:
            n_read = f"only {len(copies)} of {len(asked_for)} can be read"
            raise NothingToReplay(f"{_NEEDED}; {n_read}: {told_of(unread)}")
        return cls(tuple(copies), unread)._checked()

    def _checked(self) -> Archive:
        if not any(self._shares_name(study, self.studies) for study in self.studies):
            raise NothingToReplay(
                "no two studies share a parameter: replay needs studies with parameters of the "
                f"same names; {self._unlike()}"
            )
        return self

    def _unlike(self) -> str:
        """Which studies have other parameters than the rest, and which have none."""
        names = self._parameters
        without = [name for name, parameters in names.items() if not parameters]
        others = [name for name, parameters in names.items() if parameters]
        differ = [f"those of {listed(others)} differ"] if len(others) > 1 else []
        verb = "have" if len(without) > 1 else "has"
        none = [f"{listed(without)} {verb} none"] if without else []
        return ", and ".join(differ + none)

    def past_of(self, study: Study, *, chronological: bool = False) -> tuple[Study, ...]:
        """The other studies, none if no one has one of its objectives and shares a parameter whose
        values can be read.

        Args:
            study: The one that is replayed.
            chronological: Only those that had ended when it began.
        """
        others = self._others(study, chronological=chronological)
        space = self._pools[study.study_name].space
        of_same = (one for one in others if shares_objective(study, one))
        shares = any(self._columns[one.study_name].shares(space) for one in of_same)
        return tuple(others) if shares else ()

    def _shares_name(self, study: Study, others: Iterable[Study]) -> bool:
        """Whether any other study has a parameter of the same name."""
        own, names = self._parameters[study.study_name], self._parameters
        return any(not own.isdisjoint(names[x.study_name]) for x in others if x is not study)

    def _others(self, study: Study, *, chronological: bool) -> list[Study]:
        others = [one for one in self.studies if one is not study]
        if not chronological:
            return others
        began, _ = _span(study)
        return [one for one in others if _span(one)[1] <= began]

    def _without_past(self, study: Study, *, chronological: bool) -> str:
        """Why a study has none."""
        others = self._others(study, chronological=chronological)
        if not others:
            alone = "has no other study to learn from"
            return "began before any other had ended" if chronological else alone
        if not any(shares_objective(study, one) for one in others):
            return "has no objective of any study of its past"
        alike = " of the same kind or choices" * self._shares_name(study, others)
        return f"shares no parameter{alike} with its past"

    @cached_property
    def _pools(self) -> dict[str, Pool]:
        """What each study ran, by its name."""
        return {study.study_name: Pool.of(study) for study in self.studies}

    @cached_property
    def _columns(self) -> dict[str, Columns]:
        """The parameters of what each study ran, by its name."""
        return {name: Columns.of(pool.trials) for name, pool in self._pools.items()}

    @cached_property
    def _parameters(self) -> dict[str, set[str]]:
        """The parameters that each study has had, by its name."""
        return {
            study.study_name: {
                name for trial in study.get_trials(deepcopy=False) for name in trial.params
            }
            for study in self.studies
        }

    def targets(
        self, names: str | Sequence[str] = "*", *, chronological: bool = False
    ) -> tuple[list[Target], dict[str, str]]:
        """What can be replayed, and why the others cannot, by name.

        Args:
            names: A name or a glob, or several of them.
            chronological: Whether the past is what had ended when a study began.

        Raises:
            NothingToReplay: If nothing can, with the reasons, or one of the names matches none.
            TypeError: If ``names`` is neither a text nor several.
        """
        existing = [*[study.study_name for study in self.studies], *self.unread]
        _check_each(names, existing, "what takes part")
        asked_for = set(chosen(names, existing))
        found, left_out = [], {}
        keys = {study.study_name: key_of(study) for study in self.studies}
        for study in self.studies:
            if study.study_name not in asked_for:
                continue
            past = self.past_of(study, chronological=chronological)
            parts = [keys[one.study_name] for one in (study, *past)]
            target = Target(self._pools[study.study_name], past, hash_of(parts), chronological)
            reason = _unfit(target)
            if reason is None and not past:
                reason = self._without_past(study, chronological=chronological)
            if reason is None:
                found.append(target)
            else:
                left_out[study.study_name] = reason
        left_out |= {name: why for name, why in self.unread.items() if name in asked_for}
        if not found:
            raise NothingToReplay(f"no study can be replayed: {told_of(left_out)}")
        return found, left_out


def _check_each(names: str | Sequence[str], existing: Sequence[str], where: str) -> None:
    """Raises if one of the names and globs stands for no study: it was meant to."""
    for one in patterns(names):
        if not chosen(one, existing):
            raise TooFewNamed(f"{one!r} matches no study of {where}, {shown(existing)}")


def reading_only(url: str) -> str:
    """A URL by which a file of SQLite can only be read; any other is left as it is."""
    if not url.startswith("sqlite") or "uri=" in url:
        return url
    file = sqlite_file(url)
    if file is None:
        return url
    return f"sqlite:///file:{quote(str(file.absolute()))}?mode=ro&uri=true"


def _copy(study: Study, memory: InMemoryStorage) -> Study:
    """A study in memory, called as it is in its storage."""
    name, directions, metrics = study.study_name, study.directions, study.metric_names
    trials = study.get_trials(deepcopy=False)
    with quiet():
        copy = optuna.create_study(study_name=name, directions=directions, storage=memory)
        if metrics:
            name_metrics(copy, metrics)
        copy.add_trials(trials)
    return copy


def told_of(reasons: Mapping[str, str]) -> str:
    """Some of the studies, and why each is left out."""
    return some_of([f"{short_name(name, IN_TEXT)!r} {why}" for name, why in reasons.items()])


def _unfit(target: Target) -> str | None:
    """Why a study cannot be replayed whatever its past, if so."""
    if not len(target.pool):
        return "has no finished trial with parameters"
    if not target.yardstick.tells:
        return _without_difference(target)
    if len(set(map(point, target.pool.trials))) == 1:
        return "has a single configuration"
    return None


def _without_difference(target: Target) -> str:
    """What a study has in which no result is better than another."""
    n = target.yardstick.n_results
    n_completed = sum(one.state == TrialState.COMPLETE for one in target.pool.trials)
    one, more = "completed trial", "completed trials"
    if n < n_completed:
        one, more = f"{one} that breaks no constraint", f"{more} that break no constraint"
    return f"has {counted(n, one, more)} and no two different values" if n else f"has no {one}"


def _span(study: Study) -> tuple[datetime, datetime]:
    """When its first trial began and its last one ended; at either end of time if not known."""
    trials = study.get_trials(deepcopy=False)
    began = (one.datetime_start for one in trials if one.datetime_start)
    ended = (one.datetime_complete for one in trials if one.datetime_complete)
    return min(began, default=datetime.min), max(ended, default=datetime.max)
