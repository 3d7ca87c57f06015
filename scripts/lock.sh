#!/usr/bin/env bash
# Pins all dependencies, with hashes, to the newest versions that pyproject.toml and the example allow.
# HEADRACE_LOCKS: the folder to write to (default: this repository), to look before one leaps.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${HEADRACE_LOCKS:-.}
flights=examples/flights
mkdir -p "$target/locks" "$target/$flights"
compile() {
  local out=$1; shift
  .venv/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --python-version 3.11 "$@" -o "$target/$out"
}
compile locks/local.txt --extra ui pyproject.toml
compile locks/operator.txt --extra operator pyproject.toml
compile locks/dev.txt --extra dev pyproject.toml
compile locks/image.txt --extra operator --extra archive --overrides locks/not-in-image.txt pyproject.toml
printf 'hatchling\neditables\n' | compile locks/build.txt -
compile $flights/requirements.build.txt $flights/requirements.build.in
for listed in task-images/*/requirements*.in tests/task_images/server_programs/requirements.in; do
  mkdir -p "$target/$(dirname "$listed")"
  compile "${listed%.in}.txt" "$listed"
done
compile $flights/requirements.txt --excludes $flights/requirements.excludes $flights/requirements.in
