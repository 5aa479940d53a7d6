#!/bin/sh
# Checks the web UI: the generated client against the OpenAPI document, types, rules, tests, and what a first visit loads.
set -eu
cd "$(dirname "$0")/.."
exec 1>&2
. scripts/node.sh
cd web

# what a browser loads before anything is shown, in bytes after gzip
most_javascript=266240

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
node node_modules/openapi-typescript/bin/cli.js ../docs/openapi.json -o "$fresh" >/dev/null
cmp -s "$fresh" src/api/schema.d.ts || {
    echo "web/src/api/schema.d.ts is not what docs/openapi.json says: run 'npm run api' in web/"
    exit 1
}
node node_modules/typescript/bin/tsc --noEmit
node node_modules/oxlint/bin/oxlint --deny-warnings src
node node_modules/vitest/vitest.mjs run --reporter=dot

loaded=$(sed -n 's/.*\(assets\/[^"]*\.js\)".*/\1/p' dist/index.html | while read -r file; do gzip -9c "dist/$file" | wc -c; done |
    awk '{sum += $1} END {print sum + 0}')
if [ "$loaded" -eq 0 ] || [ "$loaded" -gt "$most_javascript" ]; then
    echo "A first visit loads $loaded bytes of JavaScript (gzip); the budget is $most_javascript."
    exit 1
fi
echo "==> The web UI: a first visit loads $loaded of $most_javascript bytes of JavaScript (gzip)"
