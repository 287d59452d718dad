"""Every command line: help with defaults, and one line for a wrong argument."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from studies.__main__ import ROOMS, main
from studies.commands import command, count, existing_file, positive

NEEDS_TORCH = {"tune", "record", "longer"}
COMMANDS = [
    (f"studies.{name}" if is_short else f"studies.{room}.{name}", name)
    for room, commands in ROOMS.items()
    for name, is_short in commands.items()
]


def call(module: str, name: str, *arguments: str) -> None:
    if name in NEEDS_TORCH:
        pytest.importorskip("torch", reason=f"{module} needs torch")
    importlib.import_module(module).main(list(arguments))


@pytest.mark.parametrize(("module", "name"), COMMANDS)
def test_every_command_explains_itself_by_the_name_it_is_called(
    module: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call(module, name, "--help")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m {module} [-h]")


@pytest.mark.parametrize(
    ("module", "arguments", "reason"),
    [
        ("studies.compare", ["run", "--families", "nonsense", "--out", "x.csv"], "'nonsense'"),
        ("studies.compare", ["run", "--families", "nb201", "--out", ".", "--jobs", "0"], "from 1"),
        ("studies.compare", ["report", "missing.csv", "--out", "x"], "no file 'missing.csv'"),
        ("studies.compare", ["report", __file__, "--out", "x"], "result file"),
        ("studies.report", ["missing.csv", "--out", "x"], "no file 'missing.csv'"),
        ("studies.tasks", ["mnist/low"], "unrecognized arguments"),
        ("studies.tune", ["--task", "mnist/lo"], "unknown task 'mnist/lo'"),
        ("studies.tune", ["--task", "mnist/low", "--trials", "many"], "'many'"),
        (
            "studies.tune",
            ["--task", "mnist/low", "--sampler", "grid", "--space", "wide"],
            "--sampler grid needs --space grid",
        ),
        ("studies.tune", ["--task", "mnist/low", "--model", "gru"], "model 'gru' does not fit"),
        ("studies.record", ["--tasks", "mnist/lo"], "unknown task 'mnist/lo'"),
        ("studies.stress.parallel", ["--families", "digits"], "optimum of task"),
        ("studies.stress.fronts", ["--problems", "zdt9"], "invalid choice"),
        ("studies.stress.crash", ["--storage", "x", "--kill-every", "-1"], "'-1'"),
    ],
)
def test_a_wrong_argument_is_one_line_and_exit_status_two(
    module: str, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call(module, module.rpartition(".")[2], *arguments)
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert error.count("\n") == 1
    assert error.startswith(f"python -m {module}")
    assert reason in error


def test_the_overview_names_each_command_with_its_first_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main([])
    lines = capsys.readouterr().out.splitlines()
    for module, _ in COMMANDS:
        (line,) = [line for line in lines if line.split()[:3] == ["python", "-m", module]]
        assert len(line.split()) > 5


def test_the_overview_needs_no_library() -> None:
    script = (
        "import sys, studies.__main__ as overview\n"
        "overview.main([])\n"
        "sys.exit(len({'torch', 'optuna', 'numpy'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root, stdout=subprocess.PIPE)


def test_help_shows_defaults_that_say_something(capsys: pytest.CaptureFixture[str]) -> None:
    parser = command("nothing", "Does nothing.")
    parser.add_argument("--number", type=count, default=0, help="of things")
    parser.add_argument("--name", help="of a thing")
    parser.add_argument("--flag", action="store_true", help="or not")
    parser.print_help()
    text = capsys.readouterr().out
    assert "of things (default: 0)" in text
    assert text.count("default") == 1


@pytest.mark.parametrize(
    ("convert", "good", "bad"),
    [
        (count, "0", ["-1", "1.5", "x", ""]),
        (positive, "1", ["0", "-1", "x"]),
        (existing_file, __file__, ["missing.csv", "."]),
    ],
)
def test_types_take_what_they_say(
    convert: object, good: str, bad: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = command("nothing", None)
    parser.add_argument("value", type=convert)
    assert str(parser.parse_args([good]).value) == good
    for text in bad:
        with pytest.raises(SystemExit):
            parser.parse_args(["--", text])
        assert repr(text) in capsys.readouterr().err


def test_a_package_that_is_missing_is_named_with_what_has_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = command("tune", None)
    with pytest.raises(SystemExit), parser.refusing():
        importlib.import_module("no_such_package")
    (line,) = capsys.readouterr().err.splitlines()
    assert "'no_such_package'" in line
    assert "pip install '.[studies]'" in line


def test_what_was_interrupted_says_that_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, command("record", None).resumable():
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert capsys.readouterr().err == (
        "python -m studies.record: interrupted; the same command goes on from here\n"
    )


def test_studies_of_an_earlier_crash_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'crash.db'}"
    optuna.create_study(study_name="past-1", storage=url)
    with pytest.raises(SystemExit):
        call("studies.stress.crash", "crash", "--storage", url)
    (line,) = capsys.readouterr().err.splitlines()
    assert "without the studies ['past-1']" in line
