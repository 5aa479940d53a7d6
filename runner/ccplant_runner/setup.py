"""Runs the owner's set-up script in the workspace, before the agent is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ccplant_runner.child import run_program


class SetupFailedError(Exception):
    """The script did not end with 0."""

    def __init__(self, detail: str, exit_code: int | None) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


async def run_setup(
    script: str, workspace: Path, state_dir: Path, *, env: Mapping[str, str], on_line: Callable[[str], None]
) -> None:
    """Run it with bash, in a process group of its own that is killed when the start is given up.

    Raises:
        SetupFailedError: it failed, and how.
    """
    path = state_dir / "setup.sh"
    # from a file, not from an argument: arguments are short, and readable by everybody
    path.touch(mode=0o600)
    path.write_text(script, encoding="utf-8")
    try:
        code = await run_program(["bash", str(path)], cwd=workspace, env=env, on_line=on_line)
    except OSError as error:
        raise SetupFailedError(f"bash cannot be started: {error.strerror or error}", None) from error
    finally:
        path.unlink(missing_ok=True)
    if code < 0:
        raise SetupFailedError(f"the set-up script was ended by signal {-code}", None)
    if code != 0:
        raise SetupFailedError(f"the set-up script ended with exit code {code}", code)
