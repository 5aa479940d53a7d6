"""How often the kernel has killed for want of memory, as far as a process without privileges can see.

Only a hint: the count is the whole control group's, and without one the machine's. So it is looked at only when a
runner died by a SIGKILL that nobody here sent. The supervisor imports this: no imports at all.
"""

from __future__ import annotations

_SIGKILL = 9


def count(proc: str = "/proc", cgroups: str = "/sys/fs/cgroup") -> int:
    """Return the kills counted so far in this process's control group, else on the machine, else 0."""
    for path in _counters(_read(f"{proc}/self/cgroup"), cgroups):
        found = _field(_read(path), "oom_kill")
        if found is not None:
            return found
    return _field(_read(f"{proc}/vmstat"), "oom_kill") or 0


def starved(died_by: int | None, *, sent_here: bool, before: int, after: int) -> bool:
    """Tell whether a runner was killed for want of memory: by a SIGKILL of nobody here, while the count rose."""
    return died_by == _SIGKILL and not sent_here and after > before


def _counters(membership: str, root: str) -> list[str]:
    paths = []
    for line in membership.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        own = path.rstrip("/")
        if "memory" in controllers.split(","):
            paths.append(f"{root}/memory{own}/memory.oom_control")
        elif controllers == "":
            paths.append(f"{root}{own}/memory.events")
    return paths


def _field(text: str, name: str) -> int | None:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return None


def _read(path: str) -> str:
    try:
        with open(path) as file:  # noqa: PTH123 (the supervisor starts without pathlib)
            return file.read()
    except OSError:
        return ""
