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
_depth = 0
_limiter: object | None = None


@functools.lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Inspects the loaded libraries once: it takes some milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded() -> Iterator[None]:
    """One BLAS thread inside the block, the caller's setting after it.

    The setting belongs to the process, so that blocks of several Python threads overlap: the
    first to enter sets it and the last to leave restores it.
    """
    global _depth, _limiter
    with _lock:
        if _depth == 0:
            _limiter = _controller().limit(limits=1, user_api="blas")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _limiter is not None:
                _limiter.restore_original_limits()  # type: ignore[attr-defined]
                _limiter = None
