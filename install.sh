#!/bin/sh
# usage: install.sh PYTHON VENV LOCK: makes VENV when it is missing or broken, installs LOCK and Lockgate into it.
set -eu
python=$1 venv=$2 lock=$3

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Lockgate needs Python 3.11 or later; '$python' is not. Next: make PYTHON=/path/to/python3.12 ..." >&2
  exit 1
fi
"$venv/bin/python" -c '' 2>/dev/null || rm -rf "$venv"

echo "Installing $lock into $venv ..." >&2
if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
  [ -d "$venv" ] || uv venv -q --python "$python" "$venv"
  uv pip install -q --python "$venv/bin/python" --require-hashes -r "$lock"
  uv pip install -q --python "$venv/bin/python" --no-deps -e .
else
  [ -d "$venv" ] || "$python" -m venv "$venv"
  # An environment that uv made has no pip.
  "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip -q >/dev/null
  "$venv/bin/python" -m pip install -q --no-compile --require-hashes -r "$lock"
  "$venv/bin/python" -m pip install -q --no-deps -e .
fi
