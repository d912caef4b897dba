#!/usr/bin/env bash
# Build the run-time image and show that it keeps its promises, with whatever engine DOCKER_HOST
# names: read-only root, no capabilities, no new privileges, bounded memory, TLS and tokens. It becomes
# healthy in time, answers, is not root, has no torch, and drains on SIGTERM in time; what streams had
# been acknowledged is there after a restart on the same volume, once. Prints a table. Host networking,
# so that it also works with the engine of docker/engine.sh, which has no bridge.
#
#   docker/check-image.sh [COMMAND…]
#   docker/check-image.sh .venv/bin/python docker/roundtrip.py
#
# COMMAND runs on this machine once the service is ready, with BOXGAUGE_TARGET (host:port of gRPC),
# BOXGAUGE_METRICS_URL and what a client needs to get in (BOXGAUGE_CLIENT_TLS_CA and
# BOXGAUGE_TOKEN_FILE); the check fails if it does.
#
# DOCKER            docker command, default docker
# IMAGE             name of the image, default boxgauge:check
# TARGET            stage to build, default runtime (runtime-gpu: not yet run on a GPU)
# GPU_LOCKS         what runtime-gpu installs, default "gpu tensorrt"; gpu where NVIDIA's index,
#                   which has TensorRT, cannot be reached
# PYTHON_IMAGE      base image, default the Dockerfile's
# WHEELS_FROM_HOST  1: this machine's pip fetches the wheels, with its own settings, and the build
#                   uses nothing else; needs the base image's Python version here
# GRAPHS_FROM_HOST  1: graphs/ of this checkout is offered to the build, which takes what has the
#                   same sources and exports the rest: minutes less
# PYTHON            that Python, default python3
# SKIP_BUILD        1: IMAGE is there already
# BUILD_ONLY        1: build it, look into it and print the size, but do not run it; so it is always
#                   with runtime-gpu, which no GPU has run yet
# STARTS            starts that are timed, default 5
# MEMORY            limit of the running container, default 1g
# KEEP              1: keep the image
set -euo pipefail

DOCKER=${DOCKER:-docker}
IMAGE=${IMAGE:-boxgauge:check}
TARGET=${TARGET:-runtime}
GPU_LOCKS=${GPU_LOCKS:-gpu tensorrt}
PYTHON=${PYTHON:-python3}
STARTS=${STARTS:-5}
MEMORY=${MEMORY:-1g}
HEALTHY_LIMIT_MS=3000
DRAIN_LIMIT_MS=5000
export DOCKER_BUILDKIT=1

root=$(cd "$(dirname "$0")/.." && pwd -P)
dir=$(mktemp -d)
containers=()
too_slow=()
volume=

