"""Files that are not a whole and unaltered prior."""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from optuna_metabo import MetaGPSampler, PriorFileError, TransferPrior, prior_file
from optuna_metabo.archive import packed, unpacked
from optuna_metabo.columns import Chosen, Columns
from optuna_metabo.prior_file import Content


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A prior of two studies."""
    studies = [optuna.create_study(study_name=name) for name in ("a", "b")]
    for study in studies:
        study.sampler = optuna.samplers.RandomSampler(seed=len(study.study_name))
        study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("n", 1, 3), n_trials=6)
    path = tmp_path_factory.mktemp("whole") / "team.prior"
    TransferPrior.fit(studies).save(path)
    return path.read_bytes()


def altered(whole: bytes, change: Callable[[dict[str, Any]], None], data: bytes = b"") -> bytes:
    """A file of which the header says something else, its checksum included."""
    n = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + n])
    data = data or whole[8 + n :]
    change(header)
    header["__metadata__"]["sha256"] = prior_file._checksum(header, [data])
    text = prior_file._padded(header)
    return len(text).to_bytes(8, "little") + text + data


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arrays.npy", bytes(2**24))
    return file.getvalue()


class Pwned:
    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


def version(header: dict[str, Any], version: str) -> None:
    header["__metadata__"]["version"] = version


def huge(header: dict[str, Any]) -> None:
    header["values"]["shape"] = [2**62, 4]


def overlapping(header: dict[str, Any]) -> None:
    header["values"]["data_offsets"] = [0, 8]


def objects(header: dict[str, Any]) -> None:
    header["values"]["dtype"] = "object"


def content(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def changed(header: dict[str, Any]) -> None:
        text = json.loads(header["__metadata__"]["content"])
        change(text)
        header["__metadata__"]["content"] = json.dumps(text, separators=(",", ":"))

    return changed


def nested(text: dict[str, Any]) -> None:
    """As JSON, what was learned is shallow enough to be read, and too deep to be unpacked."""
    fields = text["learned"][0]["prior"]["fields"]
    fields["trust"] = reduce(lambda held, _: [held], range(600), fields["trust"])


def learned(*path: str, to: Any) -> Callable[[bytes], bytes]:
    """A file of which one number that was learned is another."""

    def change(text: dict[str, Any]) -> None:
        held = text["learned"][0]["prior"]["fields"]
        for name in path[:-1]:
            held = held[name]["fields"]
        held[path[-1]] = to

    return lambda whole: altered(whole, content(change))


def with_array(path: tuple[str, ...], change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """A file of which an array that was learned holds something else."""

    def made(whole: bytes) -> bytes:
        n = int.from_bytes(whole[:8], "little")
        header, data = json.loads(whole[8 : 8 + n]), bytearray(whole[8 + n :])
        [entry] = json.loads(header["__metadata__"]["content"])["learned"]
        held = entry["prior"]["fields"]
        for name in path[:-1]:
            held = held[name]["fields"]
        one = header[entry["arrays"][held[path[-1]]["array"]]]
        kind = prior_file._DTYPES[one["dtype"]]
        begin, end = one["data_offsets"]
        change(np.frombuffer(data, kind, (end - begin) // kind.itemsize, begin))
        return altered(whole, lambda header: None, bytes(data))

    return made


def with_number(whole: bytes, place: int, number: int) -> bytes:
    """A file that says something else of its first study."""
    n = int.from_bytes(whole[:8], "little")
    data = bytearray(whole[8 + n :])
    data[8 * place : 8 * place + 8] = struct.pack("<q", number)
    return altered(whole, lambda header: None, bytes(data))


def with_header(whole: bytes, text: Callable[[dict[str, Any]], str]) -> bytes:
    """A file of the same header, written otherwise."""
    n = int.from_bytes(whole[:8], "little")
    other = text(json.loads(whole[8 : 8 + n])).encode()
    return len(other).to_bytes(8, "little") + other + whole[8 + n :]


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda whole: b"", "too short"),
    "half": (lambda whole: whole[: len(whole) // 2], "not whole"),
    "a byte short": (lambda whole: whole[:-1], "not whole"),
    "a byte long": (lambda whole: whole + b"x", "something follows"),
    "pickle": (lambda whole: pickle.dumps(Pwned()), "begins with something else"),
    "pickle inside": (
        lambda whole: whole[:-200] + pickle.dumps(Pwned()).ljust(200, b"."),
        "altered",
    ),
    "zip bomb": (lambda whole: zip_bomb(), "begins with something else"),
    "npy": (lambda whole: b"\x93NUMPY" + bytes(100), "begins with something else"),
    "text": (lambda whole: b"hello, world\n" * 100, "begins with something else"),
    "zeros": (lambda whole: bytes(2**16), "begins with something else"),
    "deep": (lambda whole: struct.pack("<Q", 40_000) + b'{"a":' + b"[" * 39_995, "damaged|sense"),
    "wide": (
        lambda whole: struct.pack("<Q", 2**24) + b'{"a":[' + b"1," * 2**23,
        "holds more than any",
    ),
    "another program's": (
        lambda whole: altered(whole, lambda h: h["__metadata__"].update(format="pt")),
        "another program",
    ),
    "newer": (lambda whole: altered(whole, lambda h: version(h, "2")), "newer optuna-metabo"),
    "much newer": (
        lambda whole: altered(whole, lambda h: version(h, "9" * 5000)),
        "newer optuna-metabo",
    ),
    "strange version": (lambda whole: altered(whole, lambda h: version(h, "-1")), "damaged"),
    "a version before the first": (
        lambda whole: altered(whole, lambda h: version(h, "0")),
        "damaged",
    ),
    "a header with spaces": (lambda whole: with_header(whole, json.dumps), "altered"),
    "a name twice in the header": (
        lambda whole: with_header(
            whole,
            lambda header: '{"__metadata__":0,' + json.dumps(header, separators=(",", ":"))[1:],
        ),
        "altered",
    ),
    "huge": (lambda whole: altered(whole, huge), "no prior has"),
    "overlapping": (lambda whole: altered(whole, overlapping), "not what it says"),
    "objects": (lambda whole: altered(whole, objects), "no prior has"),
    "a study of very many trials": (lambda whole: with_number(whole, 9, 2**40), "none can have"),
    "a negative number": (lambda whole: with_number(whole, 7, -5), "none can have"),
    "another table": (lambda whole: with_number(whole, 5, 99), "makes no sense"),
    "no studies": (lambda whole: altered(whole, content(dict.clear)), "makes no sense"),
    "other names": (
        lambda whole: altered(whole, content(lambda text: text["names"].append("c"))),
        "makes no sense",
    ),
    "other attributes": (
        lambda whole: altered(whole, content(lambda text: text.update(attributes=[["a"]]))),
        "makes no sense",
    ),
    "other layouts": (
        lambda whole: altered(whole, content(lambda text: text["layouts"].clear())),
        "makes no sense",
    ),
    "other choices": (
        lambda whole: altered(whole, content(lambda text: text.update(layouts=[[["x", "a", 7]]]))),
        "makes no sense",
    ),
    "other arrays": (
        lambda whole: altered(whole, content(lambda text: text["learned"][0]["arrays"].reverse())),
        "makes no sense",
    ),
    "too much trust": (
        learned("trust", to=5.0),
        "AveragingPrior.trust holds numbers that it cannot have",
    ),
    "no trust": (learned("trust", to=-1.0), "AveragingPrior.trust holds"),
    "a trust that is no number": (learned("trust", to=float("nan")), "makes no sense"),
    "beliefs that are no numbers": (
        with_array(("functions", "believed"), lambda believed: believed.fill(np.nan)),
        "makes no sense",
    ),
    "values that are no numbers": (
        with_array(("functions", "common", "y"), lambda y: y.fill(np.nan)),
        "Common.y holds numbers that it cannot have",
    ),
    "negative deviations": (
        with_array(("functions", "scale"), lambda scale: scale.fill(-1.0)),
        "Functions.scale holds",
    ),
    "points of nobody": (
        with_array(("functions", "common", "owner"), lambda owner: owner.fill(2)),
        "Functions.common.owner holds",
    ),
    "a source that is not there": (
        with_array(("functions", "order"), lambda order: order.fill(77)),
        "makes no sense",
    ),
    "opinions of nobody": (
        lambda whole: with_array(("functions", "believed"), lambda believed: believed.fill(0.0))(
            with_array(("functions", "mass"), lambda mass: mass.fill(0.0))(whole)
        ),
        "no variance",
    ),
    "deep inside": (lambda whole: altered(whole, content(nested)), "makes no sense"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_prior_is_said_and_runs_no_code(
    name: str, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, problem = HOSTILE[name]
    Path("team.prior").write_bytes(make(whole))
    begin = time.process_time()
    with pytest.raises(PriorFileError, match=f"'team.prior' cannot be read: .*({problem})"):
        TransferPrior.load("team.prior")
    with pytest.raises(ValueError, match=r"Expected a file that TransferPrior.save"):
        MetaGPSampler(prior="team.prior")
    assert time.process_time() - begin < 5.0
    assert os.listdir() == ["team.prior"]


def test_what_another_release_has_learned_is_learned_anew(whole: bytes, tmp_path: Path) -> None:
    def other(text: dict[str, Any]) -> None:
        text["learned"][0]["prior"]["fields"]["new"] = 1

    paths = [tmp_path / "same.prior", tmp_path / "other.prior"]
    paths[0].write_bytes(whole)
    paths[1].write_bytes(altered(whole, content(other)))
    assert [len(TransferPrior.load(path).learned) for path in paths] == [1, 0]
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    samplers = [MetaGPSampler(prior=path, seed=0) for path in paths]
    asked = [optuna.create_study(sampler=one).ask(space).params for one in samplers]
    assert asked[0] == asked[1]


def test_a_file_of_a_release_without_attributes_is_read(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "team.prior"
    path.write_bytes(altered(whole, content(lambda text: text.pop("attributes"))))
    studies = TransferPrior.load(path).studies
    assert [one.attributes for one in studies] == [{}] * len(studies)


@pytest.mark.parametrize(("n_choices", "dtype"), [(2**15, np.int16), (2**15 + 1, np.int32)])
def test_the_last_of_very_many_choices_comes_back(
    n_choices: int, dtype: type[np.signedinteger[Any]], whole: bytes, tmp_path: Path
) -> None:
    """In as few bytes as hold them: files of fewer choices are those of earlier releases."""
    path = tmp_path / "team.prior"
    path.write_bytes(whole)
    study = TransferPrior.load(path).studies[0]
    codes = np.r_[n_choices - 1, -1, np.zeros(len(study.telling) - 2, dtype=int)]
    many = Columns(len(codes), {}, {"x": Chosen(codes, tuple(range(n_choices)))})
    prior_file.write(path, packed([replace(study, telling=many)]))
    assert prior_file.read(path).arrays["codes"].dtype == dtype
    (found,) = unpacked(prior_file.read(path))
    np.testing.assert_array_equal(found.telling.chosen["x"].codes, codes)


@pytest.mark.parametrize("place", [-2, 2])
def test_a_choice_that_is_not_in_its_table_is_refused(
    place: int, whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "team.prior"
    path.write_bytes(whole)
    study = TransferPrior.load(path).studies[0]
    codes = np.r_[place, np.zeros(len(study.telling) - 1, dtype=int)]
    strange = Columns(len(codes), {}, {"x": Chosen(codes, ("a", "b"))})
    with pytest.raises(ValueError, match="not in its table"):
        unpacked(packed([replace(study, telling=strange)]))


@pytest.mark.parametrize(
    ("path", "error"),
    [(5, TypeError), (None, TypeError), ("", ValueError), (Path("."), ValueError)],
)
def test_what_names_no_file_is_neither_read_nor_written(path: Any, error: type[Exception]) -> None:
    for do in (TransferPrior.load, TransferPrior(()).save):
        with pytest.raises(error, match=r"^path expects the path of a file, got "):
            do(path)


@pytest.mark.parametrize("name", ["numbers", "integers", "codes", "values", "slacks", "units"])
def test_numbers_that_belong_to_no_study_are_refused(
    name: str, whole: bytes, tmp_path: Path
) -> None:
    (tmp_path / "team.prior").write_bytes(whole)
    found = prior_file.read(tmp_path / "team.prior")
    longer = np.r_[found.arrays[name], found.arrays[name].dtype.type(0)]
    with pytest.raises(ValueError, match="longer than the studies need"):
        unpacked(replace(found, arrays={**found.arrays, name: longer}))


def test_every_flipped_byte_is_seen(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "team.prior"
    for place in [*range(0, 200), *range(200, len(whole), 97), len(whole) - 1]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(PriorFileError):
            TransferPrior.load(path)


def test_a_large_file_of_another_kind_takes_no_memory(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from optuna_metabo import TransferPrior\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "for path in sys.argv[1:]:\n"
        "    try: TransferPrior.load(path)\n"
        "    except ValueError: continue\n"
        "    sys.exit(path)\n"
        "print((peak() - before) // 1024)\n"
    )
    paths = [tmp_path / str(i) for i in range(3)]
    for path, first in zip(
        paths, (b"", b"PK\3\4", (2**24).to_bytes(8, "little") + b"{"), strict=True
    ):
        with path.open("wb") as file:
            file.write(first)
            file.truncate(2**34)  # without a byte on the disk
    with paths[2].open("r+b") as file:
        file.truncate(2**29)
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100


def test_a_pipe_is_no_prior_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", os.devnull, tmp_path):
        with pytest.raises(PriorFileError, match="regular file"):
            TransferPrior.load(path)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "typo.prior"
    expected = (
        "no such file, expected a file that TransferPrior.save or 'optuna-metabo prior build'"
    )
    with pytest.raises(FileNotFoundError, match=expected) as raised:
        MetaGPSampler(prior=path)
    assert raised.value.errno == errno.ENOENT
    assert os.fspath(path) == raised.value.filename in str(raised.value)


def test_what_was_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "team.prior"
    prior_file.write(path, Content({"a": 1}, {}))
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        prior_file.write(path, Content({"a": 2}, {}))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["team.prior"]


def test_arrays_and_text_come_back(tmp_path: Path) -> None:
    arrays = {
        "numbers": np.array([[1.5, np.nan], [-np.inf, 0.0]]),
        "none": np.zeros((0, 3)),
        "mask": np.array([True, False, True]),
        "small": np.array([-32768, 32767], dtype=np.int16),
        "scalar": np.array(3, dtype=np.int64),
    }
    text = {"names": ["é", "\n"], "value": float("inf"), "nothing": None}
    prior_file.write(tmp_path / "x", Content(text, arrays))
    found = prior_file.read(tmp_path / "x")
    assert found.text == text
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype


def test_the_file_is_one_of_safetensors(whole: bytes) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    arrays = safetensors.load(whole)
    assert arrays["studies"].shape[0] == 2
    assert arrays["values"].dtype == np.float64


def test_an_error_of_a_worker_reaches_the_process_that_waits_for_it() -> None:
    error = PriorFileError(Path("team.prior"), "it is empty")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is PriorFileError
    assert str(copy) == str(error)
