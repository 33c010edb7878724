#!/bin/sh
# The cleanup of one daemon. What it asks of the daemon is in cleanup_docker.sh or cleanup_buildkit.sh, read before this:
#
#   watch           in the background: notes what is used, and ends when the daemon does
#   look            brings what is known of last uses up to date
#   used            lines `KIND BYTES` of what the daemon holds
#   sweep           removes what nobody used for CLEANUP_UNUSED_SECONDS
#   oldest BYTES    removes about as much, oldest first; false once no more may go
#
# Environment: CLEANUP_NAME, CLEANUP_STATE and CLEANUP_WORK (folders), CLEANUP_SCRIPT (this), CLEANUP_SCHEDULE (cron's five
# fields), CLEANUP_LONGEST_GAP (seconds between two of its times, at the most), CLEANUP_UNUSED_SECONDS, CLEANUP_MAX_BYTES
# and CLEANUP_PRESSURE_PERCENT (0: none).
set -u
umask 022

STATE=$CLEANUP_STATE WORK=$CLEANUP_WORK
RETRIES=6 RETRY_SECONDS=${CLEANUP_RETRY_SECONDS:-5} ANSWER_SECONDS=900 KEPT_RECEIPTS=1000
SLACK_SECONDS=600 LATE_SECONDS=3600 CHECK_LATE_SECONDS=1800
KINDS='containers builders images volumes build_cache'

now() { date -u +%s; }

# trouble TEXT: an error of this run, for its receipt.
trouble() { printf '%s\n' "$*" | head -n 1 | cut -c 1-500 >> "$WORK/errors"; }

removed() { printf '%s\n' "$1" >> "$WORK/removed"; }

# limited PROGRAM WORD...: not for ever. busybox's timeout outlives the program by a second, and must not hold the lock.
limited() { timeout "$ANSWER_SECONDS" "$@" 9>&-; }

# ask PROGRAM WORD...: its answer. A daemon that is busy with the same (HTTP 409, `already running`) is asked again.
ask() {
  tries=0
  until limited "$@" < /dev/null 2> "$WORK/said"; do
    tries=$((tries + 1))
    if ! grep -q 'already running' "$WORK/said" || [ "$tries" -gt "$RETRIES" ]; then
      trouble "$1 $2 $3: $(head -n 1 "$WORK/said")"
      return 1
    fi
    sleep "$RETRY_SECONDS"
  done
}

# number FILE: the number that it holds, or 0.
number() { if [ -s "$1" ]; then cat "$1"; else echo 0; fi; }

# of KIND FILE: the bytes that `used` said.
of() { awk -v kind="$1" '$1 == kind { sum += $2 } END { printf "%.0f\n", sum }' "$2"; }

# What the budget counts: all that may be removed as the oldest.
held() { awk '$1 == "images" || $1 == "build_cache" { sum += $2 } END { printf "%.0f\n", sum }' "$1"; }

over_budget() {
  used > "$WORK/held" || return 1
  echo $(($(held "$WORK/held") - CLEANUP_MAX_BYTES))
}

# How full the file system is that the state lies on: the engine's volumes', and so the daemon's.
disk() { df -P -k "$STATE" | awk 'NR == 2 { printf "%.0f %.0f\n", $3 * 1024, ($3 + $4) * 1024 }'; }

over_pressure() { disk | awk -v most="$CLEANUP_PRESSURE_PERCENT" '{ printf "%.0f\n", $1 - $2 * most / 100 }'; }

# shrink MEASURE: removes the oldest until MEASURE says 0 bytes or less.
shrink() {
  over=$("$1") || return 1
  want=$over more=1
  while [ "$over" -gt 0 ]; do
    if [ "$more" = 0 ]; then
      trouble "$over bytes too many, and nothing more that may be removed"
      return 1
    fi
    oldest "$want" || more=0
    left=$("$1") || return 1
    # What was chosen may share its layers with what stays.
    if [ "$left" -lt "$over" ]; then want=$left; else want=$((want * 4)); fi
    over=$left
  done
}

