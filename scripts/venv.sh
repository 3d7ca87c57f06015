#!/usr/bin/env bash
# venv.sh FOLDER LOCK…: a virtual environment with exactly what the lock files pin, and Headrace itself.
set -euo pipefail
folder=$1; shift
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Headrace needs Python 3.11 or newer; set PYTHON to one" >&2; exit 1; }
if [ ! -x "$folder/bin/python" ]; then
  "$python" -m venv "$folder" 2>/dev/null || {
    # Debian keeps ensurepip in a package of its own.
    rm -rf "$folder"
    version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -qq && apt-get install -y -qq "python$version-venv" >/dev/null
      "$python" -m venv "$folder"
    else
      echo "this Python has no venv; install it: apt-get install python$version-venv" >&2; exit 1
    fi
  }
fi
files=(); for lock in "$@"; do files+=(-r "$lock"); done
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "${files[@]}"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null \
  || "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -e .
