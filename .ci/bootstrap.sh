# What ./run and ./test share: install what is missing, configure, build. Sourced, with `set -euo pipefail`, from the root.

export CCACHE_SLOPPINESS=pch_defines,time_macros  # or nothing that a precompiled header goes into would be kept

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

# install_missing FILE...: the Debian packages those files list, one a line. Quick when all are there.
install_missing() {
    local missing=() package
    for package in $(cat "$@"); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Run this as root once, or install them: apt-get install ${missing[*]}" >&2; exit 1; }
        root=(sudo)
    fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# configure FOLDER OPTION...: again only when the options have changed.
configure() {
    local folder=$1 stamp
    shift
    stamp="$folder/configured-with"
    [ -f "$folder/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && return
    say "Configuring $folder"
    cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$folder.log" ||
        { cat "$folder.log"; exit 1; }
    echo "$*" >"$stamp"
}

# build FOLDER TARGET...: with ninja's own progress line; nothing to say when nothing is to do.
build() {
    local folder=$1
    shift
    say "Building (a first build takes some minutes)"
    NINJA_STATUS='[%f/%t, %es] ' ninja -C "$folder" "$@"
}
