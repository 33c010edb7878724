#!/bin/bash
# First process of a runner's container: a fresh folder, a registration from the registrar, one job, the end.
#
#   bash github_runner.sh PROGRAMS ROOT FOLDER EXTERNALS [GROUP...]
#
# PROGRAMS is where the image has GitHub's runner, ROOT where this one gets it with everything that it and its jobs
# write, FOLDER the one shared with the registrar (see github_registrar.sh), each GROUP the id of a further group of the
# job. EXTERNALS is `copied` if the engine must find the runner's Node.js under the same path, for jobs that name a
# container; otherwise it is `linked`.
#
# It is root with the few capabilities to clean up, to become the image's user `runner` and to end its processes. The
# runner and its jobs are that user, without any: they cannot enter FOLDER, nor reach this process.
set -uo pipefail
umask 022

readonly USER_NAME=runner ANSWER_SECONDS=15
programs=$1 root=$2 folder=$3 externals=$4
shift 4
stopping='' child='' nonce='' jit=''

log() { TZ=UTC printf '%(%Y-%m-%dT%H:%M:%SZ)T entrypoint: %s\n' -1 "$*" >&2; }
fail() {
  log "$*"
  exit 1
}

# Nothing that an earlier job wrote is left; the runner's programs are the image's again.
lay_out() {
  mkdir -p "$root" && find "$root" -xdev -mindepth 1 -delete || return 1
  local entry
  for entry in "$programs"/* "$programs"/.[!.]*; do
    if [[ ! -e $entry ]]; then
      continue
    elif [[ ${entry##*/} == externals && $externals == linked ]]; then
      ln -s "$entry" "$root/externals" || return 1
    else
      cp -a "$entry" "$root/" || return 1
    fi
  done
  chown "$USER_NAME:" "$root" && chmod 0755 "$root"
}

request() { # WORD
  nonce=$(openssl rand -hex 8)
  rm -f "$folder/answer"
  printf '%s %s\n' "$1" "$nonce" > "$folder/request.new" && mv "$folder/request.new" "$folder/request"
}

# The registrar's answer to the last request, if it is there.
answer() {
  local to word
  read -r to word 2> /dev/null < "$folder/answer" && [[ $to == "$nonce" ]] || return 1
  rm -f "$folder/request" "$folder/answer"
  printf '%s' "$word"
}

pause() { read -r -t 1 -u "$never" || true; }

has_job() { cat /proc/[0-9]*/comm 2> /dev/null | grep -qx Runner.Worker; }

# Asked to stop: at once if the forge takes the registration back, after the job if there is one. Where the registrar
# does not answer, the processes here tell.
wind_down() {
  local until=$((EPOCHSECONDS + ANSWER_SECONDS)) word=''
  request release
  until word=$(answer) || ((EPOCHSECONDS >= until)) || ! kill -0 "$child" 2> /dev/null; do
    pause
  done
  if [[ $word == busy ]] || { [[ -z $word ]] && has_job; }; then
    log "stopping when the job has ended"
  else
    log "stopping: there is no job"
    kill -TERM "$child" 2> /dev/null
  fi
}

trap 'stopping=1' TERM INT QUIT
exec {never}<> <(:)
chmod 0700 "$folder" || fail "$folder cannot be closed to the job"
exec 9> "$folder/lock"
flock 9 || fail "another container has this runner's folder"
rm -f "$folder/request" "$folder/answer"
lay_out || fail "$root could not be made anew; no job is taken"

request register
log "waiting for a registration"
until jit=$(answer); do
  if [[ -n $stopping ]]; then
    rm -f "$folder/request"
    log "stopped before there was a registration"
    exit 0
  fi
  pause
done

groups=$(id -G "$USER_NAME") || fail "the image has no user $USER_NAME"
groups="${groups// /,}"
for group; do
  groups+=",$group"
done
cd "$root" || fail "$root cannot be entered"
set -m # a process group of its own, which heeds signals
HOME="$root" USER="$USER_NAME" LOGNAME="$USER_NAME" ACTIONS_RUNNER_INPUT_JITCONFIG="$jit" \
  setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --groups "$groups" --inh-caps=-all \
  "$root/run.sh" 9>&- {never}<&- &
child=$!
set +m
jit=''
log "the runner is started"

told=''
while kill -0 "$child" 2> /dev/null; do
  if [[ -n $stopping && -z $told ]]; then
    told=1
    wind_down
  fi
  wait "$child" 2> /dev/null
done
log "the runner has ended"
