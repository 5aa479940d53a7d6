"""Takes launches away: first all that runs, later all that is left on the disk.

The launch's lock decides. Who holds it knows that no supervisor lives, and the fence, written before, says that
none will start. Without the fence an orchestrator that was frozen in the middle of a launch could start it after its end.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
import uuid
from pathlib import Path

from ccplant_orchestrator.runtimes.local import exit_record, files, processes, strays
from ccplant_orchestrator.runtimes.local.layout import DataFolder, LaunchFolder, make_private
from ccplant_orchestrator.runtimes.protocol import LaunchRef, StillRunningError, VolumeInUseError

_STRAY_SECONDS = 5.0
_LEAVE_SECONDS = 3.0


def fence(data: DataFolder, launch_id: str) -> None:
    """From here on no supervisor starts this launch."""
    make_private(data.fences)
    data.fence(launch_id).touch(0o600)


def end_unsupervised(data: DataFolder, folder: LaunchFolder) -> bool:
    """Make sure that nothing runs and that the end is recorded; False while somebody holds the launch.

    Raises:
        StillRunningError: something of it resists SIGKILL.
    """
    if not folder.path.is_dir():
        _end_strays(data, folder)
        return True
    lock = _lock(folder.lock)
    if lock is None:
        return False
    try:
        if not folder.exit.exists():
            _end_strays(data, folder)
            found = exit_record.supervisor(folder)
            if found is not None:
                files.write_json(str(folder.exit), exit_record.lost_record(found[0]), durable=True)
            folder.spec.unlink(missing_ok=True)
    finally:
        os.close(lock)
    return True


def _end_strays(data: DataFolder, folder: LaunchFolder) -> None:
    if not strays.end_all_of(data, folder, _STRAY_SECONDS):
        raise StillRunningError(f"processes of {folder.launch_id} do not end")


def tell_supervisor(folder: LaunchFolder, *, force: bool) -> None:
    """Have the supervisor end its tree; one that was stopped is continued for it."""
    found = exit_record.supervisor(folder)
    if found is not None and found[1] is not None:
        process = found[1]
        processes.send(process.pid, process.start_time, signal.SIGUSR2 if force else signal.SIGUSR1)
        processes.send(process.pid, process.start_time, signal.SIGCONT)


def overrule_supervisor(folder: LaunchFolder) -> None:
    """End the tree of a supervisor that does not do it, and the supervisor, descendants first: later they are not found."""
    found = exit_record.supervisor(folder)
    if found is None or found[1] is None or not found[1].alive:
        return
    process = found[1]
    until = time.monotonic() + _STRAY_SECONDS
    while processes.kill_descendants(process.pid) and time.monotonic() < until:
        time.sleep(0.02)
    processes.send(process.pid, process.start_time, signal.SIGKILL)


def remove(data: DataFolder, ref: LaunchRef) -> None:
    """Remove the folders of a launch that does not run.

    Raises:
        StillRunningError: it runs.
    """
    fence(data, ref.launch_id)
    folder = data.launch(ref.session_id, ref.launch_id)
    lock = _lock_of_ended(data, folder)
    if lock is not None:
        try:
            _throw_away(data, folder.path)
        finally:
            os.close(lock)
    _remove_empty(folder.path.parent)


def _lock_of_ended(data: DataFolder, folder: LaunchFolder) -> int | None:
    """Take the lock of a launch that has ended; None where its folder is gone: another orchestrator was faster.

    A supervisor may need a moment to leave after its last word.
    """
    until = time.monotonic() + _LEAVE_SECONDS
    while folder.path.is_dir():
        if end_unsupervised(data, folder):
            lock = _lock(folder.lock)
            if lock is not None:
                return lock
        elif not folder.exit.exists() and exit_record.supervised(
            folder
        ):  # in this order: the folder may go meanwhile
            raise StillRunningError(f"{folder.launch_id} still runs")
        if time.monotonic() >= until:
            raise StillRunningError(f"{folder.launch_id} is being started or ended")
        time.sleep(0.01)
    return None


def remove_volume(data: DataFolder, volume_id: str) -> None:
    """Remove a volume.

    Raises:
        VolumeInUseError: a launch has it.
    """
    volume = data.volume(volume_id)
    if not volume.path.is_dir():
        return
    claim = _lock(volume.claim)
    if claim is None:
        raise VolumeInUseError(f"the volume {volume_id} is in use")
    try:
        _throw_away(data, volume.path)
    finally:
        os.close(claim)


def _lock(path: Path) -> int | None:
    try:
        return files.try_lock(str(path))
    except FileNotFoundError:
        return None


def _throw_away(data: DataFolder, path: Path) -> None:
    """Move a folder out of the way at once, then remove it; what a crash leaves in the trash goes with the next sweep."""
    make_private(data.trash)
    place = data.trash / f"{path.name}-{uuid.uuid4().hex}"
    path.rename(place)
    _delete_tree(place)


def empty_trash(data: DataFolder) -> None:
    """Finish removals that a crash interrupted."""
    if data.trash.is_dir():
        for place in data.trash.iterdir():
            _delete_tree(place)


def _delete_tree(path: Path) -> None:
    """Remove a folder, those in it included that an agent made unwritable (package caches do)."""
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        shutil.rmtree(path)


def _remove_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:  # another launch is in it, or it is gone
        return


def drop_old_fences(data: DataFolder, older_than_seconds: float) -> None:
    """Forget fences that no frozen orchestrator can still run into."""
    limit = time.time() - older_than_seconds
    if data.fences.is_dir():
        for path in data.fences.iterdir():
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
