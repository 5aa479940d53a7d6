#!/bin/sh
# Makes .venv with exactly what the locks say, and our packages in it by reference.
#
#   scripts/install.sh runtime    what the product needs to run
#   scripts/install.sh dev        that, and what its tests and checks need
#
# A stamp names what was installed (the locks, the pyproject files, the place), so that a second run has
# nothing to do and an interrupted one begins again. Every failure ends in one sentence that helps.
set -eu
cd "$(dirname "$0")/.."
# Standard output belongs to what is started afterwards: `make up ARGS=--json` answers one line there.
exec 1>&2

kind=${1:-runtime}
case $kind in
    runtime | dev) ;;
    *) echo "usage: scripts/install.sh runtime|dev"; exit 2 ;;
esac
lock=requirements/$kind.lock
stamp=.venv/.installed-$kind
packages="libs/contracts libs/platform libs/triggers libs/store services/api services/orchestrator services/webhook-ingest services/scheduler runner cli"

fail() {
    echo "ccplant: $*"
    exit 1
}

say() {
    echo "==> $*"
}

# The place is in it too: scripts in a virtual environment name its path.
fingerprint() {
    {
        pwd
        cat scripts/install.sh "$lock"
        for package in $packages; do cat "$package/pyproject.toml"; done
    } | cksum
}

up_to_date() {
    [ -x .venv/bin/python ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]
}

up_to_date && exit 0

# Two at once would install over each other.
if command -v flock >/dev/null 2>&1; then
    exec 9>.install.lock
    flock -n 9 || { say "Another installation is under way: waiting for it"; flock 9; }
    up_to_date && exit 0
fi

command -v git >/dev/null 2>&1 ||
    fail "git is missing: sessions clone repositories with it. Install git and run this again."

supported='import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] and sys.platform != "win32"))'
python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c "$supported" >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
found=$(python3 --version 2>/dev/null || echo none)
[ -n "$python" ] || fail "Python 3.11 or newer is missing (found: $found). \
Install one, or name it: make install PYTHON=/path/to/python3"
"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
    fail "$("$python" --version) cannot make virtual environments: its modules venv and ensurepip are missing. \
On Debian and Ubuntu they are in the package python3-venv; or name another Python: make install PYTHON=/path/to/python3"

platform="$(uname -s) $(uname -m)"
if [ "$platform" != "Linux x86_64" ]; then
    say "This machine is $platform: NATS and MongoDB come along for Linux x86_64 only." \
        "Here, run your own and name them: make up ARGS=\"--nats-url nats://… --mongodb-url mongodb://…\""
fi

if ! .venv/bin/python -c "$supported" >/dev/null 2>&1 || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "Making a virtual environment in .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv || fail "the virtual environment could not be made: see the lines above."
fi

# Options of the machine's pip that would change what is installed, or where, do not count here.
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_NO_DEPS PIP_REQUIRE_VIRTUALENV PIP_DRY_RUN 2>/dev/null || true
pip() {
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --retries 5 "$@"
}

rm -f .venv/.installed-*
say "Installing $(grep -c '^[a-z].*==' "$lock") packages of $lock, each checked against its hash (about 100 MB the first time)"
pip --require-hashes -r "$lock" ||
    fail "the packages of $lock could not be installed: see the lines above. Is the package index reachable?"

say "Adding ccplant's own packages"
editable=
for package in $packages; do editable="$editable --editable ./$package"; done
# shellcheck disable=SC2086
pip --quiet --no-deps --no-build-isolation $editable || fail "ccplant's own packages could not be added: see the lines above."

fingerprint >"$stamp"
if [ "$kind" = dev ]; then
    # What runs the product is among what tests it.
    kind=runtime lock=requirements/runtime.lock
    fingerprint >.venv/.installed-runtime
fi
say "Installed"
