#!/bin/sh
# What the cleanup asks of a Docker Engine. DOCKER_HOST and its companions are the client's own.
#
# The engine filters images and containers by when they were made. What counts here is when they were last used, which is
# kept in the file `seen`, as lines `KIND ID SECONDS`: of an image its last use, of a container since when it does not
# run, of a volume since when no container has it, of a builder its last build.
#
# Environment: CLEANUP_JOBS_ONLY (1: other people's containers are on this engine too), CLEANUP_BUILDERS (1: buildx's own
# builders are removed), CLEANUP_KEEP_IMAGES (patterns of image names, as a shell has them).

JOB_LABEL=com.gitlab.gitlab-runner.managed OUR_LABEL=ci-runners.component
YOUNG_SECONDS=600 UNWATCHED_SECONDS=3600
JOB_VOLUME='^([0-9a-f]{64}|runner-.+-cache-[0-9a-f]{32}(-protected)?)$' BUILDER_VOLUME='^buildx_buildkit_.+_state$'
IN_USE='conflict|in use|being used|is running|no such|already in progress'
# A function of awk: the bytes of 1.2GB, as the engine writes sizes.
BYTES='function bytes(text) {
  return text * (text ~ /TB$/ ? 1e12 : text ~ /GB$/ ? 1e9 : text ~ /MB$/ ? 1e6 : text ~ /kB$/ ? 1e3 : 1)
}
'
export DOCKER_CONFIG="$CLEANUP_WORK/docker"

# watch: every event that is a use, as `SECONDS KIND REFERENCE`. An engine remembers only 256 events, health checks among
# them, so nobody can ask for them afterwards.
watch() {
  since=$(number "$STATE/last_check")
  [ "$since" != 0 ] || since=$(now)
  while :; do
    docker events --since "$since" --filter type=container --filter type=image \
      --format '{{.Time}}|{{.Type}} {{.Action}}|{{.Actor.ID}}|{{.Actor.Attributes.image}}' 2> /dev/null |
      while IFS='|' read -r time what id image; do
        case $what in
          'container create' | 'container start') echo "$time image $image" ;;
          'image pull' | 'image tag' | 'image load' | 'image import' | 'image push') echo "$time image $id" ;;
          'container exec_create: '*dial-stdio*) echo "$time builder $id" ;;
          *) continue ;;
        esac >> "$STATE/events"
      done
    sleep 10
    since=$(($(now) - 20))
  done
}

# containers FILTER...: ids of all that pass it, running or not.
containers() { ask docker ps --all --quiet --no-trunc "$@"; }

# images_of FILE: ids of the images of the containers in it. A container that is gone meanwhile does not matter.
images_of() {
  [ -s "$1" ] || return 0
  if ! xargs docker inspect --type container --format '{{.Image}}' < "$1" > "$WORK/inspected" 2> "$WORK/said" &&
    grep -qvi 'no such' "$WORK/said"; then
    trouble "docker inspect: $(head -n 1 "$WORK/said")"
    return 1
  fi
  sort -u "$WORK/inspected"
}

# What uses say, as lines `KIND ID SECONDS`: of running containers, of builds in builders, of events.
uses() {
  containers --filter status=running --filter status=paused --filter status=restarting > "$WORK/running" || return 1
  images_of "$WORK/running" > "$WORK/in_use" || return 1
  sed "s/.*/image & $1/" "$WORK/in_use"
  if [ -s "$WORK/builders" ]; then
    xargs docker inspect --type container --format "{{if .ExecIDs}}builder {{.Id}} $1{{end}}" < "$WORK/builders" 2> /dev/null
  fi
  mv "$STATE/events" "$WORK/events" 2> /dev/null || return 0
  while read -r used_at kind id; do
    case "$kind $id" in
      'image sha256:'* | builder*) ;;
      *) id=$(docker image inspect --format '{{.Id}}' "$id" < /dev/null 2> /dev/null) || continue ;;
    esac
    echo "$kind $id $used_at"
  done < "$WORK/events"
}

# Everything that is there, as lines `KIND ID`.
there() {
  ask docker image ls --quiet --no-trunc > "$WORK/images" || return 1
  containers --filter status=exited --filter status=created --filter status=dead > "$WORK/stopped" || return 1
  ask docker volume ls --quiet --filter dangling=true > "$WORK/dangling" || return 1
  containers --filter status=running --filter 'name=^/?buildx_buildkit_' > "$WORK/builders" || return 1
  sort -u "$WORK/images" | sed 's/^/image /'
  sed 's/^/container /' "$WORK/stopped"
  sed 's/^/volume /' "$WORK/dangling"
  sed 's/^/builder /' "$WORK/builders"
}

