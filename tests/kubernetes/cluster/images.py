"""The images of the node: one that only holds a Pod open, and one that holds our runner.

The runner's image is this machine's Python with what the runner depends on, git and a shell; on top lies a thin layer with
our own sources as they are now, so that a change of the product is in the next run without anything being rebuilt by hand.
"""

from __future__ import annotations

import compileall
import hashlib
import importlib.util
import platform
import py_compile
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.kubernetes.cluster.binaries import cache_folder
from tests.kubernetes.cluster.layers import Content, Layer, libraries_of, write_image, write_layer
from tests.support.programs import NotAvailableError

PAUSE = "test.invalid/pause:1"
RUNNER = "test.invalid/ccplant/runner"
USER = 1000

_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PREFIX = "/opt/python"
_PACKAGES = f"{_PREFIX}/lib/{_PYTHON}/site-packages"
_LEFT_OUT = (
    "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3",
    "config-*", "__pycache__", "*.a",
)  # fmt: skip
_TOOLS = (
    "sh", "bash", "env", "cat", "cp", "mv", "rm", "ln", "ls", "mkdir", "rmdir", "chmod", "touch", "head", "tail", "tr",
    "wc", "cut", "sort", "uniq", "uname", "basename", "dirname", "date", "sleep", "echo", "test", "true", "false", "id",
    "dd", "kill", "ps", "grep", "sed", "find", "xargs", "tee", "stat", "df", "du", "mktemp",
)  # fmt: skip
_KEPT_SECONDS = 3 * 86_400
_FORMAT = "4"
"""Raised when the making of a layer changes."""


@dataclass(frozen=True)
class Image:
    """An archive to import, and the name to ask for."""

    name: str
    archive: Path


def pause_image(folder: Path) -> Image:
    """Make the image that holds a Pod's namespaces open: `sleep`, and what it needs."""
    content = Content()
    content.add("/bin/sleep", _program("sleep"))
    for library in libraries_of([_program("sleep")]):
        content.add(str(library), library)
    layer = write_layer(content, _cached("pause", content.fingerprint()))
    archive = folder / "pause.tar"
    write_image(
        archive, PAUSE, [layer], {"Entrypoint": ["/bin/sleep", "infinity"]}, architecture=_architecture()
    )
    return Image(PAUSE, archive)


def runner_image(folder: Path, *, tag: str = "test", extra: Mapping[str, str] | None = None) -> Image:
    """Make the runner's image; `extra` are files on top of it, for images that misbehave."""
    layers = [_base_layer(), _source_layer()]
    if extra:
        content = Content(texts=dict(extra))
        layers.append(write_layer(content, _cached("extra", content.fingerprint())))
    config = {
        "User": f"{USER}:{USER}",
        "Env": [f"PATH={_PREFIX}/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/home/ccplant"],
        "WorkingDir": "/home/ccplant",
        "Entrypoint": ["python", "-m", "ccplant_runner"],
    }
    name, archive = f"{RUNNER}:{tag}", folder / f"runner-{tag}.tar"
    write_image(archive, name, layers, config, architecture=_architecture())
    return Image(name, archive)


def site_file(name: str) -> str:
    """Where in the image a module has to lie to be importable."""
    return f"{_PACKAGES}/{name}"


# --- the layer that seldom changes ---


def _base_layer() -> Layer:
    closure = _closure("ccplant-runner")
    others = {name: one for name, one in closure.items() if not _ours(name)}
    interpreter = Path(sys.executable).resolve()
    told = [_FORMAT, sys.version, str(interpreter), str(interpreter.stat().st_mtime_ns)]
    told += [f"{name}=={one.version}" for name, one in sorted(others.items())]
    told += [f"{tool}:{_program(tool).stat().st_mtime_ns}" for tool in ("git", *_TOOLS)]
    path = _cached("base", hashlib.sha256("\n".join(told).encode()).hexdigest())
    if path.exists() and path.with_suffix(".json").exists():
        return write_layer(Content(), path)
    with tempfile.TemporaryDirectory() as scratch:
        return write_layer(_base_content(others, interpreter, Path(scratch)), path)


def _base_content(others: Mapping[str, Distribution], interpreter: Path, scratch: Path) -> Content:
    staged = Content()
    library = f"{_PREFIX}/lib/{_PYTHON}"
    staged.add_tree(library, Path(sysconfig.get_path("stdlib")), without=_LEFT_OUT)
    staged.add_tree(library, Path(sysconfig.get_path("platstdlib")), without=_LEFT_OUT)
    for one in others.values():
        for file in one.files or ():
            source = Path(str(one.locate_file(file)))
            if ".." not in file.parts and "__pycache__" not in file.parts and source.is_file():
                staged.add(f"{_PACKAGES}/{file}", source)
    content = _compiled(staged, scratch)
    content.add(f"{_PREFIX}/bin/{_PYTHON}", interpreter)
    content.links |= {f"{_PREFIX}/bin/python": _PYTHON, f"{_PREFIX}/bin/python3": _PYTHON}
    content.add_programs(_program(tool) for tool in _TOOLS)
    _add_git(content)
    content.add_libraries(_not_where_it_was(interpreter))
    _add_system_files(content)
    return content


