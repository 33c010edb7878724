#!/bin/bash
# The drain of a GitLab runner. It stops before the runner's container does, and starts after it.
#
# As long as it runs the runner may take jobs. Told to stop (SIGTERM), it pauses the runner at GitLab, so that jobs wait
# there and not at a runner that is about to go, and ends once GitLab says that none of its jobs runs any more. Started
# anew it lifts its own pause. A pause that somebody else set while it ran is left as it is.
#
# If it cannot ask GitLab it ends as well: the runner's own stop signal lets jobs end too, so that none is lost.
#
# Environment: REGISTRATION (a file of three lines: GitLab's API, the runner's number, a token), STATE (a folder that
# outlives the container), SCRATCH (a folder in memory), RUNNER (the runner's container, for the log), DRAIN_SECONDS (how
# long jobs may take), GIVE_UP_SECONDS (how long GitLab may be silent). The token is in no process's arguments and in no
# environment.
set -uo pipefail
umask 077

: "${REGISTRATION:?}" "${STATE:?}" "${SCRATCH:?}" "${RUNNER:?}" "${DRAIN_SECONDS:?}" "${GIVE_UP_SECONDS:?}"
readonly FINE="$SCRATCH/fine" ANSWER="$SCRATCH/answer" OPENED="$STATE/opened"
readonly RETRY_SECONDS=3 LOOK_SECONDS=300 WAIT_SECONDS=1

api='' number='' token='' status='' said=''
stopping='' not_before=0

log() { TZ=UTC printf '%(%Y-%m-%dT%H:%M:%SZ)T drain: %s\n' -1 "$*" >&2; }

# fine, trouble WHAT FIX: whether GitLab does what it is asked, said once for as long as it stays so; the health check asks.
fine() {
  [[ -z $said ]] || log "GitLab answers again"
  said=''
  : > "$FINE"
}

trouble() {
  [[ $said == "$1" ]] || log "$1. Fix: $2"
  said=$1
  rm -f "$FINE"
}

# The runner's registration as it is now: a new one is another runner, under a drain that goes on.
read_registration() {
  local file=()
  mapfile -t file 2> /dev/null < "$REGISTRATION"
  if ((${#file[@]} != 3)); then
    trouble "$REGISTRATION is missing" "run pulumi up: it writes one"
    return 1
  fi
  [[ "$api $number $token" == "${file[*]}" ]] || not_before=0
  api=${file[0]} number=${file[1]} token=${file[2]}
}

# ask METHOD PATH: true if GitLab did it; its answer is in $ANSWER, its status in $status, 000 where there is none.
ask() {
  local asked="$1 $api/$2"
  : > "$ANSWER"
  status=$(
    printf 'header = "PRIVATE-TOKEN: %s"\n' "$token" |
      curl --config - --silent --show-error --connect-timeout 10 --max-time 30 --request "$1" \
        --output "$ANSWER" --write-out '%{http_code}' "$api/$2" 2> "$SCRATCH/error"
  )
  case $status in
    2??) fine && return 0 ;;
    401) trouble "GitLab refuses the token ($asked)" "pass an api_token that is valid, and run pulumi up" ;;
    403) trouble "the token may not do this: $(head -c 300 "$ANSWER") ($asked)" \
      "pass an api_token with the scope manage_runner, of somebody who may administer runner $number" ;;
    404) trouble "GitLab knows no runner $number, or does not show it to this token ($asked)" \
      "check url and runner_id, and that the token may administer the runner" ;;
    000 | '')
      status=000
      trouble "GitLab does not answer: $(head -c 300 "$SCRATCH/error") ($asked)" "check url, networks and GitLab"
      ;;
    *) trouble "GitLab answers $status: $(head -c 300 "$ANSWER") ($asked)" "see the message" ;;
  esac
  return 1
}

# Asking again does not help.
is_final() { [[ $status == 40[134] ]]; }

is_open() { [[ $(cat "$OPENED" 2> /dev/null) == "$api $number" ]]; }

remember_open() {
  printf '%s %s\n' "$api" "$number" > "$OPENED.new"
  mv "$OPENED.new" "$OPENED"
}

# Lifts our pause where there may be one; else looks now and then whether GitLab would still take the token.
hold_open() {
  read_registration && ((EPOCHSECONDS >= not_before)) || return 0
  not_before=$((EPOCHSECONDS + RETRY_SECONDS))
  if ! is_open; then
    ask PUT "runners/$number?paused=false" || return 0
    remember_open
    log "runner $number ($RUNNER) may take jobs"
  else
    ask GET "runners/$number" || return 0
  fi
  not_before=$((EPOCHSECONDS + LOOK_SECONDS))
}

# pause: true if no further job comes to the runner. It is tried again for as long as that may help.
pause() {
  local until=$((EPOCHSECONDS + GIVE_UP_SECONDS))
  read_registration || return 1
  until pause_once; do
    ! is_final && ((EPOCHSECONDS < until)) || return 1
    sleep "$WAIT_SECONDS"
  done
}

pause_once() {
  if is_open; then
    ask GET "runners/$number" || return 1
    if grep -Eq '"paused": ?true' "$ANSWER"; then
      log "runner $number ($RUNNER) is paused already, and not by us: that stays so"
      return 0
    fi
    rm -f "$OPENED"
  fi
  ask PUT "runners/$number?paused=true" && log "runner $number ($RUNNER) is paused"
}

# Until none of the runner's jobs runs.
wait_for_jobs() {
  local until=$((EPOCHSECONDS + DRAIN_SECONDS)) heard=$EPOCHSECONDS told=''
  while ((EPOCHSECONDS < until)); do
    if ask GET "runners/$number/jobs?status=running&per_page=1"; then
      heard=$EPOCHSECONDS
      if [[ $(tr -d '[:space:]' < "$ANSWER") == '[]' ]]; then
        log "no job runs"
        return
      fi
      [[ -n $told ]] || log "a job runs; it has $DRAIN_SECONDS s"
      told=1
    elif is_final || ((EPOCHSECONDS - heard >= GIVE_UP_SECONDS)); then
      log "GitLab does not say whether a job runs: the runner itself waits for it"
      return
    fi
    sleep "$WAIT_SECONDS"
  done
  log "a job still runs after $DRAIN_SECONDS s: the runner's own grace is what it has left"
}

if ! command -v curl > /dev/null; then
  log "this image has no curl. Fix: use one that has, as gitlab/gitlab-runner's Ubuntu images do"
  exit 1
fi
trap 'stopping=1' TERM INT
exec {never}<> <(:)
while [[ -z $stopping ]]; do
  hold_open
  read -r -t 0.5 -u "$never" || true
done
if pause; then
  wait_for_jobs
else
  log "the runner is not paused: what it is given until it stops, it ends within its own grace"
fi
log "ended"
