"""Which past studies a user asks for, checked at once."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from optuna.storages import BaseStorage
from optuna.study import Study

from optuna_metabo.logs import warn
from optuna_metabo.reading import (
    Glob,
    Names,
    NoSuchStorage,
    OneOf,
    check_names,
    is_glob,
    opened,
    shown,
    study_names,
)

_EXPECTED = "source_studies expects Study objects, study names, a glob or a predicate"

Request = Sequence[Study | str] | str | Callable[[str], bool] | None


@dataclass(frozen=True)
class Wanted:
    """The studies asked for.

    Args:
        studies: Those given as objects.
        names: Which names of the storage are asked for.
        storage: Where; a URL as long as there is nothing to open.
        pattern: What a glob or a predicate is called; ``None`` for anything else.
        told: Whether the user has been warned that there is nothing.
    """

    studies: tuple[Study, ...] = ()
    names: Names | None = None
    storage: str | BaseStorage | None = None
    pattern: str | None = None
    told: bool = False

    @classmethod
    def of(cls, request: Request, storage: str | BaseStorage | None) -> Wanted:
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
            raise TypeError(f"{_EXPECTED}, got {reprlib.repr(strange[0])}")
        studies = tuple(item for item in items if isinstance(item, Study))
        names = tuple(item for item in items if isinstance(item, str))
        if not names:
            return cls(studies, storage=None if storage is None else opened(storage))
        place = _required(storage, names)
        check_names(names, study_names(place))
        return cls(studies, OneOf(names), place)

    @classmethod
    def _everything(cls, storage: str | BaseStorage) -> Wanted:
        try:
            return cls(names=Glob("*"), storage=opened(storage))
        except NoSuchStorage as error:
            warn(f"No past study is read: {error}.")
            return cls(names=Glob("*"), storage=storage, told=True)

    @classmethod
    def _matching(cls, names: Names, pattern: str, storage: BaseStorage) -> Wanted:
        existing = study_names(storage)
        nothing = not any(map(names, existing))
        if nothing:
            warn(f"source_studies={pattern!r} matches no study of the storage, {shown(existing)}.")
        return cls(names=names, storage=storage, pattern=pattern, told=nothing)


def _called(predicate: Names) -> str:
    return getattr(predicate, "__name__", repr(predicate))


def _listed(request: Iterable[Study | str]) -> list[Study | str]:
    if not isinstance(request, Iterable):
        raise TypeError(f"{_EXPECTED}, got {reprlib.repr(request)}")
    return list(request)


def _required(storage: str | BaseStorage | None, request: object) -> BaseStorage:
    if storage is None:
        raise TypeError(f"source_studies={request!r} needs storage= to look the studies up in")
    return opened(storage)
