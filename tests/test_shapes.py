from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WITH = (
    "import jaxtyping, numpy as np\n"
    "from optuna_metabo.shapes import Bool, Float, Int\n"
    "assert (Bool, Float, Int) == (jaxtyping.Bool, jaxtyping.Float, jaxtyping.Int)"
)
WITHOUT = (
    "import sys, numpy as np\n"
    "from optuna_metabo.shapes import Bool, Float, Int\n"
    "assert all(kind[np.ndarray, 'n p'] is np.ndarray for kind in (Bool, Float, Int))\n"
    "assert 'jaxtyping' not in sys.modules"
)


@pytest.mark.parametrize("script", [WITH, WITHOUT], ids=["with", "without"])
def test_shapes_are_those_of_jaxtyping_where_it_is_loaded_and_else_arrays(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
