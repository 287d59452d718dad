"""The group of commands: loaded late, errors of one line, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import optuna
import pytest

from optuna_metabo import cli
from optuna_metabo.cli import COMMANDS, options
from tests.cli.conftest import Run

ROOT = Path(__file__).parent.parent.parent


def _raising(error: BaseException) -> click.Command:
    @click.command()
    @options.verbosity
    def command() -> None:
        raise error

    return command


def _replace(monkeypatch: pytest.MonkeyPatch, command: click.Command) -> None:
    command.name = "demo"
    monkeypatch.setattr(cli.optuna_metabo, "get_command", lambda ctx, name: command)


def test_help_and_version_load_neither_optuna_nor_a_command(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from optuna_metabo.cli import main\n"
        "assert main(['--help']) == 0 and main(['--version']) == 0\n"
        "heavy = {'optuna', 'numpy', 'sqlalchemy', 'optuna_metabo.cli.demo'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, capture_output=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_that_begins_with_its_summary(name: str, run: Run) -> None:
    ended = run(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert COMMANDS[name] in " ".join(ended.out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_line_in_the_documentation(name: str) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in page


def test_the_shell_completes_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    words = {"_OPTUNA_METABO_COMPLETE": "bash_complete", "COMP_WORDS": "optuna-metabo de"}
    for name, value in {**words, "COMP_CWORD": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        run()
    assert capsys.readouterr().out == "plain,demo\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["--nonsense"], "--nonsense"),
        (["demo", "--seeds", "0"], "--seeds"),
        (["demo", "--seeds", "many"], "many"),
    ],
)
def test_a_command_line_that_cannot_be_right_is_one_line_and_2(
    arguments: list[str], said: str, run: Run
) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def _required(group: click.Group) -> list[tuple[tuple[str, ...], str]]:
    """The words of each command of a group and its groups, with each option that it requires."""
    found = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            found += [((name, *words), option) for words, option in _required(command)]
        options = [one for one in command.params if isinstance(one, click.Option) and one.required]
        found += [((name,), max(one.opts, key=len)) for one in options]
    return found


@pytest.mark.parametrize(("words", "option"), _required(cli.optuna_metabo))
def test_an_option_that_is_required_is_asked_for_and_2(
    words: tuple[str, ...], option: str, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "runs.csv").write_text("params.x,y\n1,2\n")
    given = {
        "--out": tmp_path / "new.html",
        "--study-name": "new",
        "--storage": f"sqlite:///{tmp_path}/studies.db",
    }
    taken = [one for one in given if one != option and one in run(*words, "--help").out]
    options = [word for one in taken for word in (one, given[one])]
    ended = run(*words, *options, *[tmp_path / "runs.csv"] * (words == ("import",)))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "Missing option" in ended.err
    assert f"'{option}'" in ended.err


def test_commands_that_make_a_file_of_any_name_require_it() -> None:
    asked = [words for words, option in _required(cli.optuna_metabo) if option == "--out"]
    assert asked == [("prior", "build"), ("prior", "update"), ("plot",)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "{none}.csv", "--metric", "y", "minimize"],
        ["prior", "inspect", "{none}.prior"],
        ["prior", "update", "--storage", "{url}", "--out", "{none}.prior"],
        ["prior", "build", "--storage", "sqlite:///{none}.db", "--out", "{none}.prior"],
        ["explain", "--storage", "{url}", "--study-name", "new", "--prior", "{none}.prior"],
        ["sources", "--storage", "sqlite:///{none}.db", "--study-name", "new"],
        ["sources", "--storage", "{none}.journal", "--study-name", "new"],
    ],
)
def test_a_file_that_is_not_there_is_named_and_2(
    arguments: list[str], url: str, tmp_path: Path, run: Run
) -> None:
    before = sorted(tmp_path.iterdir())
    ended = run(*[one.format(url=url, none=tmp_path / "none") for one in arguments])
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert str(tmp_path / "none") in ended.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ValueError("no good\nmore"), 1, "optuna-metabo: no good\n"),
        (PermissionError(13, "Permission denied", "a.txt"), 1, "a.txt: Permission denied"),
        (ModuleNotFoundError("No module named 'psycopg2'"), 1, "psycopg2"),
        (ZeroDivisionError("by zero"), 1, "unexpected ZeroDivisionError: by zero (--debug"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.UsageError("not so"), 2, "not so"),
    ],
)
def test_every_error_is_one_line(
    error: BaseException, code: int, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _replace(monkeypatch, _raising(error))
    ended = run("demo")
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert said in ended.err


def test_debug_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _replace(monkeypatch, _raising(ValueError("no good")))
    with pytest.raises(ValueError, match="no good"):
        run("--debug", "demo")


@pytest.mark.parametrize(
    ("arguments", "level", "says"),
    [
        (["demo"], optuna.logging.WARNING, True),
        (["demo", "-q"], optuna.logging.WARNING, False),
        (["-q", "demo"], optuna.logging.WARNING, False),
        (["-v", "demo"], optuna.logging.INFO, True),
        (["-v", "demo", "-v"], optuna.logging.DEBUG, True),
    ],
)
def test_quiet_and_verbose_hold_before_and_after_the_command(
    arguments: list[str], level: int, says: bool, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @options.verbosity
    def command() -> None:
        options.set_log_level()
        options.say("hello")
        click.echo(optuna.logging.get_verbosity())

    _replace(monkeypatch, command)
    before = optuna.logging.get_verbosity()
    ended = run(*arguments)
    assert (ended.out, ended.err) == (f"{level}\n", "hello\n" if says else "")
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["--storage", "sqlite:///a", "demo"], None, "sqlite:///a"),
        (["demo", "--storage", "sqlite:///a"], None, "sqlite:///a"),
        (["--storage", "sqlite:///a", "demo", "--storage", "sqlite:///b"], None, "sqlite:///b"),
        (["demo"], "sqlite:///c", "sqlite:///c"),
        (["demo", "--storage", "sqlite:///a"], "sqlite:///c", "sqlite:///a"),
        (["--storage", "sqlite:///a", "demo"], "sqlite:///c", "sqlite:///a"),
    ],
)
def test_the_storage_is_the_nearest_one_given(
    arguments: list[str],
    environment: str | None,
    expected: str,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command()
    @options.storage
    def command(storage: str) -> None:
        click.echo(storage)

    _replace(monkeypatch, command)
    if environment:
        monkeypatch.setenv("OPTUNA_STORAGE", environment)
    assert run(*arguments).out == f"{expected}\n"


def test_without_a_storage_it_is_said_how_to_give_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @options.storage
    def command(storage: str) -> None:
        raise AssertionError("there is none")

    _replace(monkeypatch, command)
    ended = run("demo")
    assert ended.code == 2
    assert "pass --storage, or set OPTUNA_STORAGE" in ended.err
