"""What the kernel killed within the session for want of memory.

Where a tool or the agent is killed and the runner goes on, nobody else notices: the tool's caller sees a signal, and
the place sees a container that runs. So it is said in the history while the session runs, and in the last word (D2).
"""

from __future__ import annotations

from collections.abc import Callable

from ccplant_contracts.stream import Notice

CODE = "tool_oom_killed"


class MemoryKills:
    """Counts, and says each rise once."""

    def __init__(self, say: Callable[[Notice], None], read: Callable[[], int | None] | None = None) -> None:
        self._say = say
        self._read = _of_own_cgroup if read is None else read
        self._told = 0
        self._before_death = 0

    @property
    def count(self) -> int:
        """How many there were so far; 0 where nobody counts."""
        return self._read() or 0

    def look(self) -> None:
        """Say it in the history where there are more than at the last look."""
        count = self.count
        if count <= self._told:
            return
        number = count - self._told
        self._told = count
        what = "a process" if number == 1 else f"{number} processes"
        self._say(
            Notice(
                level="warning",
                code=CODE,
                message=f"The kernel killed {what} of this session: its memory limit was reached.",
            )
        )

    def rose_before_death(self) -> bool:
        """Tell whether there were more since this was asked last: it is asked at each death of the agent."""
        count, before = self.count, self._before_death
        self._before_death = count
        return count > before


def _of_own_cgroup() -> int | None:
    # imported late: it must not delay the start
    from ccplant_runner.resources import oom_kills, own_cgroup

    return oom_kills(own_cgroup())
