#!/bin/bash
# The registrar of self-hosted GitHub runners: the only process that has the credential, in a container of its own.
#
# It exchanges the credential for just-in-time configurations, each good for one runner and one job (GitHub docs, REST
# API, Self-hosted runners), and hands them to runner containers through one folder each, which jobs cannot enter:
#
#   lock     held by the runner container's first process while it lives. The kernel lets go of it, whatever happened.
#   request  `register NONCE` or `release NONCE`, from that process.
#   answer   `NONCE CONFIGURATION`, `NONCE released` or `NONCE busy`, from here.
#
# A lock that nobody holds means a container that does not run: its registration is deleted. While GitHub says that a
# registration is busy it is not deleted, and its folder gets no other one.
#
# Environment: API_URL, SCOPE (repos/OWNER/NAME or orgs/NAME), GROUP (a runner group's name, or nothing), LABELS (a JSON
# list), PREFIX (of the runners' names), SLOTS (how many folders), CREDENTIAL (a file), STATE, FOLDERS, SCRATCH (folders).
# The credential and what it is exchanged for are in no process's arguments and in no environment.
set -uo pipefail
umask 077

: "${API_URL:?}" "${SCOPE:?}" "${GROUP?}" "${LABELS:?}" "${PREFIX:?}" "${SLOTS:?}" "${CREDENTIAL:?}" "${STATE:?}" "${FOLDERS:?}" "${SCRATCH:?}"
readonly MESSAGE="$SCRATCH/trouble" ANSWER="$SCRATCH/reply"
readonly RETRY_LEAST=5 RETRY_MOST=60 BUSY_SECONDS=15 REAP_SECONDS=300 LOOK_SECONDS=5
readonly REPOSITORY_GROUP=1

bearer='' bearer_until=0 credential_seen=''
status='' not_before=0 retry=$RETRY_LEAST group=''
stopping='' next_look=0 next_reap=0
declare -A answered=() later=() waits=()

log() { TZ=UTC printf '%(%Y-%m-%dT%H:%M:%SZ)T registrar: %s\n' -1 "$*" >&2; }

# trouble WHAT FIX: what keeps jobs from being taken, said once, and in a file while it lasts. The next try waits.
trouble() {
  local said="$1. Runners that have a job go on with it; no further one is taken. Fix: $2"
  [[ $(cat "$MESSAGE" 2> /dev/null) == "$said" ]] || log "$said"
  printf '%s' "$said" > "$MESSAGE"
  not_before=$((EPOCHSECONDS + retry))
  retry=$((retry * 2 < RETRY_MOST ? retry * 2 : RETRY_MOST))
}

fine() {
  [[ ! -e $MESSAGE ]] || log "the forge takes the credential and answers again"
  rm -f "$MESSAGE"
  not_before=0 retry=$RETRY_LEAST
}

# call BEARER METHOD PATH [JSON]: $status is the answer's, or 000 where there is none; the answer is in $ANSWER.
call() {
  local words=(--request "$2" --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28')
  [[ -z ${4-} ]] || words+=(--header 'Content-Type: application/json' --data "$4")
  : > "$ANSWER"
  status=$(
    printf 'header = "Authorization: Bearer %s"\n' "$1" |
      curl --config - --silent --show-error --connect-timeout 10 --max-time 30 "${words[@]}" \
        --output "$ANSWER" --write-out '%{http_code}' "$API_URL/$3" 2> "$SCRATCH/error"
  ) || status=000
}

# What the forge or curl said, in one line.
said() {
  local text
  text=$(jq --raw-output '.message // empty' "$ANSWER" 2> /dev/null)
  [[ $status != 000 ]] || text=$(head -c 300 "$SCRATCH/error")
  printf '%s %s' "$status" "${text//$'\n'/ }"
}

not_answered() { # METHOD PATH
  local asked="$1 $API_URL/$2"
  case $status in
    401 | 403) trouble "the forge refuses the credential: $(said) ($asked)" \
      "pass a token or an App's key that is valid and may administer the runners of $SCOPE, and run pulumi up" ;;
    404) trouble "the forge knows no $SCOPE, or does not show it to this credential: $(said) ($asked)" \
      "check url, and that the token or App may administer the runners there, and run pulumi up" ;;
    000) trouble "the forge does not answer: $(said) ($asked)" "check url, networks and the forge" ;;
    *) trouble "the forge answers $(said) ($asked)" "see the message" ;;
  esac
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# What proves to GitHub, for nine minutes, that this is the App (GitHub docs, Generating a JSON Web Token for an App).
app_token() {
  local claims signed
  claims=$(jq --compact-output '{iat: (now | floor - 60), exp: (now | floor + 540), iss: .client_id}' "$CREDENTIAL")
  signed=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url).$(printf '%s' "$claims" | base64url)
  printf '%s.' "$signed"
  printf '%s' "$signed" |
    openssl dgst -sha256 -binary -sign <(jq --raw-output .private_key "$CREDENTIAL") 2> "$SCRATCH/error" | base64url
}

