"""The ``optuna-metabo`` command."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import optuna


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="optuna-metabo", description="Transfer learning for Optuna."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser(
        "demo", help="tune a new task with and without past studies, and compare"
    )
    demo.add_argument("--out", type=Path, default=Path("metabo-demo"), help="output directory")
    demo.add_argument("--seeds", type=_positive, help="runs of each sampler (default 8)")
    demo.add_argument("--trials", type=_positive, help="trials of each run (default 20)")
    demo.add_argument("--quick", action="store_true", help="3 runs instead of 8")
    demo.add_argument("--force", action="store_true", help="replace an existing output")
    arguments = parser.parse_args(argv)
    try:
        _demo(arguments)
    except (FileExistsError, ModuleNotFoundError) as error:
        print(f"optuna-metabo: {error}", file=sys.stderr)
        return 2
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text}")
    return value


def _demo(arguments: argparse.Namespace) -> None:
    needed = ("jinja2", "plotly", "sklearn", "tabulate")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"the demo needs {' and '.join(missing)}: pip install 'optuna-metabo[demo]'"
        )
    from optuna_metabo.demo import PAST
    from optuna_metabo.demo.report import write_report
    from optuna_metabo.demo.run import Plan, run_demo, table

    plan = Plan(seeds=3) if arguments.quick else Plan()
    plan = replace(plan, seeds=arguments.seeds or plan.seeds)
    plan = replace(plan, trials=arguments.trials or plan.trials)
    database, report = arguments.out / "studies.db", arguments.out / "report.html"
    _make_room([database, report], force=arguments.force)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    result = run_demo(database, plan, lambda line: print(line, file=sys.stderr, flush=True))
    write_report(report, result, plan, len(PAST))
    print(f"\nMean best accuracy on the new task over {plan.seeds} runs\n")
    print(_aligned(table(result)))
    print(f"\nWhich past studies were used, after {plan.trials} trials of the first run\n")
    print(result.explanation)
    print(f"\nReport:   {report}")
    print(f"Studies:  {database}")
    print("See them: pip install optuna-dashboard && optuna-dashboard", f"sqlite:///{database}")


def _make_room(paths: Sequence[Path], *, force: bool) -> None:
    existing = [path for path in paths if path.exists()]
    if existing and not force:
        raise FileExistsError(f"{existing[0]} exists: choose another --out, or pass --force")
    for path in existing:
        path.unlink()
    paths[0].parent.mkdir(parents=True, exist_ok=True)


def _aligned(rows: list[list[str]]) -> str:
    from tabulate import tabulate

    alignment = ["left", *["right"] * (len(rows[0]) - 1)]
    return tabulate(rows, tablefmt="plain", colalign=alignment, disable_numparse=True)
