"""What all command lines share: help with defaults, and errors of one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """The description as it was written, and the defaults of options that have one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        is_none = action.default is None or action.default is False or action.default == []
        return action.help if is_none else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on stderr and exit status 2."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **options})

    def error(self, message: str) -> NoReturn:
        """Ends the program, without the block of usage that argparse prints."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """For what can only be checked by trying: errors in the block are the argument's."""
        try:
            yield
        except ModuleNotFoundError as error:
            self.error(f"{error}; pip install '.[studies]' has what the studies need")
        except (ValueError, OSError, ImportError) as error:
            self.error(str(error))

    @contextmanager
    def resumable(self) -> Iterator[None]:
        """For what goes on where it ended when the command is given again."""
        try:
            yield
        except KeyboardInterrupt:
            self.exit(130, f"{self.prog}: interrupted; the same command goes on from here\n")


def command(name: str, doc: str | None) -> Parser:
    """The parser of ``python -m studies.<name>``, described by the module's docstring."""
    return Parser(prog=f"python -m studies.{name}", description=doc)


def valid(check: Callable[[str], object]) -> Callable[[str], str]:
    """The type of an argument that stays as it is where ``check`` raises no ValueError."""

    def convert(text: str) -> str:
        """The text, or what is wrong with it in argparse's terms."""
        try:
            check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return text

    return convert


def count(text: str) -> int:
    """The type of an argument that is 0, 1, 2, ..."""
    return _whole(text, 0)


def positive(text: str) -> int:
    """The type of an argument that is 1, 2, ..."""
    return _whole(text, 1)


def _whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {text!r}")
    return int(text)


def existing_file(text: str) -> Path:
    """The type of an argument that is a file to read."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return path
