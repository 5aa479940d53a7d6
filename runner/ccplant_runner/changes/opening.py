"""Makes the workspace's changes answerable, as soon as the workspace is what the session starts from."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ccplant_platform.redaction import Redactor
from ccplant_runner.changes.base import keep_index, recall, remember
from ccplant_runner.changes.comparison import Comparison
from ccplant_runner.changes.desk import ChangesDesk
from ccplant_runner.changes.git import GitFailedError, PrivateGit
from ccplant_runner.log import RunnerLog

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class WorkspaceChanges:
    """The desk, and what it needs from the start of a launch."""

    def __init__(
        self, log: RunnerLog, redactor: Redactor, *, workspace: Path, home: Path, folder: Path
    ) -> None:
        self.desk = ChangesDesk(log, redactor, lambda: datetime.now(UTC))
        self._log = log
        self._workspace = workspace
        self._home = home
        # the runner's own, not the session's, which may name folders of the workspace
        self._path = os.environ.get("PATH", _PATH)
        self._git = PrivateGit(folder, workspace, self._path)

    async def open(self, *, fresh: bool, cloned: bool) -> None:
        """Note what was cloned, or what is known of that, and answer from now on.

        A session that cannot tell its changes is still one that works, so what fails here is logged.
        """
        try:
            if fresh:
                base = await remember(self._workspace, self._home, self._path)
                if base is not None:
                    keep_index(self._workspace, self._git.index)
            else:
                base = await recall(self._workspace, self._home, self._path, cloned=cloned)
        except (GitFailedError, OSError) as error:
            self._log.warning("clone_not_noted", error=f"{type(error).__name__}: {error}")
            return
        self.desk.open(Comparison(self._git, self._workspace, base))
