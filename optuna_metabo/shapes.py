"""Shapes in signatures: ``Float[Array, "n p"]`` is an array of floats with n rows of p.

They are jaxtyping's where that is loaded already, as in the tests, which check them; elsewhere
they stand for the array alone, so that users need not install jaxtyping, nor wait for it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float, Int
else:

    class _Unchecked:
        """An array type of any shape."""

        def __class_getitem__(cls, item: tuple[Any, str]) -> Any:
            return item[0]

    Bool = Float = Int = _Unchecked

__all__ = ["Bool", "Float", "Int"]
