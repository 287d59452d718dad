"""What was learned, as JSON and arrays, and back: frozen dataclasses of known classes, no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.restored import check

# Where the classes stand that may be made; imported only when one is asked for.
_MODULES = (
    "domain",
    "tasks",
    "ensembles.averaging",
    "ensembles.common",
    "ensembles.functions",
    "ensembles.plain",
    "ensembles.portfolio",
    "ensembles.screening",
    "ensembles.source_models",
    "ensembles.success",
    "gp.exact",
    "gp.kernel",
)
_PLAIN = (bool, int, float, str, type(None))


def _classes() -> dict[str, type]:
    """The dataclasses of these modules by name."""
    found = {}
    for name in _MODULES:
        module = import_module(f"optuna_metabo.{name}")
        for value in vars(module).values():
            if isinstance(value, type) and is_dataclass(value):
                found[value.__name__] = value
    return found


@dataclass
class Packing:
    """Gathers the arrays of what is packed; one that is there already is not kept twice.

    Args:
        given: Arrays that will be there when it is unpacked, by name.
    """

    given: Mapping[str, Array]
    arrays: list[Array] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)
    _known: dict[str, type] = field(default_factory=_classes)

    def pack(self, value: Any) -> Any:
        """The value as JSON, in which arrays are numbers.

        Raises:
            TypeError: If it holds anything but arrays, numbers, texts, tuples and dataclasses
                that are known.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, tuple):
            return [self.pack(one) for one in value]
        if not is_dataclass(value) or self._known.get(type(value).__name__) is not type(value):
            raise TypeError(f"{type(value).__name__} cannot be kept in a file")
        held = {one.name: self.pack(getattr(value, one.name)) for one in fields(value)}
        return {"class": type(value).__name__, "fields": held}

    def _array(self, value: Array) -> dict[str, Any]:
        for name, one in self.given.items():
            if value.dtype == one.dtype and np.array_equal(value, one):
                return {"given": name}
        index = self._seen.setdefault(id(value), len(self.arrays))
        if index == len(self.arrays):
            self.arrays.append(value)
        return {"array": index}


def unpack(value: Any, given: Mapping[str, Array], arrays: list[Array]) -> Any:
    """What :meth:`Packing.pack` made JSON of.

    Raises:
        KeyError: If a class is not known.
        TypeError: If a class has other fields here than where it was packed.
        ValueError: If a field holds what none can.
    """
    return _Unpacking(given, arrays, _classes()).unpack(value)


@dataclass(frozen=True)
class _Unpacking:
    given: Mapping[str, Array]
    arrays: list[Array]
    classes: Mapping[str, type]

    def unpack(self, value: Any) -> Any:
        """The object of a value of JSON, those inside it included."""
        if isinstance(value, list):
            return tuple(self.unpack(one) for one in value)
        if not isinstance(value, dict):
            return value
        if "given" in value:
            return self.given[value["given"]]
        if "array" in value:
            return self.arrays[value["array"]]
        made, held = self.classes[value["class"]], value["fields"]
        if missing := {one.name for one in fields(made)} - held.keys():
            raise TypeError(f"{made.__name__} was packed without {sorted(missing)}")
        thing = made(**{name: self.unpack(one) for name, one in held.items()})
        check(thing)
        return thing
