"""Which finished studies count; read once, and why a study was left out."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import optuna
from jaxtyping import Float
from numpy import ndarray as Array
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage, get_storage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from optuna_metabo.encoding import Encoding, says_something
from optuna_metabo.outputs import (
    Objective,
    bilog,
    constraints_of,
    matching,
    objectives_of,
    slacks,
    unit_of,
)
from optuna_metabo.snapshot import Snapshot
from optuna_metabo.surrogate import Task

# Trials that say something: a pruned one by its last report.
_TELLING = (TrialState.COMPLETE, TrialState.PRUNED)

# A longer source is thinned to its best half of these and an even spread of the rest: the cost
# of an exact GP grows with the square of its points, and what they add does not.
MAX_TRIALS = 128

# A storage that cannot be read may be back at the next ask; after so many times it is given up.
_MAX_ATTEMPTS = 3
_UNREADABLE = "cannot be read"
_EXPECTED = "source_studies expects Study objects, study names, a glob or a predicate"

Request = Sequence[Study | str] | str | Callable[[str], bool] | None


@dataclass(frozen=True)
class LeftOut:
    """A source that cannot help, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class SourceTask:
    """A source read with the target's search space."""

    study: SourceStudy
    task: Task
    shared: tuple[str, ...]


@dataclass(frozen=True)
class SourceStudy:
    """The completed and the pruned trials of a study."""

    name: str
    objectives: tuple[Objective, ...]
    trials: tuple[FrozenTrial, ...]

    @cached_property
    def search_space(self) -> dict[str, BaseDistribution]:
        """Every parameter with its last distribution."""
        space: dict[str, BaseDistribution] = {}
        for trial in self.trials:
            space.update(trial.distributions)
        return space

    @cached_property
    def constraints(self) -> list[dict[str, float]]:
        """The constraints of each trial by key."""
        return [constraints_of(trial, None) for trial in self.trials]

    @property
    def key(self) -> tuple[object, ...]:
        """Tells it from others, also from another of its name."""
        return (self.name, self.trials[0].number, self.trials[0].datetime_start)

    def is_study(self, study: Snapshot) -> bool:
        """Whether this is ``study`` itself, read earlier."""
        if self.name != study.name:
            return False
        first = self.trials[0]
        return any(
            t.number == first.number and t.datetime_start == first.datetime_start
            for t in study.trials
        )

    def task_for(
        self, encoding: Encoding, objective: Objective, count: int
    ) -> SourceTask | LeftOut:
        """What this study says about an objective of ``count``, or why it says nothing."""
        own = matching(objective, self.objectives, count)
        if own is None:
            wanted = f"objective {objective.name or objective.index!r} of {count}"
            return LeftOut(self.name, f"none of its {len(self.objectives)} objectives is {wanted}")
        return self._task(encoding, own.values(self.trials))

    def slack_task_for(self, encoding: Encoding, key: str) -> SourceTask | LeftOut:
        """What this study says about a constraint, or why it says nothing."""
        slack = slacks(self.constraints, key)
        return self._task(encoding, bilog(slack, unit_of(slack)))

    def _task(self, encoding: Encoding, y: Float[Array, " n"]) -> SourceTask | LeftOut:
        space, target = self.search_space, encoding.search_space
        shared = [
            name
            for name in encoding.names
            if name in space and says_something(space[name], target[name])
        ]
        if not shared:
            return LeftOut(self.name, "shares no parameter")
        known = np.isin(encoding.domain.groups, [encoding.names.index(name) for name in shared])
        having = [i for i, t in enumerate(self.trials) if not t.params.keys().isdisjoint(shared)]
        task = encoding.task([self.trials[i].params for i in having], y[having], known)
        if not len(task):
            return LeftOut(self.name, "all its values are infinite")
        if task.y.min() == task.y.max():
            return LeftOut(self.name, "all its values are the same")
        return SourceTask(self, task.thinned(MAX_TRIALS), tuple(shared))


