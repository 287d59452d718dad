"""One thread for small linear algebra, and the caller's setting after it.

Each test is a process of its own, whose BLAS starts with two threads and belongs to nobody.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

START = """
import sys, threading
import numpy
from threadpoolctl import threadpool_info, threadpool_limits
from optuna_metabo.threads import single_threaded

def blas():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

inside, leave = threading.Event(), threading.Event()

def other():
    with single_threaded():
        inside.set()
        leave.wait(10)

thread = threading.Thread(target=other)
if blas() != {2}:
    sys.exit(77)
"""


def run(code: str) -> None:
    """Runs code after the start."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    found = subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(code)],
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
    )
    if found.returncode == 77:
        pytest.skip("BLAS has one thread here")
    assert found.returncode == 0, found.stderr


def test_inside_there_is_one_thread_and_afterwards_as_many_as_before() -> None:
    run("""
        with single_threaded():
            assert blas() == {1}
            with single_threaded():
                assert blas() == {1}
            assert blas() == {1}
        assert blas() == {2}
    """)


def test_libraries_that_an_ask_loads_have_one_thread_too() -> None:
    run("""
        with single_threaded():
            import scipy.linalg, scipy.optimize
            assert blas() == {1}
        assert blas() == {2}
    """)


def test_an_error_inside_restores_the_setting() -> None:
    run("""
        try:
            with single_threaded():
                raise KeyError
        except KeyError:
            assert blas() == {2}
        with single_threaded():
            assert blas() == {1}
    """)


@pytest.mark.parametrize("first", ["main", "other"])
def test_of_threads_that_overlap_whoever_leaves_last_the_setting_is_restored(first: str) -> None:
    run(f"""
        if {first!r} == "main":
            with single_threaded():
                thread.start()
                assert inside.wait(10)
                assert blas() == {{1}}
            leave.set()
            thread.join()
        else:
            thread.start()
            assert inside.wait(10)
            with single_threaded():
                assert blas() == {{1}}
                leave.set()
                thread.join()
        assert blas() == {{2}}
    """)


def test_a_thread_that_was_inside_keeps_no_hold_on_the_setting() -> None:
    run("""
        end = threading.Event()

        def alive():
            with single_threaded():
                pass
            inside.set()
            end.wait(10)

        thread = threading.Thread(target=alive)
        thread.start()
        assert inside.wait(10)
        with threadpool_limits(1, user_api="blas"):
            assert blas() == {1}
        end.set()
        thread.join()
        assert blas() == {2}
    """)
