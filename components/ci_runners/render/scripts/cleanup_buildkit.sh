#!/bin/sh
# What the cleanup asks of buildkitd, which itself knows when a record was last used and never removes one in use.
# BUILDKIT_HOST is buildctl's own; BUILDKIT_TLS_DIR is the folder with the client's certificate.

MB=1000000

ask_buildkit() { ask buildctl --tlsdir "$BUILDKIT_TLS_DIR" "$@"; }

watch() { :; }

look() { ask_buildkit debug workers > /dev/null; }

used() {
  ask_buildkit du --format '{{range .}}{{println .Size}}{{end}}' > "$WORK/sizes" || return 1
  awk '{ sum += $1 } END { printf "build_cache %.0f\n", sum }' "$WORK/sizes"
}

sweep() { ask_buildkit prune --all --keep-duration "${CLEANUP_UNUSED_SECONDS}s" > /dev/null; }

# buildkitd itself removes the records that were not used for longest, until the rest is no more than this. What is still
# too much then is in use.
oldest() {
  used > "$WORK/cache" || return 1
  keep_bytes=$(($(of build_cache "$WORK/cache") - $1))
  [ "$keep_bytes" -gt 0 ] || keep_bytes=0
  ask_buildkit prune --all --keep-storage "$((keep_bytes / MB))" > /dev/null
  return 1
}
