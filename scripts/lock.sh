#!/usr/bin/env bash
# Pins all dependencies, with hashes, to the newest versions that pyproject.toml allows.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  local out=$1; shift
  .venv/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --python-version 3.11 "$@" -o "locks/$out"
}
compile local.txt pyproject.toml
compile operator.txt --extra operator pyproject.toml
compile dev.txt --extra dev pyproject.toml
compile image.txt --extra operator --overrides locks/not-in-image.txt pyproject.toml
printf 'hatchling\neditables\n' | compile build.txt -