# freed KIND: bytes between two measurements, while others may have written.
freed() {
  less=$(($(of "$1" "$WORK/before") - $(of "$1" "$WORK/after")))
  if [ "$less" -gt 0 ]; then echo "$less"; else echo 0; fi
}

count() { grep -cx "$1" "$WORK/removed" || true; }

# json_object COMMAND KIND...: {"KIND":what the command says of it,...}
json_object() {
  command=$1 comma=''
  shift
  printf '{'
  for kind in "$@"; do
    printf '%s"%s":%s' "$comma" "$kind" "$("$command" "$kind")"
    comma=,
  done
  printf '}'
}

json_errors() {
  tr '\001-\011\013-\037\177' ' ' < "$WORK/errors" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&"/' | paste -s -d , -
}

# receipt TRIGGER BEGAN: one line on stdout and in the log, the log kept short.
receipt() {
  printf '{"cleanup":"%s","at":"%s","trigger":"%s","seconds":%d,"removed":%s,"freed_bytes":%s,"errors":[%s]}\n' \
    "$CLEANUP_NAME" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$(($(now) - $2))" \
    "$(json_object count containers builders images volumes)" \
    "$(json_object freed containers images volumes build_cache)" "$(json_errors)" > "$WORK/receipt"
  cat "$WORK/receipt"
  { tail -n "$KEPT_RECEIPTS" "$STATE/receipts.jsonl" 2> /dev/null; cat "$WORK/receipt"; } > "$STATE/.receipts"
  mv "$STATE/.receipts" "$STATE/receipts.jsonl"
}

# add NAME BYTES: a total that only grows.
add() { echo $(($(number "$STATE/$1") + $2)) > "$STATE/.total" && mv "$STATE/.total" "$STATE/$1"; }

# clean PART TRIGGER COMMAND WORD...: one run from measuring to its receipt; false if anything went wrong, which is
# kept until the same part goes well.
clean() {
  part=$1 trigger=$2
  shift 2
  : > "$WORK/removed"
  began=$(now)
  : > "$WORK/before"
  if [ ! -s "$WORK/errors" ] && used > "$WORK/before"; then
    "$@"
    used > "$WORK/after" || cp "$WORK/before" "$WORK/after"
  else
    cp "$WORK/before" "$WORK/after"
  fi
  receipt "$trigger" "$began"
  for kind in $KINDS; do
    add "removed_$kind" "$(count "$kind")"
    add "freed_$kind" "$(freed "$kind")"
  done
  wc -l < "$WORK/errors" > "$STATE/last_errors"
  echo $(($(now) - began)) > "$STATE/last_seconds"
  now > "$STATE/last_run"
  if [ -s "$WORK/errors" ]; then
    cp "$WORK/errors" "$STATE/failed_$part"
    return 1
  fi
  rm -f "$STATE/failed_$part"
}

begin() {
  mkdir -p "$WORK"
  : > "$WORK/errors"
  : > "$WORK/removed"
}

swept() {
  clean sweep "$1" sweep || return 1
  now > "$STATE/last_success"
}

# run TRIGGER: what the schedule asks for. While another one is on it waits, and then there is nothing left to do.
run() {
  asked=$(now)
  exec 9> "$STATE/lock"
  flock 9
  [ "$(number "$STATE/last_success")" -le "$asked" ] || return 0
  begin
  look
  result=0
  swept "$1" || result=1
  metrics
  return "$result"
}

missed() { [ $(($(now) - $(number "$STATE/last_success"))) -gt $((CLEANUP_LONGEST_GAP + SLACK_SECONDS)) ]; }

# check: every few minutes. Looks, makes up for a run that was missed or failed, keeps budget and mark.
check() {
  exec 9> "$STATE/lock"
  flock -n 9 || return 0
  begin
  result=0
  if ! look; then
    : > "$WORK/before"
    : > "$WORK/after"
    receipt check "$(now)"
    cp "$WORK/errors" "$STATE/failed_check"
    metrics
    return 1
  fi
  rm -f "$STATE/failed_check"
  if missed; then swept missed || result=1; fi
  keep budget "$CLEANUP_MAX_BYTES" over_budget || result=1
  keep pressure "$CLEANUP_PRESSURE_PERCENT" over_pressure || result=1
  now > "$STATE/last_check"
  metrics
  return "$result"
}

