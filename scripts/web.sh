#!/bin/sh
# Builds the web UI into the gateway's package, from where it is served and goes into its wheel.
#
#   scripts/web.sh    build, where something changed since the last time
#
# It needs Node.js 22.12 or newer: the machine's, else that of a wheel which is installed into .venv for it.
set -eu
cd "$(dirname "$0")/.."
exec 1>&2

target=services/api/ccplant_api/web/dist

say() {
    echo "==> $*"
}

# Everything that decides what comes out, and nothing else.
fingerprint() {
    {
        cat scripts/web.sh scripts/node.sh
        find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -name '*.test.*' |
            LC_ALL=C sort | while read -r file; do echo "$file"; cat "$file"; done
    } | cksum
}

wanted=$(fingerprint)
[ -f "$target/index.html" ] && [ "$(cat "$target/.built" 2>/dev/null)" = "$wanted" ] && exit 0

. scripts/node.sh
if [ ! -f web/node_modules/.package-lock.json ] || [ web/package-lock.json -nt web/node_modules/.package-lock.json ]; then
    say "Installing what the web UI is built with"
    (cd web && npm_ ci --no-progress --silent)
fi
say "Building the web UI"
(cd web && node node_modules/vite/bin/vite.js build --logLevel warn)
rm -rf "$target" && mkdir -p "$target" && cp -R web/dist/. "$target/" && echo "$wanted" >"$target/.built"
