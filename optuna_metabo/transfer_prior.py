"""What is learned from past studies, as one object and one file.

A sampler that is given one needs no access to the storage of the studies, and where the new study
has their search space it learns nothing anew.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy import ndarray as Array
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from optuna_metabo import archive, prior_file
from optuna_metabo.belief import Belief
from optuna_metabo.encoding import Encoding
from optuna_metabo.ensembles import by_name
from optuna_metabo.frozen import Packing, unpack
from optuna_metabo.gp.exact import Batch
from optuna_metabo.learning import SUCCESS, Key, Learned, Output, Question
from optuna_metabo.limits import usual
from optuna_metabo.logs import counted
from optuna_metabo.objectives import Objective
from optuna_metabo.past import Past
from optuna_metabo.past_study import MAX_KEPT, MAX_TRIALS, LeftOut, SourceStudy
from optuna_metabo.prior_file import Content, PriorFileError
from optuna_metabo.request import Request
from optuna_metabo.sources import Sources
from optuna_metabo.surrogate import Prior, Surrogate, Task
from optuna_metabo.threads import single_threaded

# The surrogates of which what is learned is kept; another learns when the first trial asks.
_KEPT = ("auto",)
# Points at which what was learned is tried, and of how many of them values are told: to more than
# one hyperparameters are fitted, for which a third of a second of imports would be waited for.
_N_TRIED, _N_TOLD = 4, 1
_ROUNDING = 1e-9
# What a file that makes no sense raises when it is unpacked, or when what it holds is tried.
_NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, eq=False)
class TransferPrior:
    """Past studies and what is learned from them; nothing of it ever changes.

    Priors are told apart as objects; whether two hold the same, their files tell.

    Made by :meth:`fit` or :meth:`load`, given to ``MetaGPSampler(prior=...)``, which then proposes
    what it would with the studies themselves.

    Args:
        studies: What counts of each study, as arrays.
        surrogate: What has learned, by name.
        left_out: Studies that were asked for and cannot help, and why.

    Example:
        >>> import optuna
        >>> from optuna_metabo import MetaGPSampler, TransferPrior
        >>> past = optuna.create_study(study_name="past", sampler=optuna.samplers.RandomSampler(0))
        >>> past.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=20)
        >>> prior = TransferPrior.fit([past])
        >>> [study.name for study in prior.studies]
        ['past']
        >>> study = optuna.create_study(sampler=MetaGPSampler(prior=prior))
    """

    studies: tuple[SourceStudy, ...]
    surrogate: str = "auto"
    left_out: tuple[LeftOut, ...] = ()
    _learned: Mapping[Key, tuple[dict[str, Any], Learned]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def fit(
        cls,
        studies: Request = None,
        *,
        storage: str | BaseStorage | None = None,
        surrogate: str = "auto",
    ) -> TransferPrior:
        """Reads studies, and learns over the search space that they have together.

        Args:
            studies: ``Study`` objects, or (with ``storage``) names, a glob or a predicate; with
                ``storage`` alone every study in it.
            storage: A URL or a storage object; it is only read.
            surrogate: As of ``MetaGPSampler``. What ``"auto"`` learns is kept; another learns
                when the first trial asks.

        Raises:
            TypeError: If ``studies`` is none of these.
            ValueError: If there is no study, storage or surrogate of a name, or none of the
                studies has finished trials.
        """
        by_name(surrogate)
        return cls((), surrogate)._with(Sources.of(studies, storage))

    def update(
        self, studies: Request = None, *, storage: str | BaseStorage | None = None
    ) -> TransferPrior:
        """A prior of these studies and others; of the storage only those are read that are new,
        have grown or have got other attributes. If there are none, the prior itself.

        Args:
            studies: As of :meth:`fit`.
            storage: As of :meth:`fit`.
        """
        return self._with(replace(Sources.of(studies, storage), kept=self.studies))

    def _with(self, sources: Sources) -> TransferPrior:
        read = sources.everything()
        studies = tuple(one for one in read if isinstance(one, SourceStudy))
        left_out = tuple(one for one in read if isinstance(one, LeftOut))
        if not studies:
            why = "; ".join(f"{one.name!r} {one.reason}" for one in left_out) or "there is none"
            raise ValueError(f"expected a study with finished trials: {why}")
        if [one.state for one in studies] == [one.state for one in self.studies]:
            return self
        prior = TransferPrior(studies, self.surrogate, left_out)
        return replace(prior, _learned=prior._learn())

    @property
    def past(self) -> Past:
        """The studies as a sampler sees them."""
        return Past.of(self.studies, self.left_out)

    @property
    def learned(self) -> dict[Key, Learned]:
        """What a sampler of the same surrogate need not learn."""
        return {key: learned for key, (_, learned) in self._learned.items()}

    def _learn(self) -> dict[Key, tuple[dict[str, Any], Learned]]:
        """Over the space of all studies, the outputs that most of them have."""
        past, found = self.past, {}
        if not past.studies or self.surrogate not in _KEPT:
            return {}
        surrogate = by_name(self.surrogate)
        with single_threaded():
            for asked in _usual_outputs(past):
                question = _question(asked, past)
                found[question.key] = asked, question.learned(surrogate)
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file as a whole or not at all; equal priors give equal bytes.

        Raises:
            OSError: If it cannot be written.
            TypeError, ValueError: If ``path`` names no file.
        """
        content = archive.packed(self.studies)
        entries: list[dict[str, Any]] = []
        arrays = dict(content.arrays)
        for asked, learned in self._learned.values():
            packing = Packing(_given(learned.used_tasks))
            try:
                packed = packing.pack(learned.prior)
            except TypeError:  # what holds anything else is learned when a trial asks
                continue
            names = [f"learned.{len(entries)}.{i}" for i in range(len(packing.arrays))]
            arrays |= dict(zip(names, packing.arrays, strict=True))
            entries.append({"asked": asked, "prior": packed, "arrays": names})
        settings = {
            "surrogate": self.surrogate,
            "max_trials_kept": MAX_KEPT,
            "max_trials_used": MAX_TRIALS,
        }
        left_out = [[one.name, one.reason] for one in self.left_out]
        text = {"settings": settings, "left_out": left_out, **content.text, "learned": entries}
        prior_file.write(path, Content(text, arrays))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TransferPrior:
        """Reads a file; no code of it is run, whatever it holds.

        Raises:
            PriorFileError: If it is not a whole and unaltered file of :meth:`save`, of this
                version or an earlier one; a ``ValueError``.
            OSError: If it cannot be opened.
            TypeError, ValueError: If ``path`` names no file.
        """
        content = prior_file.read(path)
        try:
            return cls._unpacked(content)
        except _NONSENSE as error:
            raise PriorFileError(path, f"its content makes no sense ({error})") from error

    @classmethod
    def _unpacked(cls, content: Content) -> TransferPrior:
        surrogate = str(content.text["settings"]["surrogate"])
        left_out = tuple(LeftOut(str(name), str(why)) for name, why in content.text["left_out"])
        prior = cls(archive.unpacked(content), surrogate, left_out)
        entries = content.text["learned"] if surrogate in _KEPT else []
        learned = {}
        for entry in entries:
            question = _question(entry["asked"], prior.past)
            arrays = [content.arrays[name] for name in entry["arrays"]]
            if found := _relearned(question, entry["prior"], arrays):
                learned[question.key] = entry["asked"], found
        return replace(prior, _learned=learned)

    @property
    def _counted(self) -> str:
        return counted(len(self.studies), "past study", "past studies")

    def __repr__(self) -> str:
        return f"<prior of {self._counted}>"

    def __str__(self) -> str:
        """A table of the studies."""
        lines = [f"{self._counted}, learned by {self.surrogate!r}"]
        for one in self.studies:
            directions = ", ".join(
                f"{goal.direction.name.lower()}{f' {goal.name}' if goal.name else ''}"
                for goal in one.objectives
            )
            lines.append(
                f"{one.name}: {counted(one.n_finished, 'trial')}, {len(one.failed)} failed; "
                f"{directions}; {', '.join(one.search_space)}"
            )
        lines += [f"left out: {one.name} ({one.reason})" for one in self.left_out]
        return "\n".join(lines)


