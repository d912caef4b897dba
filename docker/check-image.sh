#!/usr/bin/env bash
# Build the run-time image and show that it keeps its promises, with whatever engine DOCKER_HOST
# names: it becomes healthy under a read-only root without capabilities, answers, is not root, has
# no torch, and drains on SIGTERM in under 5 seconds, with streams open that a second container
# holds. Prints its size and its times. Host networking, so that it also works with the engine of
# docker/engine.sh, which has no bridge.
#
#   docker/check-image.sh [COMMAND…]
#   docker/check-image.sh .venv/bin/python docker/roundtrip.py
#
# COMMAND runs on this machine once the service is ready, with BOXGAUGE_TARGET (host:port of gRPC)
# and BOXGAUGE_METRICS_URL set; the check fails if it does.
#
# DOCKER            docker command, default docker
# IMAGE             name of the image, default boxgauge:check
# TARGET            stage to build, default runtime (runtime-gpu: not yet run on a GPU)
# PYTHON_IMAGE      base image, default the Dockerfile's
# WHEELS_FROM_HOST  1: this machine's pip fetches the wheels, with its own settings, and the build
#                   uses nothing else; needs the base image's Python version here
# PYTHON            that Python, default python3
# BUILD_ONLY        1: build it, look for torch and print the size, but do not run it
# MEMORY            limit of the running container, default 512m
# KEEP              1: keep the image
set -euo pipefail

DOCKER=${DOCKER:-docker}
IMAGE=${IMAGE:-boxgauge:check}
TARGET=${TARGET:-runtime}
PYTHON=${PYTHON:-python3}
MEMORY=${MEMORY:-512m}
DRAIN_LIMIT_MS=5000
export DOCKER_BUILDKIT=1

root=$(cd "$(dirname "$0")/.." && pwd -P)
dir=$(mktemp -d)
container=
holder=