# Time in which nobody looked does not count: what was used then is not known, and a clock that was put right looks alike.
look() {
  at=$(now)
  since=$(number "$STATE/looked")
  unwatched=$((at - since > UNWATCHED_SECONDS ? at - since : 0))
  touch "$STATE/seen"
  there > "$WORK/there" || return 1
  uses "$at" > "$WORK/uses" || return 1
  awk -v now="$at" -v unwatched="$unwatched" '
    function use(key, at) { if (at + 0 > last[key] + 0) last[key] = at + 0 }
    FILENAME ~ /seen$/ && $3 + 0 > 0 { use($1 " " $2, $3 + unwatched) }
    FILENAME ~ /uses$/ { use($1 " " $2, $3) }
    FILENAME ~ /there$/ {
      key = $1 " " $2
      printf "%s %.0f\n", key, (last[key] + 0 > 0 && last[key] + 0 < now + 0 ? last[key] : now)
    }
  ' "$STATE/seen" "$WORK/uses" "$WORK/there" > "$STATE/.seen" || return 1
  mv "$STATE/.seen" "$STATE/seen"
  echo "$at" > "$STATE/looked"
}

# unused KIND SECONDS: ids that were not used for so long.
unused() {
  awk -v kind="$1" -v before="$(($(now) - $2))" \
    '$1 == kind && $3 + 0 > 0 && $3 + 0 <= before + 0 { print $2 }' "$STATE/seen"
}

# without FILE, only FILE: the lines on stdin that are not, or are, in the file.
without() { awk -v file="$1" 'BEGIN { while ((getline line < file) > 0) there[line] } !($0 in there)'; }
only() { awk -v file="$1" 'BEGIN { while ((getline line < file) > 0) there[line] } $0 in there'; }

used() {
  ask docker system df --format '{{.Type}}|{{.Size}}' > "$WORK/df" || return 1
  awk -F '|' "$BYTES"'
    { name = tolower($1); sub(/^local /, "", name); gsub(/ /, "_", name); printf "%s %.0f\n", name, bytes($2) }
  ' "$WORK/df"
}

# drop KIND PROGRAM WORD...: removes one thing. That it came to be used meanwhile is no error.
drop() {
  dropped=$1
  shift
  if limited "$@" < /dev/null > /dev/null 2> "$WORK/said"; then
    removed "$dropped"
  elif ! grep -qiE "$IN_USE" "$WORK/said"; then
    trouble "$*: $(head -n 1 "$WORK/said")"
  fi
}

sweep_containers() {
  containers --filter "label=$OUR_LABEL" > "$WORK/ours" || return 1
  unused container "$CLEANUP_UNUSED_SECONDS" | without "$WORK/ours" > "$WORK/old"
  if [ "$CLEANUP_JOBS_ONLY" = 1 ]; then
    containers --filter "label=$JOB_LABEL" > "$WORK/jobs" || return 1
    only "$WORK/jobs" < "$WORK/old" > "$WORK/old_jobs"
    mv "$WORK/old_jobs" "$WORK/old"
  fi
  while read -r id; do drop containers docker rm "$id"; done < "$WORK/old"
}

# A builder whose last build is long ago: buildx makes another one when it is asked to build.
sweep_builders() {
  [ "$CLEANUP_BUILDERS" = 1 ] || return 0
  unused builder "$CLEANUP_UNUSED_SECONDS" > "$WORK/old"
  while read -r id; do
    name=$(docker inspect --type container --format '{{if not .ExecIDs}}{{.Name}}{{end}}' "$id" < /dev/null 2> /dev/null)
    [ -n "$name" ] || continue
    drop builders docker rm --force --volumes "$id"
    drop volumes docker volume rm "${name#/}_state"
  done < "$WORK/old"
}

sweep_volumes() {
  unused volume "$CLEANUP_UNUSED_SECONDS" > "$WORK/old"
  grep -E "$JOB_VOLUME" "$WORK/old" > "$WORK/old_jobs"
  [ "$CLEANUP_BUILDERS" != 1 ] || grep -E "$BUILDER_VOLUME" "$WORK/old" >> "$WORK/old_jobs"
  while read -r volume; do drop volumes docker volume rm "$volume"; done < "$WORK/old_jobs"
}

