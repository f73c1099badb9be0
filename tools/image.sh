#!/bin/sh
# Build the container image with whichever builder is there. --format docker, because the OCI format drops HEALTHCHECK.
set -eu
cd "$(dirname "$0")/.."
name="${IMAGE:-sciatica-cds}"
if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
    exec docker build ${BASE:+--build-arg BASE="$BASE"} --tag "$name" .
elif command -v podman >/dev/null 2>&1; then
    exec podman build ${BASE:+--build-arg BASE="$BASE"} --format docker --tag "$name" .
elif command -v buildah >/dev/null 2>&1; then
    exec buildah bud ${BASE:+--build-arg BASE="$BASE"} --format docker ${BUILDAH_FLAGS:-} --tag "$name" .
fi
echo "No container builder: install docker, podman or buildah." >&2
exit 1
