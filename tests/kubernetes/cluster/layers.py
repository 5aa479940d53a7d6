"""Layers of container images, made from this machine's own files: no registry, no network, no Docker.

A layer is a tar whose bytes depend on its content alone, kept in the cache under the hash of what goes into it: what did
not change is not made again, and what did change is never missed.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Content:
    """What goes into a layer: paths in the image, and where each comes from."""

    files: dict[str, Path] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Folder to its mode and owner, where they are not 755 and root."""

    def add(self, target: str, source: Path) -> None:
        """Put a file there; a symbolic link as what it leads to."""
        self.files[target] = source

    def add_tree(self, target: str, source: Path, *, without: Sequence[str] = ()) -> None:
        """Put a folder's files there, but for those whose path matches one of some patterns."""
        for path in sorted(source.rglob("*")):
            inside = path.relative_to(source)
            if path.is_dir() or any(inside.match(pattern) or _under(inside, pattern) for pattern in without):
                continue
            if path.is_symlink() and not path.readlink().is_absolute():
                self.links[f"{target}/{inside}"] = str(path.readlink())
            elif path.is_file():
                self.files[f"{target}/{inside}"] = path

    def add_programs(self, paths: Iterable[Path], folder: str = "/usr/bin") -> None:
        """Put programs there."""
        for path in paths:
            self.files[f"{folder}/{path.name}"] = path

    def add_libraries(self, moved: Mapping[str, str] | None = None) -> None:
        """Put there what the programs and libraries in it are linked with; `moved`: name to another folder."""
        binaries = sorted({path for path in self.files.values() if _is_elf(path)})
        for library in libraries_of(binaries):
            folder = (moved or {}).get(library.name, str(library.parent))
            self.files.setdefault(f"{folder}/{library.name}", library)

    def fingerprint(self) -> str:
        """Of all that is in it."""
        digest = hashlib.sha256()
        for target, source in sorted(self.files.items()):
            digest.update(f"{target}\0{source.stat().st_mode & 0o111}\0".encode())
            digest.update(hashlib.sha256(source.read_bytes()).digest())
        digest.update(
            repr(
                (sorted(self.texts.items()), sorted(self.links.items()), sorted(self.folders.items()))
            ).encode()
        )
        return digest.hexdigest()


@dataclass(frozen=True)
class Layer:
    """A finished layer."""

    path: Path
    digest: str
    size: int


def write_layer(content: Content, path: Path) -> Layer:
    """Write a layer, or find it written."""
    note = path.with_suffix(".json")
    if not (path.exists() and note.exists()):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".new-{hashlib.sha256(str(content.texts).encode()).hexdigest()[:6]}")
        with tarfile.open(draft, "w", format=tarfile.GNU_FORMAT) as tar:
            _fill(tar, content)
        digest = _sha256(draft)
        draft.replace(path)
        note.write_text(json.dumps({"digest": digest}))
    return Layer(path, json.loads(note.read_text())["digest"], path.stat().st_size)


def write_image(
    path: Path, name: str, layers: Sequence[Layer], config: Mapping[str, object], *, architecture: str
) -> None:
    """Write an archive that `ctr images import` reads."""
    described = {
        "architecture": architecture,
        "os": "linux",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
    }
    config_blob = json.dumps(described).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _pointer(_CONFIG, config_blob),
        "layers": [
            {"mediaType": _LAYER, "digest": f"sha256:{layer.digest}", "size": layer.size} for layer in layers
        ],
    }
    manifest_blob = json.dumps(manifest).encode()
    pointer = _pointer(_MANIFEST, manifest_blob)
    pointer["annotations"] = {"io.containerd.image.name": name}
    index = {"schemaVersion": 2, "manifests": [pointer]}
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        _add_bytes(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add_bytes(tar, "index.json", json.dumps(index).encode())
        for blob in (config_blob, manifest_blob):
            _add_bytes(tar, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
        for layer in dict.fromkeys(layers):
            tar.add(layer.path, f"blobs/sha256/{layer.digest}")


def libraries_of(binaries: Sequence[Path]) -> list[Path]:
    """Return the shared libraries that programs need, the loader included, as the loader itself finds them."""
    found: set[Path] = set()
    for start in range(0, len(binaries), 100):
        some = [str(path) for path in binaries[start : start + 100]]
        told = subprocess.run(["ldd", *some], capture_output=True, text=True, check=False, timeout=60).stdout
        found |= {Path(path) for path in re.findall(r"(?:=>\s+|^\s+)(/\S+) \(0x", told, re.MULTILINE)}
    return sorted(found)


def _fill(tar: tarfile.TarFile, content: Content) -> None:
    made: set[str] = set()
    for target, (mode, owner) in sorted(content.folders.items()):
        _add_folders(tar, PurePosixPath(target).parent, made)
        _add_folder(tar, target, mode, owner)
        made.add(target)
    for target, source in sorted(content.files.items()):
        _add_folders(tar, PurePosixPath(target).parent, made)
        mode = 0o755 if source.stat().st_mode & 0o111 else 0o644
        _add_bytes(tar, target.lstrip("/"), source.read_bytes(), mode)
    for target, text in sorted(content.texts.items()):
        _add_folders(tar, PurePosixPath(target).parent, made)
        _add_bytes(tar, target.lstrip("/"), text.encode())
    for target, where in sorted(content.links.items()):
        _add_folders(tar, PurePosixPath(target).parent, made)
        link = tarfile.TarInfo(target.lstrip("/"))
        link.type, link.linkname, link.mode = tarfile.SYMTYPE, where, 0o777
        tar.addfile(link)


def _add_folders(tar: tarfile.TarFile, folder: PurePosixPath, made: set[str]) -> None:
    for path in (*reversed(folder.parents), folder):
        if str(path) not in made and str(path) != "/":
            _add_folder(tar, str(path), 0o755, 0)
            made.add(str(path))


def _add_folder(tar: tarfile.TarFile, target: str, mode: int, owner: int) -> None:
    entry = tarfile.TarInfo(target.lstrip("/"))
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
    tar.addfile(entry)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _pointer(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(blob).hexdigest()}", "size": len(blob)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _under(inside: Path, pattern: str) -> bool:
    return any(parent.match(pattern) for parent in inside.parents if parent.name)