# Leaves in $bearer what the API is asked with: the token itself, or what the App's key is exchanged for, for an hour.
authorize() {
  local seen
  if ! seen=$(stat --format '%i %Y' "$CREDENTIAL" 2> /dev/null); then
    trouble "there is no credential yet" "run pulumi up: it writes one"
    return 1
  fi
  if [[ $seen != "$credential_seen" ]]; then
    [[ -z $credential_seen ]] || log "another credential is used from now on"
    credential_seen=$seen bearer_until=0 not_before=0 retry=$RETRY_LEAST
  fi
  ((EPOCHSECONDS >= not_before)) || return 1
  ((EPOCHSECONDS >= bearer_until)) || return 0
  if [[ $(jq 'has("token")' "$CREDENTIAL") == true ]]; then
    bearer=$(jq --raw-output .token "$CREDENTIAL")
    bearer_until=$((EPOCHSECONDS + 3600))
    return 0
  fi
  local path
  path="app/installations/$(jq --raw-output .installation_id "$CREDENTIAL")/access_tokens"
  call "$(app_token)" POST "$path"
  if [[ $status != 201 ]]; then
    not_answered POST "$path"
    return 1
  fi
  bearer=$(jq --raw-output .token "$ANSWER")
  bearer_until=$((EPOCHSECONDS + 3000))
  : > "$ANSWER"
}

# ask METHOD PATH [JSON]: true for an answer that the caller understands, by $status; anything else is trouble.
ask() {
  authorize || return 1
  call "$bearer" "$@"
  [[ $status != 401 ]] || bearer_until=0
  case "$status $1 $2" in
    2??\ * | 422\ DELETE* | 404\ */runners/[0-9]*) fine ;;
    *)
      not_answered "$@"
      return 1
      ;;
  esac
}

# delete ID: true if the forge has no such runner any more. While it is busy the forge answers 422.
delete() { ask DELETE "$SCOPE/actions/runners/$1" && [[ $status == 204 || $status == 404 ]]; }

answer() { # SLOT NONCE WORD
  printf '%s %s\n' "$2" "$3" > "$FOLDERS/$1/answer.new"
  mv "$FOLDERS/$1/answer.new" "$FOLDERS/$1/answer"
  answered[$1]=$2
}

lives() { ! flock --nonblock "$FOLDERS/$1/lock" true; }

# forget SLOT: true if the slot's last registration is gone, or is one of which the forge heard nothing any more.
forget() {
  local file="$STATE/$1"
  [[ -s $file ]] || return 0
  ((EPOCHSECONDS >= ${later[$1]:-0})) || return 1
  local runner
  runner=$(< "$file")
  if ! delete "$runner"; then
    later[$1]=$((EPOCHSECONDS + BUSY_SECONDS))
    [[ $status == 422 ]] && ask GET "$SCOPE/actions/runners/$runner" || return 1
    if [[ $status == 200 && $(jq --raw-output .status "$ANSWER") == online ]]; then
      [[ -n ${waits[$1]-} ]] || log "slot $1: runner $runner, which does not run, is busy to the forge; waiting"
      waits[$1]=1
      return 1
    fi
  fi
  log "slot $1: runner $runner is gone"
  rm -f "$file"
  unset "waits[$1]" "later[$1]"
}

