#!/usr/bin/env bash
# venv.sh FOLDER LOCK… [-- LOCK…]: a virtual environment with exactly what the lock files pin, by
# hash, and Headrace itself. Locks after -- are complete lists whose packages' own wishes are ignored.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1; shift
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Headrace needs Python 3.11 or newer: set PYTHON to one" >&2; exit 2; }

make_folder() {
  "$python" -m venv --clear "$folder" >/dev/null 2>&1 && return
  # Debian keeps a part of venv in a package of its own.
  rm -rf "$folder"
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq "$package" >/dev/null && "$python" -m venv "$folder"
  else
    echo "this Python has no venv: apt-get install $package" >&2; exit 2
  fi
}

install() { "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

echo "* making the virtual environment $folder (once; about a minute)" >&2
# Not whole: its making was cut off, or the folder was moved, and its programs look in the old place.
whole='import pip, sys; sys.exit(sys.prefix not in open(sys.prefix + "/bin/pip").readline())'
"$folder/bin/python" -c "$whole" >/dev/null 2>&1 || make_folder
locks=(); others=(); list=locks
for word in "$@"; do
  if [ "$word" = -- ]; then list=others
  elif [ "$list" = locks ]; then locks+=(-r "$word")
  else others+=(-r "$word"); fi
done
install --require-hashes -r locks/build.txt "${locks[@]}"
if [ ${#others[@]} -gt 0 ]; then
  install --require-hashes -r examples/flights/requirements.build.txt
  install --require-hashes --no-deps --no-build-isolation "${others[@]}"
fi
install --no-deps --no-build-isolation --editable .
