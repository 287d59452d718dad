"""What is remembered stays within its bound."""

from __future__ import annotations

import pickle
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from optuna_metabo.memory import Memory, digest, digest_of, n_bytes


def ones(n_bytes: int) -> np.ndarray:
    return np.ones(n_bytes // 8)


def test_a_value_is_made_once() -> None:
    memory: Memory[np.ndarray] = Memory(1000)
    made = memory.get("key", lambda: ones(80))
    assert memory.get("key", lambda: pytest.fail("made again")) is made
    assert (len(memory), memory.size) == (1, 80)


def test_the_values_used_last_are_kept_as_far_as_they_fit() -> None:
    memory: Memory[np.ndarray] = Memory(240)
    for key in "abc":
        memory.get(key, lambda: ones(80))
    memory.get("a", lambda: pytest.fail("forgotten"))
    memory.get("d", lambda: ones(80))
    assert (len(memory), memory.size) == (3, 240)
    assert memory.get("a", lambda: ones(8)).nbytes == 80
    assert memory.get("b", lambda: ones(16)).nbytes == 16  # made again
    assert memory.size <= 240


def test_one_that_is_larger_than_the_bound_is_the_only_one() -> None:
    memory: Memory[np.ndarray] = Memory(240)
    memory.get("small", lambda: ones(80))
    memory.get("large", lambda: ones(800))
    assert (len(memory), memory.size) == (1, 800)
    memory.get("small", lambda: ones(80))
    assert (len(memory), memory.size) == (1, 80)


def test_with_a_bound_of_nothing_the_last_value_alone_is_kept() -> None:
    memory: Memory[np.ndarray] = Memory(0)
    made = memory.get("a", lambda: ones(80))
    assert memory.get("a", lambda: pytest.fail("made again")) is made
    memory.get("b", lambda: ones(80))
    assert len(memory) == 1


def test_arrays_are_found_wherever_they_are() -> None:
    @dataclass(frozen=True)
    class Holder:
        array: np.ndarray
        others: Any

    holder = Holder(ones(80), {"a": [ones(16), ones(8)], "b": (ones(24),)})
    assert n_bytes(holder) == 80 + 16 + 8 + 24
    assert n_bytes("text") == sys.getsizeof("text")


def test_what_fails_is_not_remembered() -> None:
    memory: Memory[int] = Memory(100)
    with pytest.raises(ZeroDivisionError):
        memory.get("key", lambda: 1 // 0)
    assert memory.get("key", lambda: 5) == 5


def test_it_is_forgotten_when_pickled_and_its_bound_is_not() -> None:
    memory: Memory[np.ndarray] = Memory(160)
    memory.get("key", lambda: ones(80))
    other = pickle.loads(pickle.dumps(memory))
    assert (len(other), other.size) == (0, 0)
    for key in "abc":
        other.get(key, lambda: ones(80))
    assert other.size == 160


def test_threads_that_ask_at_once_share_one_value_that_is_made_once() -> None:
    memory: Memory[np.ndarray] = Memory(1000)
    found, made, barrier = [], [], threading.Barrier(4)

    def slowly() -> np.ndarray:
        made.append(1)
        time.sleep(0.05)
        return ones(80)

    def ask() -> None:
        barrier.wait()
        found.append(memory.get("key", slowly))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == len(made) == 1


def test_a_value_that_needs_another_one_can_be_made() -> None:
    memory: Memory[int] = Memory(1000)
    assert memory.get("outer", lambda: 1 + memory.get("inner", lambda: 1)) == 2


def test_names_of_what_differs_differ() -> None:
    arrays = [(ones(16),), (ones(24),), (ones(16), ones(8)), (ones(16).reshape(1, 2),)]
    assert len({digest(*one) for one in arrays}) == len(arrays)
    values = [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": "1"}, [{"a": 1}], "\ud800"]
    assert len({digest_of(one) for one in values}) == len(values)
    assert digest_of({"a": [1, None]}) == digest_of({"a": [1, None]})
