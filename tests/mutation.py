"""Do the tests notice when the code is wrong? A random sample of mutants is tried.

    python -m tests.mutation --sample 400 --seed 0

mutmut changes one operator, constant, argument or name at a time, of the mathematics or of what is
replayed, explained and imported, and runs the tests that reach it; those that all tests pass
survive. The sample hangs on the seed and the code alone. What it needs:
``pip install -e ".[test,mutation]"``.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections import Counter

# Any one will do: with it mutmut makes the mutants, and finds out which tests reach which.
_FIRST = "optuna_metabo.gp.kernel.x_matern52__mutmut_1"
_KILLED = ("killed", "timeout", "segfault", "caught by type check")


def mutmut(*arguments: str) -> str:
    """What ``mutmut`` prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def results() -> dict[str, str]:
    """What became of each mutant, by name."""
    lines = mutmut("results", "--all", "true").splitlines()
    pairs = (line.strip().split(": ") for line in lines if "__mutmut_" in line)
    return {pair[0]: pair[1] for pair in pairs}


def main() -> None:
    """Prints the share of killed mutants, room by room, and the survivors with their change."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=400, help="how many mutants are tried")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2, help="tests that run at a time")
    arguments = parser.parse_args()
    mutmut("run", _FIRST)
    names = sorted(results())
    if not names:
        sys.exit("mutmut made no mutants: run `mutmut run` to see why")
    chosen = random.Random(arguments.seed).sample(names, min(arguments.sample, len(names)))
    mutmut("run", "--max-children", str(arguments.jobs), *chosen)
    found = {name: status for name, status in results().items() if name in set(chosen)}
    killed = {name for name, status in found.items() if status in _KILLED}
    rooms, dead = (Counter(name.split(".")[1] for name in some) for some in (found, killed))
    for room, count in sorted(rooms.items()):
        print(f"{room}: {dead[room]} of {count} killed ({dead[room] / count:.1%})")
    share = len(killed) / len(found)
    print(f"all: {len(killed)} of {len(found)} of {len(names)} mutants killed ({share:.1%})")
    for name in sorted(found.keys() - killed):
        print(f"\n{name}: {found[name]}\n{mutmut('show', name)}")


if __name__ == "__main__":
    main()