@dataclass
class Sources:
    """The studies asked for, validated at once and read at the first ask."""

    studies: tuple[Study, ...] = ()
    names: Callable[[str], bool] | None = None
    storage: BaseStorage | None = None
    _read: tuple[SourceStudy | LeftOut, ...] | None = field(default=None, repr=False)
    _attempts: int = field(default=0, repr=False)

    @classmethod
    def of(cls, request: Request, storage: str | BaseStorage | None) -> Sources:
        """Checks what the user asked for.

        Raises:
            TypeError: If ``request`` is none of the documented kinds, or names studies without
                a storage.
            ValueError: If no study in the storage has one of the names.
        """
        opened = _opened(storage)
        if request is None:
            return cls(names=_Glob("*") if opened else None, storage=opened)
        if callable(request):
            return cls(names=request, storage=_required(opened, request))
        if isinstance(request, str) and _is_glob(request, _required(opened, request)):
            return cls(names=_Glob(request), storage=opened)
        items = [request] if isinstance(request, (str, Study)) else _listed(request)
        studies = tuple(item for item in items if isinstance(item, Study))
        names = [item for item in items if isinstance(item, str)]
        strange = [item for item in items if not isinstance(item, (str, Study))]
        if strange:
            raise TypeError(f"{_EXPECTED}, got {strange[0]!r}")
        if names:
            _check_names(names, _required(opened, names))
        return cls(studies, _OneOf(tuple(names)) if names else None, opened)

    def read(self, target: Snapshot) -> tuple[tuple[SourceStudy, ...], tuple[LeftOut, ...]]:
        """The source studies of ``target`` and those left out; never the target itself."""
        if self._read is None or (self._attempts < _MAX_ATTEMPTS and _broken(self._read)):
            self._attempts += 1
            self._read = _once(_read_one(one) for one in self._load())
        name = target.name
        usable = [s for s in self._read if isinstance(s, SourceStudy) and not s.is_study(target)]
        left_out = [s for s in self._read if isinstance(s, LeftOut) and s.name != name]
        return tuple(usable), tuple(left_out)

    def _load(self) -> list[Study | LeftOut]:
        found: list[Study | LeftOut] = list(self.studies)
        if self.storage is None or self.names is None:
            return found
        try:
            existing = optuna.get_all_study_names(storage=self.storage)
        except Exception as error:  # a storage that is gone must not end a run
            return [*found, LeftOut("storage", f"{_UNREADABLE}: {error}")]
        for name in existing:
            if self.names(name):
                try:
                    found.append(optuna.load_study(study_name=name, storage=self.storage))
                except Exception as error:  # a study that cannot be read must not end a run
                    found.append(LeftOut(name, f"{_UNREADABLE}: {error}"))
        return found


@dataclass(frozen=True)
class _Glob:
    pattern: str

    def __call__(self, name: str) -> bool:
        return fnmatch.fnmatchcase(name, self.pattern)


@dataclass(frozen=True)
class _OneOf:
    names: tuple[str, ...]

    def __call__(self, name: str) -> bool:
        return name in self.names


def _opened(storage: str | BaseStorage | None) -> BaseStorage | None:
    if storage is None:
        return None
    if not isinstance(storage, (str, BaseStorage)):
        raise TypeError(f"storage expects a URL or one of Optuna's storages, got {storage!r}")
    return get_storage(storage)


def _listed(request: Iterable[Study | str]) -> list[Study | str]:
    if not isinstance(request, Iterable):
        raise TypeError(f"{_EXPECTED}, got {request!r}")
    return list(request)


def _is_glob(request: str, storage: BaseStorage) -> bool:
    """Whether a string is a pattern; one that is the name of a study is that name."""
    special = any(character in request for character in "*?[")
    return special and request not in optuna.get_all_study_names(storage=storage)


def _required(storage: BaseStorage | None, request: object) -> BaseStorage:
    if storage is None:
        raise TypeError(f"source_studies={request!r} needs storage= to look the studies up in")
    return storage


def _check_names(names: Sequence[str], storage: BaseStorage) -> None:
    existing = optuna.get_all_study_names(storage=storage)
    for name in names:
        if name not in existing:
            close = difflib.get_close_matches(name, existing, n=3)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise ValueError(f"the storage has no study named {name!r}{hint}")


def _broken(read: Sequence[SourceStudy | LeftOut]) -> bool:
    return any(isinstance(one, LeftOut) and one.reason.startswith(_UNREADABLE) for one in read)


def _once(read: Iterable[SourceStudy | LeftOut]) -> tuple[SourceStudy | LeftOut, ...]:
    """Drops a study that was asked for twice, as an object and by its name, say."""
    found: dict[object, SourceStudy | LeftOut] = {}
    for one in read:
        start = one.trials[0].datetime_start if isinstance(one, SourceStudy) else None
        found.setdefault((one.name, start), one)
    return tuple(found.values())


def _read_one(study: Study | LeftOut) -> SourceStudy | LeftOut:
    if isinstance(study, LeftOut):
        return study
    try:
        trials = tuple(study.get_trials(deepcopy=False, states=_TELLING))
        objectives = objectives_of(study)
    except Exception as error:  # a study that cannot be read must not end a run
        return LeftOut(study.study_name, f"{_UNREADABLE}: {error}")
    if all(trial.state == TrialState.PRUNED for trial in trials):
        return LeftOut(study.study_name, "has no completed trials")
    return SourceStudy(study.study_name, objectives, trials)
