"""Which finished studies count; read once, and why a study was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import Study

from optuna_metabo.attributes import numbers
from optuna_metabo.logs import LOGGER, warn
from optuna_metabo.outputs import objectives_of
from optuna_metabo.past_study import (
    MAX_TRIALS,
    UNFINISHED,
    Identity,
    LeftOut,
    SourceStudy,
    SourceTask,
)
from optuna_metabo.ranges import joint
from optuna_metabo.reading import (
    Glob,
    Names,
    NoSuchStorage,
    OneOf,
    cause,
    check_names,
    first_line,
    holds_no_more,
    is_glob,
    opened,
    reading_errors,
    shown,
    study_names,
)
from optuna_metabo.snapshot import Snapshot

__all__ = ["MAX_TRIALS", "LeftOut", "Past", "SourceStudy", "SourceTask", "Sources"]

# A storage that cannot be read may be back at the next ask; after so many times it is given up.
_MAX_ATTEMPTS = 3
_UNREAD, _AGAIN = "cannot be read", ", which is tried again"
_EXPECTED = "source_studies expects Study objects, study names, a glob or a predicate"

Request = Sequence[Study | str] | str | Callable[[str], bool] | None


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


@dataclass
class Sources:
    """The studies asked for, validated at once and read at the first ask.

    Args:
        studies: Those given as objects.
        names: Which names of the storage are asked for.
        storage: Where; a URL as long as there is nothing to open.
        pattern: What a glob or a predicate is called; ``None`` for anything else.
        told: Whether the user has been warned that there is nothing.
        kept: Studies that were read before, and are read again only if they have grown.
    """

    studies: tuple[Study, ...] = ()
    names: Names | None = None
    storage: str | BaseStorage | None = None
    pattern: str | None = None
    told: bool = False
    kept: tuple[SourceStudy, ...] = ()
    _past: tuple[object, object, Past] | None = field(default=None, repr=False)
    _places: tuple[object, dict[str, list[int]]] | None = field(default=None, repr=False)
    _read: tuple[SourceStudy | LeftOut, ...] | None = field(default=None, repr=False)
    _asked: set[tuple[str, int | None]] = field(default_factory=set, repr=False)
    _said: bool = field(default=False, repr=False)
    _warned: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, request: Request, storage: str | BaseStorage | None) -> Sources:
        """Checks what the user asked for.

        Where past studies are asked for, by name or otherwise, a storage that does not exist is
        an error. Of ``storage`` alone nobody knows whether it is the first study of a team: a
        file that does not exist yet is a warning, is looked for again at the first ask, and is
        never created. So is a glob or a predicate that matches no study. A storage without any
        other study is only a line of the log.

        Raises:
            TypeError: If ``request`` is none of the documented kinds, or names studies without
                a storage.
            ValueError: If no study in the storage has one of the names, or there is no storage.
        """
        if request is None:
            return cls() if storage is None else cls._everything(storage)
        if callable(request):
            return cls._matching(request, _called(request), _required(storage, request))
        if isinstance(request, str) and is_glob(request):
            place = _required(storage, request)
            if request not in study_names(place):  # one that is the name of a study is that name
                return cls._matching(Glob(request), request, place)
        items = [request] if isinstance(request, (str, Study)) else _listed(request)
        strange = [item for item in items if not isinstance(item, (str, Study))]
        if strange:
            raise TypeError(f"{_EXPECTED}, got {strange[0]!r}")
        studies = tuple(item for item in items if isinstance(item, Study))
        names = tuple(item for item in items if isinstance(item, str))
        if not names:
            return cls(studies, storage=None if storage is None else opened(storage))
        place = _required(storage, names)
        check_names(names, study_names(place))
        return cls(studies, OneOf(names), place)

    @classmethod
    def _everything(cls, storage: str | BaseStorage) -> Sources:
        try:
            return cls(names=Glob("*"), storage=opened(storage))
        except NoSuchStorage as error:
            warn(f"No past study is read: {error}.")
            return cls(names=Glob("*"), storage=storage, told=True)

    @classmethod
    def _matching(cls, names: Names, pattern: str, storage: BaseStorage) -> Sources:
        existing = study_names(storage)
        nothing = not any(map(names, existing))
        if nothing:
            warn(f"source_studies={pattern!r} matches no study of the storage, {shown(existing)}.")
        return cls(names=names, storage=storage, pattern=pattern, told=nothing)

    def read(self, target: Snapshot, trial: int | None = None) -> Past:
        """The source studies of ``target`` and those left out; never the target itself.

        Where something could not be read, it is tried again for the next two trials that ask, and
        whenever somebody looks.

        Args:
            target: The study.
            trial: The number of the one that asks, perhaps several times, if one does.
        """
        asks = target.name, trial
        if self._read is None or (_unread(self._read) and asks not in self._asked):
            if trial is not None:
                self._asked.add(asks)
            self.everything(is_last=len(self._asked) >= _MAX_ATTEMPTS)
        read = self._read or ()
        if self._places is None or self._places[0] is not read:
            self._places = read, _places(read)
        own = tuple(i for i in self._places[1].get(target.name, ()) if _is(read[i], target))
        key = target.name, own
        if self._past is None or self._past[0] is not read or self._past[1] != key:
            self._past = read, key, self._without(read, target.name, own)
        return self._past[2]

    def _without(
        self, read: Sequence[SourceStudy | LeftOut], name: str, own: Sequence[int]
    ) -> Past:
        """Those of a study, which is itself in some places."""
        others = [s for i, s in enumerate(read) if isinstance(s, SourceStudy) and i not in own]
        left_out = [s for s in read if isinstance(s, LeftOut) and s.name != name]
        left_out += [_without_values(one) for one in others if not one.is_completed]
        if not others and not left_out:
            left_out = self._nothing()
        return Past.of(others, left_out)

    def everything(self, *, is_last: bool = True) -> tuple[SourceStudy | LeftOut, ...]:
        """What was kept, and what is read.

        Args:
            is_last: Whether what cannot be read is given up, or is tried again by the next call.
        """
        if self._read is None or _unread(self._read):
            known = [one.identity for one in self.kept]
            found = [*self.kept, *(_read_one(one, known) for one in self._load())]
            read = _once(found)
            again = not is_last and bool(_unread(read))
            self._warn(_unread(found), again=again)
            self._read = read if again else tuple(map(_given_up, read))
        return self._read

    def _warn(self, unread: Iterable[LeftOut], *, again: bool) -> None:
        """Says once of each study that it cannot be read, and whether it is tried again."""
        for one in unread:
            if not one.told and one.name not in self._warned:
                self._warned.add(one.name)
                reason = one.reason.replace(_UNREAD, _UNREAD + _AGAIN * again, 1)
                LOGGER.warning(f"{one.name!r} {reason}")

    def _nothing(self) -> list[LeftOut]:
        """Says that what was asked for holds no other study."""
        if self.pattern is not None:
            return [LeftOut(self.pattern, "matches no other study", told=self.told)]
        if not self._said and (self.names or self.studies):
            self._said = True
            LOGGER.info("There is no other study to learn from yet.")
        return []

    def _load(self) -> list[Study | LeftOut]:
        found: list[Study | LeftOut] = list(self.studies)
        if self.storage is None or self.names is None:
            return found
        try:
            self.storage = opened(self.storage)
            existing = study_names(self.storage)
        except NoSuchStorage as error:
            return [*found, LeftOut("storage", str(error), may_return=True, told=True)]
        except reading_errors() as error:  # a storage that is gone must not end a run
            return [*found, _unreadable("storage", error)]
        storage = self.storage
        wanted = [n for n in existing if self.names(n) and not self._is_kept(n, storage)]
        return [*found, *[_loaded(name, storage) for name in wanted], *self._gone(existing)]

    def _gone(self, existing: Sequence[str]) -> list[LeftOut]:
        """Studies that were there when they were asked for by name."""
        asked = self.names.names if isinstance(self.names, OneOf) else ()
        gone = [name for name in dict.fromkeys(asked) if name not in existing]
        return [LeftOut(name, "is not in the storage any more") for name in gone]

    def _is_kept(self, name: str, storage: BaseStorage) -> bool:
        """Whether all that the storage has of a study is kept."""
        return any(
            holds_no_more(storage, *one.identity, one.n_trials, one.attributes)
            for one in self.kept
            # A trial that was running when it was read may have ended since.
            if one.name == name and one.n_trials == one.n_finished
        )


def _called(predicate: Names) -> str:
    return getattr(predicate, "__name__", repr(predicate))


def _listed(request: Iterable[Study | str]) -> list[Study | str]:
    if not isinstance(request, Iterable):
        raise TypeError(f"{_EXPECTED}, got {request!r}")
    return list(request)


def _required(storage: str | BaseStorage | None, request: object) -> BaseStorage:
    if storage is None:
        raise TypeError(f"source_studies={request!r} needs storage= to look the studies up in")
    return opened(storage)


def _places(read: Sequence[SourceStudy | LeftOut]) -> dict[str, list[int]]:
    """Where the studies of each name stand."""
    found: dict[str, list[int]] = {}
    for i, one in enumerate(read):
        found.setdefault(one.name, []).append(i)
    return found


def _is(one: SourceStudy | LeftOut, target: Snapshot) -> bool:
    return isinstance(one, SourceStudy) and one.is_study(target)


def _unread(found: Iterable[SourceStudy | LeftOut]) -> list[LeftOut]:
    """What could not be read this time."""
    return [one for one in found if isinstance(one, LeftOut) and one.may_return]


def _given_up(one: SourceStudy | LeftOut) -> SourceStudy | LeftOut:
    return replace(one, may_return=False) if isinstance(one, LeftOut) else one


def _once(read: Iterable[SourceStudy | LeftOut]) -> tuple[SourceStudy | LeftOut, ...]:
    """Drops a study that was asked for twice, as an object and by its name, say.

    Of a study at two times the later one counts, and what was kept of one that cannot be read.
    """
    found: dict[object, SourceStudy | LeftOut] = {}
    for one in read:
        key = one.identity if isinstance(one, SourceStudy) else one.name
        before = found.setdefault(key, one)
        if isinstance(before, SourceStudy) and isinstance(one, SourceStudy):
            found[key] = max(one, before, key=lambda study: study.n_finished)
    readable = {one.name for one in found.values() if isinstance(one, SourceStudy)}
    return tuple(
        one for one in found.values() if isinstance(one, SourceStudy) or one.name not in readable
    )


def _loaded(name: str, storage: BaseStorage) -> Study | LeftOut:
    try:
        return optuna.load_study(study_name=name, storage=storage)
    except reading_errors() as error:  # a study that cannot be read must not end a run
        return _unreadable(name, error)


def _read_one(study: Study | LeftOut, known: Sequence[Identity]) -> SourceStudy | LeftOut:
    if isinstance(study, LeftOut):
        return study
    try:
        trials = study.get_trials(deepcopy=False)
        objectives, attributes = objectives_of(study), study.user_attrs
    except reading_errors() as error:  # a study that cannot be read must not end a run
        return _unreadable(study.study_name, error)
    read = SourceStudy.of(study.study_name, objectives, trials, known)
    return read if isinstance(read, LeftOut) else replace(read, attributes=numbers(attributes))


def _without_values(study: SourceStudy) -> LeftOut:
    return LeftOut(
        study.name, f"{UNFINISHED}{'; only where they fail is used' * bool(study.failed)}"
    )


def _unreadable(name: str, error: Exception) -> LeftOut:
    why = cause(error)
    said = f"{type(why).__name__}: {first_line(why)}"
    return LeftOut(name, f"{_UNREAD}: {said}", may_return=True)