say() { printf 'check-image: %s\n' "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }
now_ms() { date +%s%3N; }

# shellcheck disable=SC2329  # the trap calls it
clean_up() {
    if ((${#containers[@]})); then "$DOCKER" rm --force --volumes "${containers[@]}" >/dev/null 2>&1 || true; fi
    if [[ -n $volume ]]; then "$DOCKER" volume rm --force "$volume" >/dev/null; fi
    if [[ ${KEEP:-} != 1 ]]; then
        "$DOCKER" image rm --force "$IMAGE" boxgauge-wheels:check boxgauge-graphs:check \
            >/dev/null 2>&1 || true
    fi
    rm -rf -- "$dir"
}
trap clean_up EXIT

build_args=()
if [[ -n ${PYTHON_IMAGE:-} ]]; then build_args+=(--build-arg "PYTHON=$PYTHON_IMAGE"); fi
locks=cpu
if [[ $TARGET == runtime-gpu ]]; then
    locks=$GPU_LOCKS
    build_args+=(--build-arg "GPU_LOCKS=$GPU_LOCKS")
    BUILD_ONLY=1
fi

collect_wheels() {
    local lock locked=()
    for lock in $locks; do locked+=(-r "$root/docker/lock/$lock.txt"); done
    say "fetching wheels with $("$PYTHON" --version)"
    "$PYTHON" "$root/docker/requirements.py" "$root/pyproject.toml" export cpu >"$dir/requirements.txt"
    "$PYTHON" -m pip download -qq --only-binary=:all: --dest "$dir/wheels" \
        -c "$root/constraints.txt" -c "$root/docker/lock/cpu.txt" -r "$dir/requirements.txt" 'hatchling>=1.27'
    "$PYTHON" -m pip download -qq --only-binary=:all: --no-deps --dest "$dir/wheels" "${locked[@]}"
    # The same wheels make the same layer, so that a second build finds its installs in the cache.
    tar -C "$dir/wheels" --sort=name --mtime=@0 --owner=0 --group=0 -c . | "$DOCKER" import - boxgauge-wheels:check >/dev/null
    rm -r -- "$dir/wheels"
    build_args+=(--build-arg WHEELS=boxgauge-wheels:check --build-arg PIP_NO_INDEX=1)
}

free_port() {
    "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# in_image MODULE-OR-SCRIPT…: run its Python, without a network.
in_image() { "$DOCKER" run --rm --interactive --network none --entrypoint python3 "$IMAGE" "$@"; }

build() {
    if [[ ${WHEELS_FROM_HOST:-} == 1 ]]; then collect_wheels; fi
    if [[ ${GRAPHS_FROM_HOST:-} == 1 ]]; then offer_graphs; fi
    say "building $TARGET"
    "$DOCKER" build --network host --progress plain --file "$root/docker/Dockerfile" \
        --target "$TARGET" --tag "$IMAGE" "${build_args[@]}" "$root" >"$dir/build.log" 2>&1 \
        || { tail -n 60 "$dir/build.log" >&2; die "the build"; }
}

offer_graphs() {
    tar -C "$root/graphs" --sort=name --mtime=@0 --owner=0 --group=0 -c . | "$DOCKER" import - boxgauge-graphs:check >/dev/null
    build_args+=(--build-arg GRAPHS=boxgauge-graphs:check)
}

if [[ ${SKIP_BUILD:-} != 1 ]]; then build; fi
size=$("$DOCKER" image inspect --format '{{.Size}}' "$IMAGE")
say "size of $IMAGE: $((size / 1000000)) MB"

for module in torch onnx onnxscript pip; do
    in_image -c "import importlib.util as u, sys; sys.exit(u.find_spec('$module') is not None)" \
        || die "$module is in the image"
done
say "no torch, onnx, onnxscript or pip in its environment"
if [[ $TARGET == runtime-gpu ]]; then
    in_image - "$GPU_LOCKS" <"$root/docker/gpu_libraries.py" || die "libraries of the GPU's providers"
fi
if [[ ${BUILD_ONLY:-} == 1 ]]; then exit; fi

# Certificates and tokens, made by the image itself: nothing needs to be installed here.
export FOLDER=$dir/credentials
cat >"$dir/boxgauge" <<EOF
#!/bin/sh
exec $DOCKER run --rm --network none --user $(id -u):$(id -g) --volume $FOLDER:$FOLDER $IMAGE "\$@"
EOF
chmod +x "$dir/boxgauge"
BOXGAUGE=$dir/boxgauge "$root/docker/credentials.sh" 2>"$dir/credentials.log" \
    || { cat "$dir/credentials.log" >&2; die "making credentials"; }

port=$(free_port)
metrics_port=$(free_port)
confined=(--network host --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp
    --memory "$MEMORY" --pids-limit 256)
settings=(--env BOXGAUGE_HOST=127.0.0.1 --env BOXGAUGE_METRICS_HOST=127.0.0.1
    --env "BOXGAUGE_PORT=$port" --env "BOXGAUGE_METRICS_PORT=$metrics_port"
    --env BOXGAUGE_TLS_CERT=/etc/boxgauge/tls.crt --env BOXGAUGE_TLS_KEY=/etc/boxgauge/tls.key
    --env BOXGAUGE_TOKENS=/etc/boxgauge/tokens --volume "$FOLDER/server:/etc/boxgauge:ro")
access=(--env BOXGAUGE_CLIENT_TLS_CA=/client/ca.crt --env BOXGAUGE_TOKEN_FILE=/client/admin.token
    --volume "$FOLDER/client:/client:ro" --user "$(id -u):$(id -g)")

# Of the service, which is tini's child: the processor time it has taken, in ms, however busy the
# machine is beside it.
cpu_ms() {
    "$DOCKER" exec --interactive "$container" python3 - <<'PY'
import os

for pid in filter(str.isdigit, os.listdir("/proc")):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    if fields[1] == "1":
        print(round(1000 * sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")))
PY
}

# start [OPTION…]: sets container, and healthy_ms, as the image's own probe sees it.
start() {
    local begin health _
    begin=$(now_ms)
    container=$("$DOCKER" run --detach "${confined[@]}" --health-interval 0.5s "${settings[@]}" "$@" "$IMAGE")
    containers+=("$container")
    health=starting
    for _ in {1..1200}; do
        health=$("$DOCKER" inspect --format '{{.State.Status}} {{.State.Health.Status}}' "$container")
        [[ $health == "running healthy" || $health != running* ]] && break
        sleep 0.05
    done
    healthy_ms=$(($(now_ms) - begin))
    if [[ $health != "running healthy" ]]; then
        "$DOCKER" logs "$container" >&2
        die "it did not become healthy: $health"
    fi
}

# stop: sets drain_ms.
stop() {
    local begin code
    begin=$(now_ms)
    "$DOCKER" stop --time 10 "$container" >/dev/null
    drain_ms=$(($(now_ms) - begin))
    code=$("$DOCKER" inspect --format '{{.State.ExitCode}}' "$container")
    ((code == 0)) || die "SIGTERM: exit status $code after $drain_ms ms"
    ((drain_ms < DRAIN_LIMIT_MS)) || too_slow+=("drained after $drain_ms ms")
    if "$DOCKER" logs "$container" 2>&1 | grep --after-context 20 Traceback >&2; then
        die "its log has a traceback"
    fi
}

# client NAME: run docker/NAME.py in a container of its own; its output is in $dir/NAME. The image is
# its own client. Not removed by itself, so that its exit status can be asked for.
client() {
    local name=$1 made
    made=$("$DOCKER" create --interactive "${confined[@]}" "${access[@]}" --entrypoint python3 \
        "$IMAGE" - "localhost:$port")
    containers+=("$made")
    : >"$dir/$name"
    "$DOCKER" start --attach --interactive "$made" <"$root/docker/$name.py" >"$dir/$name" 2>&1 &
    client_pid=$!
}

# wait_for NAME WORD: until a client has printed it.
wait_for() {
    local _
    for _ in {1..1200}; do
        if grep -q "^$2\$" "$dir/$1"; then return; fi
        kill -0 "$client_pid" 2>/dev/null || break
        sleep 0.05
    done
    cat "$dir/$1" >&2
    die "docker/$1.py did not come to '$2'"
}

starts=()
for ((k = 1; k <= STARTS; k++)); do
    start
    starts+=("$healthy_ms")
    taken_ms=$(cpu_ms)
    say "healthy $healthy_ms ms after docker run, with $taken_ms ms of processor time"
    if ((k < STARTS)); then "$DOCKER" rm --force --volumes "$container" >/dev/null; fi
done
mapfile -t sorted < <(printf '%s\n' "${starts[@]}" | sort -n)
median_ms=${sorted[$(((STARTS - 1) / 2))]}

user=$("$DOCKER" exec "$container" python3 -c 'import os; print(os.getuid())')
[[ $user == 10001 ]] || die "it runs as user $user"
"$DOCKER" exec "$container" boxgauge doctor >&2 || die "boxgauge doctor finds fault with it"
export BOXGAUGE_TARGET=localhost:$port BOXGAUGE_METRICS_URL=https://localhost:$metrics_port/metrics
export BOXGAUGE_CLIENT_TLS_CA=$FOLDER/client/ca.crt BOXGAUGE_TOKEN_FILE=$FOLDER/client/admin.token
"$PYTHON" - <<'PY' || die "its metrics are not for those with a token, and for nobody else"
import os
import ssl
import urllib.error
import urllib.request

request = urllib.request.Request(os.environ["BOXGAUGE_METRICS_URL"])
context = ssl.create_default_context(cafile=os.environ["BOXGAUGE_CLIENT_TLS_CA"])
try:
    urllib.request.urlopen(request, timeout=5, context=context)
    raise SystemExit("metrics without a token")
except urllib.error.HTTPError as refused:
    assert refused.code == 401, refused
request.add_header("Authorization", "Bearer " + open(os.environ["BOXGAUGE_TOKEN_FILE"]).read().strip())
page = urllib.request.urlopen(request, timeout=5, context=context).read().decode()
raise SystemExit("boxgauge_build_info{" not in page)
PY
if (($#)); then "$@" >&2 || die "$*"; fi
say "answers over TLS to who has a token, as user $user"
"$DOCKER" rm --force --volumes "$container" >/dev/null

# The drain: two idle streams, and one that sends as fast as it is answered.
volume=$("$DOCKER" volume create)
start --volume "$volume:/var/lib/boxgauge"
client hold_streams
held_pid=$client_pid
wait_for hold_streams open
client lose_nothing
wait_for lose_nothing streaming
memory=$("$DOCKER" stats --no-stream --format '{{.MemUsage}}' "$container")
stop
say "drained in $drain_ms ms after SIGTERM with three streams open, exit status 0"
if ! wait "$held_pid"; then
    cat "$dir/hold_streams" >&2
    die "the idle streams did not end with UNAVAILABLE"
fi
streamed_drain_ms=$drain_ms
start --volume "$volume:/var/lib/boxgauge"
restart_ms=$healthy_ms
if ! wait "$client_pid"; then
    cat "$dir/lose_nothing" >&2
    "$DOCKER" inspect --format '{{json .State}}' "$container" >&2
    "$DOCKER" logs --tail 20 "$container" >&2
    die "images were lost, or counted twice"
fi
stop

"$PYTHON" - "$dir/lose_nothing" <<PY
import json
import sys

counted = json.loads(open(sys.argv[1]).read().splitlines()[-1])
print(f"""
| | |
|---|---|
| image | $((size / 1000000)) MB, without torch |
| run with | read-only root, no capabilities, no-new-privileges, user $user, $MEMORY of memory, TLS and tokens |
| healthy after \`docker run\`, median of $STARTS | $median_ms ms (${sorted[0]} to ${sorted[-1]}; load $(cut -d' ' -f1 /proc/loadavg) on $(nproc) cores); limit $HEALTHY_LIMIT_MS |
| processor time of a start | $taken_ms ms |
| memory while streaming | $memory |
| drained after SIGTERM, one stream busy, two idle | $streamed_drain_ms ms; limit $DRAIN_LIMIT_MS |
| healthy again on the same volume | $restart_ms ms |
| images acknowledged before the end; of them in the report after the restart | {counted['acknowledged']}; all |
| images sent; in the report once the unacknowledged ones were sent again | {counted['sent']}; {counted['after_resending']} |
| the report and an evaluation of the same images | the same doubles |
| drained when idle | $drain_ms ms |
""")
PY
((median_ms < HEALTHY_LIMIT_MS)) || too_slow+=("healthy after $median_ms ms")
((${#too_slow[@]} == 0)) || die "slower than promised, on a machine with the load $(cut -d' ' -f1 /proc/loadavg): ${too_slow[*]}"
say "all as promised"