def held(
    prior: TransferPrior | str | os.PathLike[str], surrogate: Surrogate
) -> tuple[tuple[SourceStudy, ...], dict[Key, Learned]]:
    """The studies of a prior or its file, and what a surrogate need not learn of them.

    Raises:
        TypeError: If it is neither.
    """
    if not isinstance(prior, TransferPrior):
        if not isinstance(prior, (str, os.PathLike)):  # a number would be an open file's
            raise TypeError(f"prior must be a TransferPrior or the path of a file, got {prior!r}")
        prior = TransferPrior.load(prior)
    learned = prior.learned
    is_its_own = bool(learned) and by_name(prior.surrogate) == surrogate
    return prior.studies, learned if is_its_own else {}


def _usual_outputs(past: Past) -> list[dict[str, Any]]:
    """What a study like most of these models."""
    objectives, _ = Counter(study.objectives for study in past.studies).most_common(1)[0]
    asked: list[dict[str, Any]] = [
        {"objective": [one.index, one.direction.name, one.name], "count": len(objectives)}
        for one in objectives
    ]
    asked += [{"constraint": key} for key in usual(past.studies)]
    return [*asked, *[{"success": True}] * bool(past.failing)]


def _question(asked: Mapping[str, Any], past: Past) -> Question:
    space = {name: past.search_space[name] for name in sorted(past.search_space)}
    if "success" in asked:
        return Question.of(SUCCESS, past.failing, space)
    if "constraint" in asked:
        return Question.of(Output.constraint(asked["constraint"]), past.studies, space)
    index, direction, name = asked["objective"]
    one = Objective(index, StudyDirection[direction], name)
    output = Output.objective(one, asked["count"], past.studies)
    return Question.of(output, past.studies, space)