def _add_git(content: Content) -> None:
    content.add("/usr/bin/git", _program("git"))
    core = next(
        (path for path in map(Path, ("/usr/lib/git-core", "/usr/libexec/git-core")) if path.exists()), None
    )
    if core is None:
        raise NotAvailableError("git's own programs (git-core) are not where they usually are")
    content.add_tree(str(core), core)
    # links that lead out of the folder, to /usr/bin/git
    content.links = {
        target: ("/usr/bin/git" if where.endswith("bin/git") else where)
        for target, where in content.links.items()
    }


def _not_where_it_was(interpreter: Path) -> dict[str, str]:
    """Libraries of Python's own folder go where the loader looks anyway."""
    root = interpreter.parent.parent
    return {path.name: "/usr/lib" for path in libraries_of([interpreter]) if root in path.parents}


def _add_system_files(content: Content) -> None:
    content.texts |= {
        "/etc/passwd": f"root:x:0:0::/root:/bin/sh\nccplant:x:{USER}:{USER}::/home/ccplant:/bin/sh\n",
        "/etc/group": f"root:x:0:\nccplant:x:{USER}:\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "/etc/os-release": "ID=test\n",
    }
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        content.add("/etc/ssl/certs/ca-certificates.crt", certificates)
    content.links["/bin"] = "usr/bin"
    content.folders |= {
        "/tmp": (0o1777, 0),
        "/home/ccplant": (0o755, USER),
        "/workspace": (0o755, USER),
        "/var/lib/ccplant": (0o755, USER),
        "/proc": (0o755, 0),
        "/sys": (0o755, 0),
        "/dev": (0o755, 0),
        "/run": (0o755, 0),
    }


# --- the layer that is ours ---


def _source_layer() -> Layer:
    staged = Content()
    for name, one in _closure("ccplant-runner").items():
        if _ours(name):
            package = name.replace("-", "_")
            spec = importlib.util.find_spec(package)
            assert spec is not None, package
            for place in spec.submodule_search_locations or ():
                staged.add_tree(f"{_PACKAGES}/{package}", Path(place), without=("__pycache__", "*.pyc"))
            metadata = one.read_text("METADATA") or ""
            staged.texts[f"{_PACKAGES}/{package}-{one.version}.dist-info/METADATA"] = metadata
    _forget_old("sources")
    path = _cached("sources", hashlib.sha256((_FORMAT + staged.fingerprint()).encode()).hexdigest())
    with tempfile.TemporaryDirectory() as scratch:
        content = staged if path.exists() else _compiled(staged, Path(scratch))
        return write_layer(content, path)


def _forget_old(kind: str) -> None:
    """Remove layers that nobody has made for days: there is one for each state of our sources."""
    for path in (cache_folder() / "kubernetes" / "layers").glob(f"{kind}-*"):
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _compiled(staged: Content, scratch: Path) -> Content:
    """Add byte code: whoever runs the image may not write it, and each start would be slow without."""
    for target, source in staged.files.items():
        if target.endswith(".py"):
            copy = scratch / target.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    compileall.compile_dir(
        scratch, quiet=2, stripdir=str(scratch), prependdir="/", force=True, maxlevels=50,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip
    content = Content(dict(staged.files), dict(staged.texts), dict(staged.links), dict(staged.folders))
    for path in scratch.rglob("*.pyc"):
        content.files[f"/{path.relative_to(scratch)}"] = path
    return content


def _closure(name: str) -> dict[str, Distribution]:
    """Return a distribution and all that it needs."""
    found: dict[str, Distribution] = {}
    open_ones: list[tuple[str, frozenset[str]]] = [(name, frozenset())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while open_ones:
        current = open_ones.pop()
        if current in seen:
            continue
        seen.add(current)
        one = distribution(current[0])
        found[current[0]] = one
        for text in one.requires or ():
            needed = Requirement(text)
            extras = [*current[1], ""]
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                open_ones.append((needed.name.lower().replace("_", "-"), frozenset(needed.extras)))
    return found


def _ours(name: str) -> bool:
    return name.startswith("ccplant-")


def _cached(kind: str, fingerprint: str) -> Path:
    return cache_folder() / "kubernetes" / "layers" / f"{kind}-{fingerprint[:24]}.tar"


def _program(name: str) -> Path:
    found = shutil.which(name, path="/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin")
    if found is None:
        raise NotAvailableError(f"{name} is not installed here: the images of the node are made with it")
    return Path(found)


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
