"""What a node does to the machine that it runs on, and how all of it is undone.

Mounts live in a mount namespace of the node's own and end with it. What is left are processes (containers outlive the daemon
that started them), a bridge, cgroups and kernel settings; a node writes down what it takes, so that also a run that was
killed is cleaned up, by the next one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.kubernetes.cluster.binaries import cache_folder
from tests.support.live_processes import alive, known, naming
from tests.support.programs import NotAvailableError
from tests.support.waiting import wait_until

_END_SECONDS = 30.0
_CGROUPS = Path("/sys/fs/cgroup")
_SUBNETS = range(64, 128)
_SETTINGS = (
    "vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/ipv4/ip_forward",
)  # fmt: skip
"""Kernel settings that a kubelet or a network plugin changes."""

HIDDEN = ("/run", "/var/log", "/var/lib/cni", "/var/lib/kubelet")
"""Folders that a node sees its own, empty form of: programs on it write there, whatever they are told."""


@dataclass(frozen=True)
class Claim:
    """What one node takes of the machine."""

    name: str
    subnet: str
    """The first three numbers of its addresses."""
    folder: str
    owner_pid: int
    owner_started: float
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Of the machine, as its Pods see it."""
        return f"{self.subnet}.1"

    def owned(self) -> bool:
        """Whether the process that made it still runs."""
        owner = known(self.owner_pid)
        return owner is not None and owner.started == self.owner_started


def require(*programs: str) -> None:
    """Check that a node can run here.

    Raises:
        NotAvailableError: says what is missing.
    """
    if os.geteuid() != 0:
        raise NotAvailableError("a node runs containers: this needs root")
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise NotAvailableError(f"not installed here: {', '.join(missing)}")
    if not Path("/usr/lib/cni/bridge").exists():
        raise NotAvailableError("the network plugins (containernetworking-plugins) are not in /usr/lib/cni")


def claim(folder: Path) -> Claim:
    """Take a free name with its bridge, addresses and cgroups."""
    owner = known(os.getpid())
    assert owner is not None
    for number in _SUBNETS:
        name = f"ccpn{number}"
        made = subprocess.run(
            ["ip", "link", "add", name, "type", "bridge"],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        )
        if made.returncode == 0:
            break
        if "exists" not in made.stderr:
            raise NotAvailableError(f"no bridge can be made here: {made.stderr.strip()}")
    else:
        raise NotAvailableError("every name for a test's bridge is taken")
    settings = {key: value for key in _SETTINGS if (value := _setting(key)) is not None}
    taken = Claim(name, f"10.89.{number}", str(folder), owner.pid, owner.started, settings)
    record = _records() / f"{name}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(asdict(taken)))
    _ip("addr", "add", f"{taken.address}/24", "dev", name)
    _ip("link", "set", name, "up")
    for controller in _controllers():
        (controller / name).mkdir(exist_ok=True)
    return taken


def kill_everything(taken: Claim) -> None:
    """End every process of a node at once, containers included."""
    wait_until(lambda: not _killed(taken), _END_SECONDS, f"the end of everything on {taken.name}")


def release(taken: Claim) -> None:
    """Give back everything; whatever still runs is killed."""
    folder = Path(taken.folder)
    kill_everything(taken)
    for mount in _mounts_below(folder):
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True, timeout=20)
    subprocess.run(["ip", "link", "delete", taken.name], check=False, capture_output=True, timeout=20)
    for controller in _controllers():
        _remove_cgroups(controller / taken.name)
    for key, value in taken.settings.items():
        if _setting(key) != value:
            with suppress(OSError):
                Path("/proc/sys", key).write_text(value)
    shutil.rmtree(folder, ignore_errors=True)
    (_records() / f"{taken.name}.json").unlink(missing_ok=True)
    _remove_hidden()


def _remove_hidden() -> None:
    """Remove folders that were made only to be hidden; whoever else uses them has something in them."""
    if any(_records().glob("*.json")):
        return  # it would take away what another node has mounted there
    for hidden in ("/var/lib/cni", "/var/lib/kubelet"):
        with suppress(OSError):
            Path(hidden).rmdir()


def release_abandoned() -> None:
    """Clean up behind runs that were killed."""
    for record in _records().glob("*.json"):
        left = Claim(**json.loads(record.read_text()))
        if not left.owned():
            release(left)


def left_behind(taken: Claim) -> list[str]:
    """Name whatever of a node is still there."""
    folder = Path(taken.folder)
    found = [f"process {process.pid}: {process.name}" for process in alive(naming(folder))]
    found += [f"process {pid} in a cgroup" for pid in _members(taken)]
    found += [f"mount {mount}" for mount in _mounts_below(folder)]
    found += [f"cgroup {path}" for path in _own_cgroups(taken) if path.exists()]
    if Path("/sys/class/net", taken.name).exists():
        found.append(f"bridge {taken.name}")
    if folder.exists():
        found.append(f"folder {folder}")
    for place in ("/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/run/netns"):
        found += [str(path) for path in Path(place).rglob(f"*{taken.name}*")]
    found += [f"setting {key}" for key, value in taken.settings.items() if _setting(key) != value]
    return found


def _killed(taken: Claim) -> bool:
    """Kill all that belongs to it; whether there was anything."""
    members = _members(taken)
    for pid in members:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    # shims name the socket of their daemon, which lies in the node's folder
    others = alive(naming(Path(taken.folder)))
    for process in others:
        process.send(signal.SIGKILL)
    return bool(members or others)


def members_named(taken: Claim, part: str) -> list[int]:
    """Return the pids of all in the node's cgroups whose path holds a name."""
    return _members(taken, part)


def _members(taken: Claim, part: str = "") -> list[int]:
    found: set[int] = set()
    for cgroup in _own_cgroups(taken):
        # unlike a glob, a walk passes over what vanishes under it
        for folder, _, _ in os.walk(cgroup):
            if part not in folder:
                continue
            with suppress(OSError):
                found |= {int(line) for line in Path(folder, "cgroup.procs").read_text().split()}
    return sorted(found)


def _own_cgroups(taken: Claim) -> list[Path]:
    return [controller / taken.name for controller in _controllers()]


def _controllers() -> list[Path]:
    """Return the roots of the hierarchies: one with version 2, one for each controller with version 1."""
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    return sorted({path.resolve() for path in _CGROUPS.iterdir() if (path / "cgroup.procs").exists()})


def _remove_cgroups(root: Path) -> None:
    def gone() -> bool:
        for folder, _, _ in os.walk(root, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
        return not root.exists()

    # the kernel takes a moment to see that the last member is gone
    wait_until(gone, _END_SECONDS, f"the removal of {root}")


def _mounts_below(folder: Path) -> list[str]:
    return sorted(_mounts(folder), key=len, reverse=True)


def _mounts(folder: Path) -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split()[4]
        if place == str(folder) or place.startswith(f"{folder}/"):
            yield place


def _setting(key: str) -> str | None:
    try:
        return Path("/proc/sys", key).read_text().strip()
    except OSError:
        return None


def _records() -> Path:
    return cache_folder() / "kubernetes" / "nodes"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)
