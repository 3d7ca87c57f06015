#!/usr/bin/env bash
# page.sh: builds the page of `headrace ui` into the package, if something of it is newer than what was
# built. Ends with 3 and a sentence where Node.js is missing or too old.
set -euo pipefail
cd "$(dirname "$0")/../web"
built=../operator/headrace/web/page
exec 9<. # tests in several processes want it built once
flock 9
sources=(index.html package.json package-lock.json tsconfig.json vite.config.ts src ../docs/reference/web-api.json)
if [ -e "$built/.made" ] && [ -z "$(find "${sources[@]}" -newer "$built/.made" -not -name api.ts -type f -print -quit)" ]; then
  exit 0
fi
wanted=20.19
version=$(node --version 2>/dev/null | tr -d v || true)
if [ -z "$version" ] || ! command -v npm >/dev/null; then
  echo "the page needs Node.js $wanted or later with npm, which is not installed" >&2; exit 3
fi
if [ "$(printf '%s\n' "$wanted" "$version" | sort --version-sort | head --lines=1)" != "$wanted" ]; then
  echo "the page needs Node.js $wanted or later; this one is $version" >&2; exit 3
fi
if ! cmp --quiet package-lock.json node_modules/.installed; then
  timeout 300 npm ci --no-audit --no-fund --loglevel=error >&2 || { echo "npm could not install what the page is built from" >&2; exit 3; }
  cp package-lock.json node_modules/.installed
fi
npm run --silent build >"$built.log" 2>&1 9>&- || { cat "$built.log" >&2; exit 1; }
rm "$built.log"
touch "$built/.made"
