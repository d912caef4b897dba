#!/usr/bin/env bash
# Run a command with a Docker engine of its own, where no engine runs and no registry is reached.
#
#   sudo docker/engine.sh docker/check-image.sh       build the image, run it, check it
#   sudo ENGINE_DIR=/var/tmp/engine docker/engine.sh bash     keep the layers for the next time
#
# Starts dockerd with its own data root, exec root, pid file and socket, beside any other engine,
# runs the command with DOCKER_HOST and DOCKER set, and stops what it started. It has no bridge:
# build and run with `--network host`. If the base image cannot be pulled, a root file system of
# the same Debian release is made from this machine's own apt sources and imported under its name;
# WHEELS_FROM_HOST=1 then tells docker/check-image.sh to let this machine's pip fetch the wheels.
#
# Needs root, dockerd and a Docker command with BuildKit; without a registry also mmdebstrap:
#   apt-get install -y --no-install-recommends docker.io mmdebstrap
#
# ENGINE_DIR  folder of the engine's state; default: a temporary one, removed at the end
# BASE        base image, default python:3.11-slim-bookworm
# DOCKER      docker command, default: the first one found that can build with BuildKit
set -euo pipefail

BASE=${BASE:-python:3.11-slim-bookworm}
engine_pid=

say() { printf 'engine: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Newer clients build with BuildKit only through the buildx plugin; 23 was the first such one.
builds_with_buildkit() {
    "$1" buildx version >/dev/null 2>&1 && return
    local version
    version=$("$1" version --format '{{.Client.Version}}' 2>/dev/null || true)
    [[ $version =~ ^([0-9]+)\. ]] && ((BASH_REMATCH[1] >= 18 && BASH_REMATCH[1] < 23))
}

find_docker() {
    local candidate
    for candidate in $(type -ap docker); do
        if builds_with_buildkit "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    die "no docker command here can build with BuildKit: install docker-buildx or Debian's docker.io"
}

start_engine() {
    # No bridge and no iptables: neither is needed with host networking, and both need rights
    # that a sandbox may not have.
    printf '{"iptables": false, "bridge": "none", "storage-driver": "overlay2"}\n' >"$dir/daemon.json"
    rm -f "$dir/pid"
    dockerd --config-file "$dir/daemon.json" --data-root "$dir/data" --exec-root "$dir/exec" \
        --pidfile "$dir/pid" --host "$DOCKER_HOST" >"$dir/dockerd.log" 2>&1 &
    engine_pid=$!
    local _
    for _ in {1..120}; do
        "$DOCKER" info >/dev/null 2>&1 && return
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.5
    done
    tail -n 20 "$dir/dockerd.log" >&2
    die "dockerd did not start"
}

# shellcheck disable=SC2329  # the trap calls it
stop_engine() {
    [[ -n $engine_pid ]] || return 0
    kill -TERM "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" || true
    engine_pid=
    # dockerd leaves its network namespaces mounted, and a mount cannot be removed.
    local mount
    while read -r mount; do umount "$mount"; done < <(
        awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r
    )
    if [[ -n $temporary ]]; then rm -rf -- "$dir"; fi
}

make_base() {
    local codename=${BASE##*-} ca=/etc/ssl/certs/ca-certificates.crt
    say "$BASE cannot be pulled: making Debian $codename from this machine's apt sources"
    command -v mmdebstrap >/dev/null || die "mmdebstrap is missing"
    # The machine's own certificates, in case it reaches its mirrors through a proxy with its own.
    # shellcheck disable=SC2016  # $1 is the hook's own argument: the new root
    mmdebstrap --quiet --variant=minbase \
        --include=python3,python3-venv,python3-pip,python-is-python3,ca-certificates \
        --customize-hook="if [ -f $ca ]; then cp $ca \"\$1$ca\"; fi" \
        --customize-hook='rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/*' \
        "$codename" - | "$DOCKER" import - "$BASE" >/dev/null
}

(($#)) || die "give a command to run with the engine, for example docker/check-image.sh"
((EUID == 0)) || die "dockerd needs root"
command -v dockerd >/dev/null || die "dockerd is missing"
DOCKER=${DOCKER:-$(find_docker)}

temporary=
if [[ -n ${ENGINE_DIR:-} ]]; then
    mkdir -p "$ENGINE_DIR"
    dir=$(cd "$ENGINE_DIR" && pwd -P)
else
    temporary=yes
    dir=$(mktemp -d)
fi
export DOCKER DOCKER_HOST=unix://$dir/docker.sock
trap stop_engine EXIT

start_engine
say "dockerd $("$DOCKER" version --format '{{.Server.Version}}') listens on $DOCKER_HOST"
if ! "$DOCKER" image inspect "$BASE" >/dev/null 2>&1 \
    && ! timeout 120 "$DOCKER" pull --quiet "$BASE" 2>"$dir/pull.log"; then
    make_base
    touch "$dir/base-made-here"
fi
if [[ -e $dir/base-made-here ]]; then export WHEELS_FROM_HOST=${WHEELS_FROM_HOST:-1}; fi
export PYTHON_IMAGE=$BASE

status=0
"$@" || status=$?
exit "$status"