def _given(tasks: Sequence[Task]) -> dict[str, Array]:
    """The large arrays that what is learned shares with the studies."""
    if not tasks:
        return {}
    batch = Batch.of(tasks)
    return {one.name: getattr(batch, one.name) for one in fields(batch)}


def _relearned(question: Question, packed: Any, arrays: list[Array]) -> Learned | None:
    """What was learned, tried at a few points before it is believed.

    Nothing if it is of another form than here: a later release may learn otherwise.
    """
    used, reasons = question.read
    try:
        prior = unpack(packed, _given([one.task for one in used]), arrays)
    except (KeyError, TypeError):
        return None
    _try(prior, question.encoding)
    return Learned(prior, used, reasons)


def _try(prior: Prior, encoding: Encoding) -> None:
    """Where a search begins, and where a value is known.

    The former loads what the first ask would wait for otherwise; the latter looks at all that
    later ones need.
    """
    with single_threaded(), np.errstate(all="ignore"):
        X = encoding.domain.sample(_N_TRIED, generator=np.random.default_rng(0))
        for n in (0, _N_TOLD):
            model = Belief(Task(X[:n], np.arange(float(n))), prior).condition(X[:0]).acting
            posterior, weights = model.posterior(X), model.weights
            if not (np.isfinite(posterior.mean).all() and (posterior.variance > 0.0).all()):
                raise ValueError("what was learned has no finite mean or no variance")
            if not ((weights >= 0.0).all() and weights.sum() <= 1.0 + _ROUNDING):
                raise ValueError("what was learned has weights that none can have")
