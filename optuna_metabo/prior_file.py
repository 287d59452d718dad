"""One file of arrays and a header, which runs no code and takes no more memory than it is long.

The format is safetensors: eight bytes that say how long the header is, the header in JSON, the
arrays one after the other. Nothing is compressed, so that nothing can unfold. What this file adds
stands in the header's metadata: whose file it is, its version, the content beside the arrays as a
JSON text, and a checksum of everything else. Equal content gives equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy import ndarray as Array

from optuna_metabo.replacing import replacing

FORMAT, VERSION = "optuna-metabo prior", 1

# Bytes of a file and of its header, and items in the header: what Python makes of one takes about
# a hundred bytes.
_MAX_FILE, _MAX_HEADER, _MAX_ITEMS = 2**30, 2**25, 1_000_000
_CHUNK = 2**20
_ALIGNMENT = 8
_DTYPES = {
    "BOOL": np.dtype("bool"),
    "F64": np.dtype("<f8"),
    "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}

_EXPECTED = "a file that TransferPrior.save or 'optuna-metabo prior build' has written"


class PriorFileError(ValueError):
    """A file that is not a whole and unaltered prior of this version or an earlier one.

    Example:
        >>> from optuna_metabo import PriorFileError, TransferPrior
        >>> try:
        ...     TransferPrior.load(__file__)
        ... except PriorFileError as error:
        ...     print("cannot be read" in str(error))
        True
    """

    def __init__(self, path: str | os.PathLike[str], problem: str) -> None:
        super().__init__(
            f"{os.fspath(path)!r} cannot be read: {problem}. Expected {_EXPECTED}, of version "
            f"{VERSION} at most"
        )
        self._parts = os.fspath(path), problem

    def __reduce__(self) -> tuple[type[PriorFileError], tuple[str, str]]:
        # Raised in a worker it reaches the process that waits for it.
        return type(self), self._parts


@dataclass(frozen=True)
class Content:
    """What a file holds: anything that JSON can say, and arrays by name."""

    text: Mapping[str, Any]
    arrays: Mapping[str, Array]


def checked(path: str | os.PathLike[str]) -> Path:
    """A path that names a file.

    Raises:
        TypeError: If it is none: a number would be an open file's.
        ValueError: If it names a folder alone.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path expects the path of a file, got {path!r}")
    if not Path(path).name:
        raise ValueError(f"path expects the path of a file, got {os.fspath(path)!r}")
    return Path(path)


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Writes a file as a whole or not at all: one of that name stands until it is replaced.

    Raises:
        TypeError, ValueError: If ``path`` names no file.
        OSError: If it cannot be written.
    """
    path = checked(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in content.arrays.items()}
    header = _header(content.text, arrays)
    header["__metadata__"]["sha256"] = _checksum(header, arrays.values())
    text = _padded(header)
    with replacing(path) as unfinished, open(unfinished, "xb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.tobytes())
        file.flush()
        os.fsync(file.fileno())


def _header(text: Mapping[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    content = json.dumps(text, separators=(",", ":"))
    metadata = {"format": FORMAT, "version": str(VERSION), "content": content, "sha256": ""}
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    return header


def _padded(header: Mapping[str, Any]) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % _ALIGNMENT)


def _checksum(header: Mapping[str, Any], parts: Any) -> str:
    """Of a header without its checksum, and of all arrays."""
    blank = {**header, "__metadata__": {**header["__metadata__"], "sha256": ""}}
    digest = hashlib.sha256(_padded(blank))
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def read(path: str | os.PathLike[str]) -> Content:
    """Reads a file; sizes are checked before anything of that size is made.

    Raises:
        PriorFileError: If it is anything but a whole, unaltered file of this format.
        OSError: If there is no such file, or it may not be read.
        TypeError, ValueError: If ``path`` names no file.
    """
    checked(path)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError as error:
        told = f"no such file, expected {_EXPECTED}"
        raise FileNotFoundError(error.errno, told, os.fspath(path)) from None
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its other end
        raise PriorFileError(path, "it is no regular file")
    with open(path, "rb") as file:
        try:
            return _read(file, os.fstat(file.fileno()).st_size)
        except (_Problem, RecursionError, ArithmeticError, LookupError, TypeError) as error:
            problem = str(error) if isinstance(error, _Problem) else "its header makes no sense"
            raise PriorFileError(path, problem) from None


class _Problem(Exception):
    """What is wrong, before it is known with which file."""


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise _Problem(otherwise)


def _read(file: BinaryIO, size: int) -> Content:
    _require(size <= _MAX_FILE, f"it is larger than {_MAX_FILE} bytes")
    _require(size > 8, "it is too short to be a prior")
    length = int.from_bytes(file.read(8), "little")
    _require(length <= _MAX_HEADER, "it begins with something else than a prior does")
    _require(length <= size - 8, "it is not whole")
    text = file.read(length)
    header = _parsed(text)
    metadata = _checked_metadata(header.get("__metadata__"))
    shapes = {name: entry for name, entry in header.items() if name != "__metadata__"}
    end = 0
    for entry in shapes.values():
        end = _end(entry, end)
    _require(end == size - 8 - length, "it is not whole, or something follows it")
    start = file.tell()
    chunks = iter(lambda: file.read(_CHUNK), b"")
    is_intact = text == _padded(header) and metadata["sha256"] == _checksum(header, chunks)
    _require(is_intact, "it was altered after it was written: its checksum is another")
    file.seek(start)
    data = file.read(end)
    content = _parsed(metadata["content"].encode())
    return Content(content, {name: _array(data, entry) for name, entry in shapes.items()})


def _parsed(text: bytes) -> dict[str, Any]:
    """JSON that is an object and holds a bounded number of items."""
    _require(text[:1] == b"{", "it begins with something else than a prior does")
    n_items = sum(text.count(sign) for sign in (b",", b"[", b"{"))
    _require(n_items <= _MAX_ITEMS, "its header holds more than any prior's")
    try:
        found = json.loads(text)
    except ValueError:  # also of bytes that are no text
        raise _Problem("its header is damaged") from None
    _require(isinstance(found, dict), "its header is damaged")
    return dict(found)


def _checked_metadata(metadata: Any) -> dict[str, str]:
    """What says whose file it is, and of which version."""
    is_ours = isinstance(metadata, dict) and metadata.get("format") == FORMAT
    _require(is_ours, "it is a file of another program")
    whole = all(isinstance(metadata.get(key), str) for key in ("version", "content", "sha256"))
    _require(whole and metadata["version"].isdecimal(), "its header is damaged")
    version = metadata["version"]
    newer = f"it is of version {version[:20]}, written by a newer optuna-metabo: update this one"
    _require(len(version) < 10 and int(version) <= VERSION, newer)
    _require(int(version) > 0, "its header is damaged")
    return dict(metadata)


def _end(entry: Any, begin: int) -> int:
    """Where an array ends that begins where the one before ended, if it is what it says."""
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    _require(
        dtype in _DTYPES
        and all(type(n) is int and 0 <= n <= _MAX_FILE for n in (*shape, *offsets))
        and len(shape) <= 8
        and len(offsets) == 2,
        "it holds an array of a kind that no prior has",
    )
    size = _DTYPES[dtype].itemsize
    for n in shape:
        size *= n
    end = begin + size
    _require(offsets == [begin, end] and end <= _MAX_FILE, "its arrays are not what it says")
    return end


def _array(data: bytes, entry: Mapping[str, Any]) -> Array:
    begin, end = entry["data_offsets"]
    dtype = _DTYPES[entry["dtype"]]
    is_mask = dtype.kind == "b"
    kind = np.dtype("u1") if is_mask else dtype
    array = np.frombuffer(data, kind, (end - begin) // kind.itemsize, begin)
    array = array.reshape(entry["shape"])
    return array != 0 if is_mask else array.astype(dtype.newbyteorder("="), copy=False)
