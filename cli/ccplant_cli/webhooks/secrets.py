"""A webhook's secret on this machine: written where only its owner reads it, and read from anywhere but the command line.

What stands on a command line is seen by everybody on the machine and kept in the shell's history.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ccplant_cli.definition import read_text
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.webhooks.messages import text

VARIABLE = "CCPLANT_WEBHOOK_SECRET"


class SecretFile:
    """A new file for a secret that is about to be made."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.written = False

    def write(self, secret: str) -> None:
        """Write it, and see that it is on the disk.

        Raises:
            CliError: it cannot be written; nobody has it then.
        """
        try:
            os.write(self._descriptor, f"{secret}\n".encode())
            os.fsync(self._descriptor)
        except OSError as error:
            raise CliError(text("error.secret_lost", path=self.path, cause=error)) from error
        self.written = True


@contextmanager
def secret_file(path: Path | None) -> Iterator[SecretFile | None]:
    """Make the file before the secret is: a secret that is shown once must not find that it cannot be written.

    Raises:
        CliError: the file is there already, or cannot be made.
    """
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise CliError(text("error.secret_there", path=path), Exit.USAGE) from error
    except OSError as error:
        raise CliError(text("error.secret_unwritable", path=path, cause=error), Exit.USAGE) from error
    file = SecretFile(path, descriptor)
    try:
        yield file
    finally:
        os.close(descriptor)
        if not file.written:
            path.unlink(missing_ok=True)


def read_secret(path: Path | None, environment: Mapping[str, str]) -> str:
    """Return the secret: from the file (``-``: standard input), the environment, or the keyboard.

    Raises:
        CliError: there is none.
    """
    if path is not None:
        secret = read_text(path).strip()
    elif given := environment.get(VARIABLE, "").strip():
        secret = given
    elif sys.stdin.isatty():
        import typer

        secret = typer.prompt(text("ask_secret"), hide_input=True, err=True).strip()
    else:
        secret = ""
    if not secret:
        raise CliError(text("error.no_secret", variable=VARIABLE), Exit.USAGE)
    return secret
