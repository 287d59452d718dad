"""Keeps small linear algebra on one thread.

The matrices here have tens to hundreds of rows: a second BLAS thread costs more in waiting than
it saves in work, and several studies may run side by side.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_lock = threading.Lock()


@functools.lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Inspects the loaded libraries once: it takes some milliseconds.

    SciPy brings a BLAS of its own, which is loaded for that: no later look would find it.
    """
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded() -> Iterator[None]:
    """One BLAS thread inside the block, the caller's setting after it.

    The setting belongs to the process. Of blocks of several Python threads that overlap the first
    one sets it and restores it, whoever is still inside: the thread that set it is the only one
    that threadpoolctl lets restore it, and one that came later knows no other setting than ours.
    """
    if not _lock.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _lock.release()