# free_images SECONDS: images that were not used for so long, and that no container has, running or not.
free_images() {
  containers > "$WORK/all" || return 1
  images_of "$WORK/all" > "$WORK/in_use" || return 1
  unused image "$1" | without "$WORK/in_use"
}

# keeps NAME...: whether one of an image's names is to be kept.
keeps() {
  set -f
  for pattern in $CLEANUP_KEEP_IMAGES; do
    for name in "$@"; do
      # shellcheck disable=SC2254 # it is a pattern
      case $name in $pattern) set +f; return 0 ;; esac
    done
  done
  set +f
  return 1
}

# drop_image ID: name by name, since an image with several is not removed by its id. Never by force.
drop_image() {
  names=$(docker image inspect --format '{{range .RepoTags}}{{.}} {{end}}' "$1" < /dev/null 2> /dev/null) || return 0
  # shellcheck disable=SC2086 # the names are words
  ! keeps $names || return 0
  for name in $names; do
    limited docker image rm "$name" < /dev/null > /dev/null 2>&1 || true
  done
  if docker image inspect "$1" < /dev/null > /dev/null 2>&1; then
    drop images docker image rm "$1"
  else
    removed images
  fi
}

sweep_images() {
  longest=$CLEANUP_UNUSED_SECONDS
  [ "$longest" -gt "$YOUNG_SECONDS" ] || longest=$YOUNG_SECONDS
  free_images "$longest" > "$WORK/old" || return 1
  while read -r id; do drop_image "$id"; done < "$WORK/old"
}

# prune SECONDS: build cache that was not used for so long, as the engine knows it. What a build uses is not touched.
prune() { ask docker buildx prune --all --force --filter "until=$1s" > /dev/null; }

sweep() {
  sweep_containers
  sweep_builders
  sweep_images
  sweep_volumes
  prune "$CLEANUP_UNUSED_SECONDS"
}

# Lines `SECONDS BYTES image|cache ID`, oldest first, of all that may go. Sizes are about right: layers may be shared.
candidates() {
  free_images "$YOUNG_SECONDS" > "$WORK/free" || return 1
  ask docker image ls --no-trunc --format 'size {{.ID}} {{.Size}}' > "$WORK/sizes" || return 1
  ask docker system df --verbose --format \
    '{{range .BuildCache}}{{if not .InUse}}cache|{{.ID}}|{{.Size}}|{{.LastUsedAt}}|{{.CreatedAt}}{{println}}{{end}}{{end}}' \
    > "$WORK/cache" || return 1
  sed 's/^/free /' "$WORK/free" | cat "$STATE/seen" - "$WORK/sizes" > "$WORK/known"
  awk "$BYTES"'
    function seconds(text,  part, year, month) {  # of 2026-01-02 03:04:05 +0000 UTC, since 1970
      split(text, part, /[-: .]/)
      year = part[1]; month = part[2] + 0
      if (month < 3) { month += 12; year -= 1 }
      return 86400 * (365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * month - 457) / 5) + part[3] - 719469) \
        + 3600 * part[4] + 60 * part[5] + part[6]
    }
    FILENAME ~ /known$/ && $1 == "image" { last[$2] = $3 }
    FILENAME ~ /known$/ && $1 == "free" { free[$2] = 1 }
    FILENAME ~ /known$/ && $1 == "size" && $2 in free && last[$2] + 0 > 0 && !($2 in said) {
      said[$2] = 1
      printf "%.0f %.0f image %s\n", last[$2], bytes($3), $2
    }
    FILENAME ~ /cache$/ && NF {
      split($0, field, /[|]/)
      printf "%.0f %.0f cache %s\n", seconds(field[4] ~ /^2/ ? field[4] : field[5]), bytes(field[3]), field[2]
    }
  ' "$WORK/known" "$WORK/cache" | sort -n
}

oldest() {
  candidates > "$WORK/candidates" || return 1
  [ -s "$WORK/candidates" ] || return 1
  awk -v want="$1" '{ print; sum += $2; if (sum >= want) exit }' "$WORK/candidates" > "$WORK/chosen"
  while read -r last _ kind id; do
    if [ "$kind" = image ]; then drop_image "$id"; else newest=$last; fi
  done < "$WORK/chosen"
  [ -z "${newest-}" ] || prune "$(($(now) - newest - 1))"
  unset newest
  # Once everything was chosen there is no more to come.
  [ "$(wc -l < "$WORK/chosen")" -lt "$(wc -l < "$WORK/candidates")" ]
}
