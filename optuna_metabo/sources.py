"""Which finished studies count; read once, and why a study was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study

from optuna_metabo.attributes import numbers
from optuna_metabo.logs import LOGGER
from optuna_metabo.objectives import objectives_of
from optuna_metabo.past import Past
from optuna_metabo.past_study import UNFINISHED, Identity, LeftOut, SourceStudy
from optuna_metabo.reading import (
    NoSuchStorage,
    OneOf,
    cause,
    first_line,
    holds_no_more,
    opened,
    reading_errors,
    study_names,
)
from optuna_metabo.request import Request, Wanted
from optuna_metabo.snapshot import Snapshot

# A storage that cannot be read may be back at the next ask; after so many times it is given up.
_MAX_ATTEMPTS = 3
_UNREAD, _AGAIN = "cannot be read", ", which is tried again"


@dataclass
class Sources:
    """The studies asked for, read at the first ask.

    Args:
        wanted: Which these are.
        kept: Studies that were read before, and are read again only if they have grown.
    """

    wanted: Wanted
    kept: tuple[SourceStudy, ...] = ()
    _past: tuple[object, object, Past] | None = field(default=None, repr=False)
    _places: tuple[object, dict[str, list[int]]] | None = field(default=None, repr=False)
    _read: tuple[SourceStudy | LeftOut, ...] | None = field(default=None, repr=False)
    _asked: set[tuple[str, int | None]] = field(default_factory=set, repr=False)
    _said: bool = field(default=False, repr=False)
    _warned: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, request: Request, storage: str | BaseStorage | None) -> Sources:
        """Those that a user asks for; raises what :meth:`Wanted.of` does."""
        return cls(Wanted.of(request, storage))

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
        wanted = self.wanted
        if wanted.pattern is not None:
            return [LeftOut(wanted.pattern, "matches no other study", told=wanted.told)]
        if not self._said and (wanted.names or wanted.studies):
            self._said = True
            LOGGER.info("There is no other study to learn from yet.")
        return []

    def _load(self) -> list[Study | LeftOut]:
        found: list[Study | LeftOut] = list(self.wanted.studies)
        asked, storage = self.wanted.names, self.wanted.storage
        if storage is None or asked is None:
            return found
        try:
            storage = opened(storage)
            self.wanted = replace(self.wanted, storage=storage)
            existing = study_names(storage)
        except NoSuchStorage as error:
            return [*found, LeftOut("storage", str(error), may_return=True, told=True)]
        except reading_errors() as error:  # a storage that is gone must not end a run
            return [*found, _unreadable("storage", error)]
        new = [name for name in existing if asked(name) and not self._is_kept(name, storage)]
        return [*found, *[_loaded(name, storage) for name in new], *self._gone(existing)]

    def _gone(self, existing: Sequence[str]) -> list[LeftOut]:
        """Studies that were there when they were asked for by name."""
        asked = self.wanted.names.names if isinstance(self.wanted.names, OneOf) else ()
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
