"""The programs of a cluster: found in a cache folder, and built into it only by whoever asks for it.

They are built from published Go modules whose versions and sums are pinned in `modules/`, which takes some ten minutes
once. So a plain test run never builds: it finds what is there, made from just these pins, or is told what is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import NotAvailableError

_MODULES = Path(__file__).with_name("modules")
_VERSION = "v1.34.4"
_BUILD_SECONDS = 3_600


@dataclass(frozen=True)
class Module:
    """One build folder, and what comes out of it: program to package."""

    name: str
    programs: dict[str, str]
    flags: str = "-s -w"

    @property
    def folder(self) -> Path:
        return _MODULES / self.name

    def fingerprint(self) -> str:
        """Of the pins: what was built from others is not used."""
        digest = hashlib.sha256(self.flags.encode())
        for name in ("go.mod", "go.sum", "tools.go"):
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()[:16]


_VERSION_FLAGS = " ".join(
    f"-X k8s.io/component-base/version.{name}={value}"
    for name, value in (("gitVersion", _VERSION), ("gitMajor", "1"), ("gitMinor", "34"))
)
MODULES = (
    Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Module(
        "kubernetes",
        {
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
        },
        f"-s -w {_VERSION_FLAGS}",
    ),
    Module("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
)
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def cache_folder() -> Path:
    """Return where everything that outlives a run is kept (`CCPLANT_TEST_CACHE` moves it)."""
    chosen = os.environ.get("CCPLANT_TEST_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "ccplant-tests"


def binary_folder() -> Path:
    return cache_folder() / "kubernetes" / "bin"


def find(names: Iterable[str]) -> dict[str, Path]:
    """Return the paths of built programs.

    Raises:
        NotAvailableError: one is not there, or was built from other pins.
    """
    wanted = set(names)
    missing = [
        name
        for module in MODULES
        for name in module.programs
        if name in wanted and not (_built(module) and os.access(binary_folder() / name, os.X_OK))
    ]
    if missing:
        raise NotAvailableError(
            f"not built: {', '.join(missing)} (`make test-kubernetes` builds them once, with Go)"
        )
    return {name: binary_folder() / name for name in wanted}


def build(tell: Callable[[str], None]) -> None:
    """Build whatever is missing; tell what is being done.

    Raises:
        NotAvailableError: there is no Go.
        subprocess.CalledProcessError: the build failed.
    """
    due = [module for module in MODULES if not _complete(module)]
    if not due:
        return
    go = shutil.which("go")
    if go is None:
        raise NotAvailableError(
            "the cluster for tests is built with Go, once: install Go, and run this again"
        )
    for module in due:
        tell(f"building {', '.join(module.programs)} (minutes, this once) into {binary_folder()}")
        _build(go, module)


def _build(go: str, module: Module) -> None:
    folder = binary_folder()
    folder.mkdir(parents=True, exist_ok=True)
    # a build that was broken off leaves no program that looks whole
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        for name, package in module.programs.items():
            subprocess.run(
                [go, "build", "-trimpath", "-ldflags", module.flags, "-o", f"{unfinished}/{name}", package],
                cwd=module.folder,
                env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
                check=True,
                timeout=_BUILD_SECONDS,
            )
        for name in module.programs:
            (Path(unfinished) / name).replace(folder / name)
    _stamp(module).write_text(module.fingerprint())


def _complete(module: Module) -> bool:
    return _built(module) and all((binary_folder() / name).exists() for name in module.programs)


def _built(module: Module) -> bool:
    try:
        return _stamp(module).read_text() == module.fingerprint()
    except FileNotFoundError:
        return False


def _stamp(module: Module) -> Path:
    return binary_folder() / f".{module.name}"
