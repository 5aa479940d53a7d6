"""Locks every dependency with its hashes, and checks that the locks are in step with the pyproject files.

    python scripts/lock.py write [--upgrade]
    python scripts/lock.py check

The locks are read by pip alone (`--require-hashes`) and name neither an index nor a path of a machine, so that an
installation takes the same bytes from whichever index it is given. A check resolves again with the present pins as
preferences and compares what would be installed. Hashes are not compared: an index may gain a file for a version
that is locked already, which changes nothing about the ones that were checked.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "libs/contracts",
    "libs/platform",
    "libs/triggers",
    "libs/store",
    "services/api",
    "services/orchestrator",
    "services/webhook-ingest",
    "services/scheduler",
    "runner",
    "cli",
)
OWN = (
    "contracts", "platform", "triggers", "store", "api", "orchestrator", "webhook-ingest", "scheduler", "runner", "cli",
)  # fmt: skip
FOREIGN = re.compile(r"https?://|file:|(^|\s)--|(^|\s)/\w", re.MULTILINE)
"""An address, an option of pip, or a path of one machine."""

RUNTIME = ("--extra", "service", "--extra", "embedded", "--group", "pyproject.toml:build")
AS_DEV = ("--constraint", "requirements/dev.lock")
AS_RUNTIME = ("--constraint", "requirements/runtime.lock")


@dataclass(frozen=True)
class Lock:
    """What one lock is for: these of our packages, with these extras and groups."""

    options: tuple[str, ...]
    packages: tuple[str, ...] = PACKAGES


LOCKS: dict[str, Lock] = {
    "requirements/runtime.lock": Lock(RUNTIME),
    "requirements/dev.lock": Lock(
        (*RUNTIME, "--extra", "node", "--group", "pyproject.toml:dev", *AS_RUNTIME),
    ),
    # the images: the same versions, and in each no more than it needs
    "requirements/api.lock": Lock(
        ("--extra", "service", *AS_RUNTIME),
        ("libs/contracts", "libs/platform", "libs/triggers", "libs/store", "services/api"),
    ),
    "requirements/orchestrator.lock": Lock(
        ("--extra", "service", *AS_RUNTIME),
        ("libs/contracts", "libs/platform", "libs/store", "services/orchestrator", "cli"),
    ),
    "requirements/webhook-ingest.lock": Lock(
        AS_RUNTIME,
        ("libs/contracts", "libs/platform", "libs/triggers", "libs/store", "services/webhook-ingest"),
    ),
    "requirements/scheduler.lock": Lock(
        AS_RUNTIME, ("libs/contracts", "libs/platform", "libs/triggers", "libs/store", "services/scheduler")
    ),
    "requirements/runner.lock": Lock(AS_RUNTIME, ("libs/contracts", "libs/platform", "runner")),
    # Node.js for the build of the web UI, where the machine has none
    "requirements/node.lock": Lock(("--group", "pyproject.toml:node", *AS_DEV), ()),
    "requirements/build.lock": Lock(
        ("--group", "pyproject.toml:build", *AS_RUNTIME), ("libs/contracts", "cli")
    ),
}


def compile_lock(lock: Lock, output: Path, *, upgrade: bool) -> None:
    command = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        *(f"{package}/pyproject.toml" for package in lock.packages),
        *lock.options,
        *(f"--no-emit-package=ccplant-{name}" for name in OWN),
        "--universal",
        "--python-version=3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-header",
        "--no-config",
        "--quiet",
        f"--output-file={output}",
        *(["--upgrade"] if upgrade else []),
    ]
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, timeout=300)


def environment() -> dict[str, str]:
    """The machine's environment, in which uv reaches what pip reaches: the same index and the same certificates.

    Wheels that lie on one machine are left out: they must not decide what everybody gets.
    """
    listing = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True, timeout=60).stdout
    configured = dict(re.findall(r"^\S*\.(index-url|cert)='([^']*)'$", lines, re.MULTILINE))
    found = {
        name: value for name, value in os.environ.items() if name not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}
    }
    found.setdefault("UV_SYSTEM_CERTS", "true")
    if "index-url" in configured:
        found.setdefault("UV_DEFAULT_INDEX", configured["index-url"])
    if "cert" in configured:
        found.setdefault("SSL_CERT_FILE", configured["cert"])
    return found


def pins(text: str) -> dict[str, str]:
    """What would be installed: each requirement with its version and marker, and a mark for a missing hash."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        requirement = block.split("\\\n")[0].split("    #")[0].strip()
        if "==" in requirement:
            hashed = "--hash=sha256:" in block
            found[requirement] = "" if hashed else "no hash"
    return found


def differences(name: str, wanted: Lock, folder: Path) -> list[str]:
    lock = ROOT / name
    if not lock.exists():
        return [f"{name} is missing"]
    present = lock.read_text()
    without_hashes = re.sub(r"--hash=sha256:[0-9a-f]{64}", "", present)
    problems = [f"{name} names {match.group().strip()!r}" for match in FOREIGN.finditer(without_hashes)]
    again = folder / lock.name
    shutil.copy(lock, again)
    compile_lock(wanted, again, upgrade=False)
    old, new = pins(present), pins(again.read_text())
    problems += [f"{name}: {requirement} has {flaw}" for requirement, flaw in old.items() if flaw]
    problems += [
        f"{name}: {requirement} is locked but not needed" for requirement in sorted(old.keys() - new.keys())
    ]
    problems += [
        f"{name}: {requirement} is needed but not locked" for requirement in sorted(new.keys() - old.keys())
    ]
    return problems


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["write"] and set(arguments[1:]) <= {"--upgrade"}:
        for name, wanted in LOCKS.items():
            compile_lock(wanted, ROOT / name, upgrade="--upgrade" in arguments)
            print(f"{name}: {len(pins((ROOT / name).read_text()))} packages")
        return 0
    if arguments == ["check"]:
        with tempfile.TemporaryDirectory() as folder:
            problems = [p for name, wanted in LOCKS.items() for p in differences(name, wanted, Path(folder))]
        for problem in problems:
            print(problem)
        if problems:
            print(
                "The locks are not in step with the pyproject files. Mend it with `make lock` and commit the result."
            )
            return 1
        print("The locks are in step with the pyproject files.")
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError:
        sys.exit(
            "The dependencies could not be resolved: see the lines above. Is the package index reachable?"
        )
