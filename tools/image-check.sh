#!/bin/sh
# Build the image without a container daemon and look at it from inside. Needs root on Debian or Ubuntu, buildah, and
# debootstrap where the public base image cannot be had: then a minimal Debian with Python stands in for it.
# Under chroot isolation network and /proc are those of this machine, so the service takes a free port of it.
set -eu
cd "$(dirname "$0")/.."
export STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}"
base=localhost/python:3.11-slim
image=localhost/sciatica-cds-check
port="${PORT:-18080}"

say() { printf '%s\n' "image-check: $*"; }
fail() { say "FAILED: $*"; exit 1; }

for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing (apt-get install buildah debootstrap)"
done

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    say "making a stand-in for the base image with debootstrap"
    tree=$(mktemp -d)
    debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,libpython3-dev,ca-certificates \
        bookworm "$tree" >/dev/null
    blank=$(buildah from scratch)
    buildah add --quiet "$blank" "$tree" / >/dev/null
    buildah commit --quiet "$blank" "$base" >/dev/null
    buildah rm "$blank" >/dev/null
    rm -rf "$tree"
fi

say "building"
# The certificates of this machine, for networks whose proxy signs for the index.
buildah bud --isolation=chroot --format docker --pull-never --quiet \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro --tag "$image" . >/dev/null

container=$(buildah from --pull-never "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
inside() { buildah run --isolation chroot "$container" -- "$@"; }

config=$(buildah inspect --type image "$image")
echo "$config" | grep -q '"Healthcheck"' || fail "no health check"
[ "$(inside id -u)" = 10001 ] || fail "does not run as user 10001"
inside sh -c '! command -v gcc && ! command -v cc' >/dev/null || fail "there is a compiler"
inside sh -c '! /venv/bin/python -c "import pip" 2>/dev/null' || fail "there is pip in the environment of the service"
for path in /app /app/service /app/rules /venv /app/gunicorn.conf.py; do
    inside sh -c "! test -w $path" || fail "$path can be written"
done
inside sh -c '[ -z "$(find /app /venv ! -user 0 -print -quit)" ]' || fail "something is not owned by root"
inside sciatica-cds lint >/dev/null 2>&1 || fail "the rule set is not well formed inside the image"

say "starting"
inside env SCIATICA_CDS_BIND="127.0.0.1:$port" WEB_CONCURRENCY=1 \
    GUNICORN_CMD_ARGS="--pid /tmp/gunicorn.pid" sciatica-cds serve >/dev/null 2>&1 &
runner=$!
healthy=no
for _ in $(seq 150); do
    if inside python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health', timeout=2)" 2>/dev/null; then
        healthy=yes
        break
    fi
    sleep 0.2
done
inside sh -c 'kill "$(cat /tmp/gunicorn.pid)"' || kill "$runner" 2>/dev/null || true
wait "$runner" || true
[ "$healthy" = yes ] || fail "the health check does not pass"
say "passed: user 10001, no compiler, no pip, code and rules not writable, lint passes, healthy"
