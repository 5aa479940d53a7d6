"""Becomes another program that cannot outlive its parent: `exec_child.py SIGNAL PARENT_PID PROGRAM [ARGUMENT ...]`.

The kernel sends SIGNAL when the parent dies, even by SIGKILL. A program of its own instead of code between fork and exec:
that code would run beside locks which other threads held at the fork. Standard library only, run without site packages.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask for the signal, make sure that the parent still lives, and become the program."""
    death_signal, parent, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606  that is its work
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
