# Installs what scripts need and do not find: from Debian, Python's and Node's packages. Sourced by them.
tools="${XDG_CACHE_HOME:-$HOME/.cache}/infra/tools"

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install() {
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

# package COMMAND PACKAGE..: installs Debian packages unless the command (a name, or a path) is there.
package() {
    command -v "$1" >/dev/null && return
    local command=$1
    shift
    install "$@"
    command -v "$command" >/dev/null || fail "$command is missing and could not be installed"
}

# python_package FILE PACKAGE..: installs into a virtual environment that stays; FILE, from its root,
# says whether it is there. The root is in $python.
python="$tools/python"
python_package() {
    local file=$1
    shift
    package python3 python3 python3-venv
    if [ ! -x "$python/bin/pip" ]; then
        # Debian has the module apart.
        python3 -m venv "$python" >/dev/null 2>&1 || { install python3-venv && python3 -m venv --clear "$python"; } \
            || fail "python3 cannot make a virtual environment"
    fi
    compgen -G "$python/$file" >/dev/null && return
    "$python/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
    compgen -G "$python/$file" >/dev/null || fail "$* does not bring $file"
}

# node_package COMMAND PACKAGE..: installs npm packages; the commands are in $node/node_modules/.bin.
node="$tools/node"
node_package() {
    local command=$1
    shift
    package npm nodejs npm
    [ -x "$node/node_modules/.bin/$command" ] && return
    mkdir -p "$node"
    npm install --silent --no-fund --no-audit --prefix "$node" "$@" >&2
    [ -x "$node/node_modules/.bin/$command" ] || fail "$* does not bring $command"
}