# keep PART LIMIT MEASURE: a run only where there is a limit and it is passed.
keep() {
  : > "$WORK/errors"
  over=0
  [ "$2" = 0 ] || over=$("$3") || over=1
  if [ "$over" -gt 0 ]; then
    clean "$1" "$1" shrink "$3"
  else
    rm -f "$STATE/failed_$1"
  fi
}

# metric NAME TYPE HELP, then lines of `LABELS VALUE` on stdin.
metric() {
  printf '# HELP ci_runners_cleanup_%s %s\n# TYPE ci_runners_cleanup_%s %s\n' "$1" "$3" "$1" "$2"
  while read -r labels value; do
    printf 'ci_runners_cleanup_%s{component="%s"%s} %s\n' "$1" "$CLEANUP_NAME" "${labels#-}" "$value"
  done
}

gauge() { number "$STATE/$2" | sed 's/^ */- /' | metric "$1" gauge "$3"; }

totals() { for kind in $KINDS; do echo ",kind=\"$kind\" $(number "$STATE/$1_$kind")"; done; }

# The text that node_exporter's textfile collector, or any web server, hands to Prometheus.
metrics() {
  {
    gauge last_success_timestamp_seconds last_success "When a scheduled run last went well, or the cleanup began."
    gauge last_run_timestamp_seconds last_run "When the last run ended."
    gauge last_run_duration_seconds last_seconds "How long the last run took."
    gauge last_run_errors last_errors "Errors of the last run."
    gauge last_check_timestamp_seconds last_check "When budget and mark were last checked."
    if used > "$WORK/held"; then
      awk '{ printf ",kind=\"%s\" %s\n", $1, $2 }' "$WORK/held" | metric held_bytes gauge "What the daemon holds."
    fi
    echo "- $CLEANUP_MAX_BYTES" | metric budget_bytes gauge "Most bytes of images and build cache, 0 without a budget."
    disk | awk '{ print "-", $1 / $2 }' | metric disk_used_ratio gauge "How full the file system is."
    totals freed | metric freed_bytes_total counter "Bytes freed."
    totals removed | metric removed_total counter "Things removed."
  } > "$STATE/.prom"
  mv "$STATE/.prom" "$STATE/cleanup.prom"
}

# busy: whether a run or a check is on.
busy() { ! flock -n "$STATE/lock" true; }

# health: false after a run or a check that failed, and when one is overdue.
health() {
  for trace in "$STATE"/failed_*; do
    [ ! -s "$trace" ] || { cat "$trace"; return 1; }
  done
  if [ $(($(now) - $(number "$STATE/last_check"))) -gt "$CHECK_LATE_SECONDS" ] && ! busy; then
    echo "no check for $CHECK_LATE_SECONDS seconds"
    return 1
  fi
  if [ $(($(now) - $(number "$STATE/last_success"))) -gt $((CLEANUP_LONGEST_GAP + LATE_SECONDS)) ]; then
    echo "the run of $CLEANUP_SCHEDULE is overdue"
    return 1
  fi
}

start() {
  mkdir -p "$WORK/crontabs"
  [ -s "$STATE/last_success" ] || now > "$STATE/last_success"
  printf '%s sh %s run schedule\n*/5 * * * * sh %s check\n' \
    "$CLEANUP_SCHEDULE" "$CLEANUP_SCRIPT" "$CLEANUP_SCRIPT" > "$WORK/crontabs/root"
  watch &
  sh "$CLEANUP_SCRIPT" check || true
  exec crond -f -l 9 -L /dev/stderr -c "$WORK/crontabs"
}

case ${1-} in
  start | check | health) "$1" ;;
  run) run "${2:-manual}" ;;
  *) echo "usage: cleanup start|check|run|health" >&2; exit 64 ;;
esac
