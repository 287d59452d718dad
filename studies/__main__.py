"""The experiments of optuna_metabo, a command each; all have --help."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from studies.commands import Parser

# For each room its commands, and whether they are called without the room's name.
ROOMS = {
    "tables": {"compare": True, "coverage": False, "picture": False},
    "networks": {"tasks": True, "tune": True, "record": True, "report": True, "longer": False},
    "stress": dict.fromkeys(
        ("parallel", "pruning", "fronts", "crowd", "added", "smaller", "speed", "priors", "crash"),
        False,
    ),
}


def overview() -> str:
    """The rooms and their commands, a line each, without importing what they import."""
    lines = []
    for room, commands in ROOMS.items():
        lines += ["", _summary(f"{room}/__init__.py")]
        for name, is_short in commands.items():
            module = f"studies.{name}" if is_short else f"studies.{room}.{name}"
            lines.append(f"  python -m {module:24s}  {_summary(f'{room}/{name}.py')}")
    return "\n".join(lines)


def _summary(file: str) -> str:
    """The first line of a module's docstring."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the overview."""
    description = f"{__doc__}\n{overview()}"
    Parser(prog="python -m studies", description=description).parse_args(argv)
    print(description)


if __name__ == "__main__":
    main()
