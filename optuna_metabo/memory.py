"""Remembers what was costly to make, within a bound of bytes."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy import ndarray as Array

V = TypeVar("V")


def n_bytes(value: object) -> int:
    """The bytes of the arrays in a value: dataclasses, mappings and sequences are looked into."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if is_dataclass(value):
        return sum(n_bytes(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return sum(n_bytes(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return sum(n_bytes(one) for one in value)
    return sys.getsizeof(value)


def digest(*arrays: Array) -> bytes:
    """A name for the numbers and the shapes of some arrays."""
    found = hashlib.blake2b()
    for array in arrays:
        found.update(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return found.digest()


def digest_of(value: object) -> bytes:
    """A name for what is written as a value is: a key as short for thousands as for one."""
    return hashlib.blake2b(repr(value).encode("utf-8", "backslashreplace")).digest()


class Memory(Generic[V]):
    """The values used last, as many as fit; shared by threads, and forgotten when pickled.

    Args:
        most: The bytes that all values may take; the last one is kept whatever it takes. With 0
            there is no other, and nothing is counted.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        return {"_most": self._most}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_most"])  # type: ignore[misc]

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """The bytes that all values take."""
        return self._size

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not remembered."""
        with self._lock:
            if key not in self._kept:
                value = make()
                self._kept[key] = value, n_bytes(value) if self._most else 1
                self._size += self._kept[key][1]
                while len(self._kept) > 1 and self._size > self._most:
                    self._size -= self._kept.popitem(last=False)[1][1]
            self._kept.move_to_end(key)
            return self._kept[key][0]