# The id of the runner group, asked for once: the one of that name, or an organization's default. A repository has one.
find_group() {
  [[ -z $group ]] || return 0
  if [[ $SCOPE == repos/* ]]; then
    group=$REPOSITORY_GROUP
    return 0
  fi
  local page=1
  while ask GET "$SCOPE/actions/runner-groups?per_page=100&page=$page"; do
    group=$(jq --raw-output --arg name "$GROUP" \
      '.runner_groups[] | select(if $name == "" then .default else .name == $name end) | .id' "$ANSWER")
    [[ -z $group ]] || return 0
    if [[ $(jq '.runner_groups | length' "$ANSWER") == 0 ]]; then
      trouble "$SCOPE has no runner group ${GROUP:-of its own} that the credential may see" \
        "make the group, or correct runner_group"
      return 1
    fi
    page=$((page + 1))
  done
  return 1
}

register() { # SLOT NONCE
  forget "$1" && find_group || return 0
  local name body
  name="$PREFIX-$own-$1-$(openssl rand -hex 4)"
  body=$(jq --null-input --compact-output --arg name "$name" --argjson group "$group" --argjson labels "$LABELS" \
    '{name: $name, runner_group_id: $group, labels: $labels, work_folder: "_work"}')
  if ! ask POST "$SCOPE/actions/runners/generate-jitconfig" "$body"; then
    group=''
    return 0
  fi
  jq --raw-output .runner.id "$ANSWER" > "$STATE/$1"
  log "slot $1: $name is runner $(< "$STATE/$1")"
  answer "$1" "$2" "$(jq --raw-output .encoded_jit_config "$ANSWER")"
  : > "$ANSWER"
}

# release SLOT NONCE: the forge decides whether the runner is free to go, so that no job gets lost in between.
release() {
  not_before=0
  if [[ ! -s $STATE/$1 ]] || delete "$(< "$STATE/$1")"; then
    rm -f "$STATE/$1"
    log "slot $1: released"
    answer "$1" "$2" released
  elif [[ $status == 422 ]]; then
    log "slot $1: runner $(< "$STATE/$1") has a job, which may end"
    answer "$1" "$2" busy
  fi
}

serve() { # SLOT
  local wish nonce
  read -r wish nonce 2> /dev/null < "$FOLDERS/$1/request" || return 0
  [[ ${answered[$1]-} != "$nonce" ]] && lives "$1" || return 0
  case $wish in
    register) register "$1" "$nonce" ;;
    release) release "$1" "$nonce" ;;
  esac
}

# ours: `ID STATUS BUSY NAME` of each of our own runners that the forge knows.
ours() {
  local page=1
  while ask GET "$SCOPE/actions/runners?per_page=100&page=$page"; do
    [[ $(jq '.runners | length' "$ANSWER") != 0 ]] || return 0
    jq --raw-output --arg prefix "$PREFIX-$own-" \
      '.runners[] | select(.name | startswith($prefix)) | "\(.id) \(.status) \(.busy) \(.name)"' "$ANSWER"
    page=$((page + 1))
  done
  return 1
}

current() { # ID: the slot whose registration this is
  local slot
  for ((slot = 1; slot <= SLOTS; slot++)); do
    [[ $(cat "$STATE/$slot" 2> /dev/null) != "$1" ]] || printf '%s' "$slot"
  done
}

# What no slot knows and nobody runs: left by a slot that is no more, or by an answer that got lost.
reap() {
  local id state busy name
  ours > "$SCRATCH/ours" || return 0
  while read -r id state busy name; do
    [[ $state == offline && $busy == false && -z $(current "$id") ]] || continue
    ! delete "$id" || log "$name is deleted: nobody runs it"
  done < "$SCRATCH/ours"
}

# Everything of ours that does not run. What still runs is another registrar's soon, or deletes itself after its job.
farewell() {
  local id state busy name slot
  not_before=0
  ours > "$SCRATCH/ours" || return 0
  while read -r id state busy name; do
    slot=$(current "$id")
    if [[ -n $slot ]] && lives "$slot"; then
      continue
    elif delete "$id"; then
      log "$name is deleted"
    else
      log "$name stays: the forge says $(said). It deletes it by itself within a day"
    fi
  done < "$SCRATCH/ours"
}

trap 'stopping=1' TERM INT
exec {never}<> <(:)
[[ -s $STATE/own ]] || openssl rand -hex 3 > "$STATE/own"
own=$(< "$STATE/own")
for ((slot = 1; slot <= SLOTS; slot++)); do
  chmod 0700 "$FOLDERS/$slot"
done
log "ready for $SLOTS at $API_URL/$SCOPE, names begin with $PREFIX-$own-"

while [[ -z $stopping ]]; do
  for ((slot = 1; slot <= SLOTS; slot++)); do
    serve "$slot"
    if ((EPOCHSECONDS >= next_look)) && ! lives "$slot"; then
      forget "$slot"
    fi
  done
  ((EPOCHSECONDS < next_look)) || next_look=$((EPOCHSECONDS + LOOK_SECONDS))
  if ((EPOCHSECONDS >= next_reap)); then
    next_reap=$((EPOCHSECONDS + REAP_SECONDS))
    reap
  fi
  read -r -t 1 -u "$never" || true
done
farewell
log "ended"