say() { printf 'check-image: %s\n' "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }

clean_up() {
    if [[ -n $container ]]; then "$DOCKER" rm --force "$container" >/dev/null; fi
    if [[ -n $holder ]]; then "$DOCKER" rm --force "$holder" >/dev/null; fi
    if [[ ${KEEP:-} != 1 ]]; then
        "$DOCKER" image rm --force "$IMAGE" boxgauge-wheels:check >/dev/null 2>&1 || true
    fi
    rm -rf -- "$dir"
}
trap clean_up EXIT

build_args=()
if [[ -n ${PYTHON_IMAGE:-} ]]; then build_args+=(--build-arg "PYTHON=$PYTHON_IMAGE"); fi

collect_wheels() {
    local extra=cpu
    if [[ $TARGET == runtime-gpu ]]; then extra=gpu; fi
    say "fetching wheels with $("$PYTHON" --version)"
    "$PYTHON" "$root/docker/requirements.py" "$root/pyproject.toml" export cpu "$extra" \
        | sort -u >"$dir/requirements.txt"
    # CPU and GPU runtimes would be resolved together here, which is no conflict for pip.
    "$PYTHON" -m pip download -qq --only-binary=:all: --dest "$dir/wheels" \
        -c "$root/constraints.txt" -r "$dir/requirements.txt" 'hatchling>=1.27'
    # The same wheels make the same layer, so that a second build finds its installs in the cache.
    tar -C "$dir/wheels" --sort=name --mtime=@0 --owner=0 --group=0 -c . | "$DOCKER" import - boxgauge-wheels:check >/dev/null
    rm -r -- "$dir/wheels"
    build_args+=(--build-arg WHEELS=boxgauge-wheels:check --build-arg PIP_NO_INDEX=1)
}

free_port() {
    "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

if [[ ${WHEELS_FROM_HOST:-} == 1 ]]; then collect_wheels; fi

say "building $TARGET"
"$DOCKER" build --network host --progress plain --file "$root/docker/Dockerfile" \
    --target "$TARGET" --tag "$IMAGE" "${build_args[@]}" "$root" >"$dir/build.log" 2>&1 \
    || { tail -n 60 "$dir/build.log" >&2; die "the build"; }
size=$("$DOCKER" image inspect --format '{{.Size}}' "$IMAGE")
say "size of $IMAGE: $((size / 1000000)) MB"

for module in torch onnx onnxscript pip; do
    "$DOCKER" run --rm --network none --entrypoint python3 "$IMAGE" \
        -c "import importlib.util as u, sys; sys.exit(u.find_spec('$module') is not None)" \
        || die "$module is in the image"
done
say "no torch, onnx, onnxscript or pip in its environment"
if [[ ${BUILD_ONLY:-} == 1 ]]; then exit; fi

port=$(free_port)
metrics_port=$(free_port)
confined=(--network host --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp
    --memory "$MEMORY")
begin=$(date +%s%3N)
container=$("$DOCKER" run --detach "${confined[@]}" \
    --health-interval 1s --env BOXGAUGE_HOST=127.0.0.1 --env BOXGAUGE_METRICS_HOST=127.0.0.1 \
    --env "BOXGAUGE_PORT=$port" --env "BOXGAUGE_METRICS_PORT=$metrics_port" "$IMAGE")
health=starting
for _ in {1..600}; do
    health=$("$DOCKER" inspect --format '{{.State.Status}} {{.State.Health.Status}}' "$container")
    [[ $health == "running healthy" || $health != running* ]] && break
    sleep 0.1
done
healthy_ms=$(($(date +%s%3N) - begin))
if [[ $health != "running healthy" ]]; then
    "$DOCKER" logs "$container" >&2
    die "it did not become healthy: $health"
fi
say "healthy $healthy_ms ms after docker run, with a probe every second"

user=$("$DOCKER" exec "$container" python3 -c 'import os; print(os.getuid())')
[[ $user == 10001 ]] || die "it runs as user $user"
"$DOCKER" exec "$container" boxgauge doctor || die "boxgauge doctor finds fault with it"
export BOXGAUGE_TARGET=127.0.0.1:$port BOXGAUGE_METRICS_URL=http://127.0.0.1:$metrics_port/metrics
"$PYTHON" - <<'PY' || die "its metrics do not name its build"
import os
import urllib.request

page = urllib.request.urlopen(os.environ["BOXGAUGE_METRICS_URL"], timeout=5).read().decode()
raise SystemExit("boxgauge_build_info{" not in page)
PY
if (($#)); then "$@" || die "$*"; fi
say "answers, as user $user"

# The image is its own client: nothing needs to be installed here. Not removed by itself, so that
# its exit status can be asked for.
holder=$("$DOCKER" create --interactive "${confined[@]}" --entrypoint python3 "$IMAGE" - "$BOXGAUGE_TARGET")
: >"$dir/streams"
"$DOCKER" start --attach --interactive "$holder" <"$root/docker/hold_streams.py" >"$dir/streams" 2>&1 &
streams=$!
for _ in {1..300}; do
    if grep -q '^open$' "$dir/streams" || ! kill -0 "$streams" 2>/dev/null; then break; fi
    sleep 0.1
done
if ! grep -q '^open$' "$dir/streams"; then
    cat "$dir/streams" >&2
    die "no streams could be held open"
fi

begin=$(date +%s%3N)
"$DOCKER" stop --time 10 "$container" >/dev/null
drain_ms=$(($(date +%s%3N) - begin))
code=$("$DOCKER" inspect --format '{{.State.ExitCode}}' "$container")
((code == 0 && drain_ms < DRAIN_LIMIT_MS)) || die "SIGTERM: exit status $code after $drain_ms ms"
say "drained in $drain_ms ms after SIGTERM with two streams open, exit status 0"
if ! wait "$streams"; then
    cat "$dir/streams" >&2
    die "the streams did not end with UNAVAILABLE"
fi
if "$DOCKER" logs "$container" 2>&1 | grep --after-context 20 Traceback >&2; then
    die "its log has a traceback"
fi
say "both streams ended with UNAVAILABLE, and its log has no traceback"
