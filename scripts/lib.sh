# Sourced by the scripts here: where the project is, and a Python that is new enough.
# shellcheck shell=bash

set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Prints the first Python of 3.11 or newer; ends with the command to type if there is none.
find_python() {
    local candidate
    for candidate in python3.11 python3 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed: type: sudo apt-get install python3 python3-venv" >&2
    return 1
}

# Makes the environment for tests and checks (once) and sets what every tool in it needs. Sets $tools, the folder of its
# programs; all that the tools write lies under .run/test. A script started by another that has done this does it no more.
prepare_tests() {
    local python
    python="$(find_python)"
    export PYTHONPATH="$root"
    test_data="$root/.run/test"
    if [ "${TESTS_PREPARED:-}" != "$test_data" ]; then
        "$python" -B -m service.running.environment "$test_data" venv "$root/requirements/test.txt"
        export TESTS_PREPARED="$test_data"
    fi
    tools="$test_data/venv/bin"
    unset PYTHONDONTWRITEBYTECODE
    export PYTHONPYCACHEPREFIX="$test_data/pycache" RUFF_CACHE_DIR="$test_data/ruff" MYPY_CACHE_DIR="$test_data/mypy"
}

# Runs a module of the register with a Python that has its packages: REGISTER_PYTHON, the running register's (of the data
# folder named by --data DIR, else .run), or an environment made now.
run_module() {
    local data="$root/.run" previous="" argument
    for argument in "$@"; do
        [ "$previous" != --data ] || data="$argument"
        case "$argument" in --data=*) data="${argument#--data=}" ;; esac
        previous="$argument"
    done
    local python="${REGISTER_PYTHON:-$data/venv/bin/python}"
    if [ ! -x "$python" ]; then
        python="$root/.run/venv/bin/python"
        if [ ! -x "$python" ]; then
            PYTHONPATH="$root" "$(find_python)" -B -m service.running.environment "$root/.run" venv "$root/requirements/run.txt" >&2
        fi
    fi
    unset PYTHONDONTWRITEBYTECODE
    export PYTHONPATH="$root" PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$root/.run/pycache}"
    exec "$python" -m "$@"
}
