#!/bin/bash
# Scenario: another mail server holds port 25. A real sendmail, and a real Exim (Debian's, with their own units and scripts), runs
# where Postfix shall: Postfix cannot bind, the fix is named, mail in the other one's queue is a reason to refuse, then it is stopped
# and stays off and Postfix answers; rollback brings it back. What listens and is no mail server is refused with its name.
#
# MAILFIX_TEST_KINDS: "systemd" unless set; it also runs with "sysv". (What OpenRC does with such scripts is in services.sh.)
# MAILFIX_TEST_RIVALS: "sendmail exim4" unless set. Exim is spared what has nothing of its own: mail that is left, the report, and
# listeners that are no mail server.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source-path=SCRIPTDIR source=../rivals.sh
. "$(dirname "$0")/../rivals.sh"
need_mailfix

files=$(mktemp -d "${TMPDIR:-/tmp}/mailfix-rival.XXXXXX")
trap 'rm -rf "$files"; host_stop' EXIT

states() {
    if [ "$host_kind" = systemd ]; then
        host_run systemctl is-active "$rival.service"
        host_run systemctl is-enabled "$rival.service" postfix.service 2>/dev/null
    else
        host_run sh -c "ls /etc/rc?.d | grep -e postfix -e $rival"
    fi
    greeting
}

# Without the time, which sendmail and Exim put in.
greeting() { host_run bash -c 'exec 3<>/dev/tcp/127.0.0.1/25 && read -rt 10 line <&3 && echo "$line"' 2>&1 | sed -E 's/(;| [A-Z][a-z]{2}, ).*//'; }

# The configuration of both, and all of what starts at boot. (On systemd the links of an init script are dropped and made by
# update-rc.d, with the same names.)
trees() { host_snapshot /etc; }

last_line() { printf '%s\n' "$1" | tail -n 1; }

# The first process of that name.
listener_pid() { host_run pgrep -ox "$1"; }

# What started it, as it is said.
starter() {
    if [ "$host_kind" = systemd ]; then
        printf 'unit %s.service' "$rival"
    else
        printf 'script /etc/init.d/%s' "$rival"
    fi
}

# What is said of it, a regular expression.
who() {
    local program=${rival_program[$rival]}
    printf 'port 25 belongs to %s: 127.0.0.1:25, process %s \\(%s\\), %s, package %s$' "$program" "$(listener_pid "$program")" "$program" \
        "$(starter)" "${rival_package[$rival]}"
}

# holder [findings]: the one process in a report, of the finding of mta-conflict or of the apply. The report is as its schema says.
holder() {
    python3 -c 'import json, jsonschema, sys
report = json.load(sys.stdin)
jsonschema.validate(report, json.load(open(sys.argv[1])))
if sys.argv[2:]:
    report = [f for f in report["findings"] if f["fix"] == "mta-conflict"][0]
[one] = report["holders"]
starter = "unit " + one["unit"] if "unit" in one else "script " + one["script"]
print(one["program"], starter, one["package"], " ".join(one["sockets"]), one["pid"], sep=", ")' "$MAILFIX_PREFIX/share/mailfix/mailfix.schema.json" "$@"
}

test_conflict() {
    local output
    host_service stop postfix
    host_service start "$rival"
    check "$host_kind: $rival answers" until_true 20 eval "greeting | grep -q '${rival_greeting[$rival]}'"
    host_service start postfix >/dev/null 2>&1
    check "$host_kind: Postfix cannot bind" until_true 20 \
        host_log_has 'postfix/master\[[0-9]+\]: fatal: bind .* port 25: Address already in use'
    output=$(host_run mailfix diagnose 2>&1)
    check_same "$host_kind: diagnose: exit 6" 6 $?
    check_match "$host_kind: diagnose: the fix" '^mta-conflict \(stops-mail\)' "$output"
    check_match "$host_kind: diagnose: who" "^    $(who)" "$output"
    check_match "$host_kind: dry run: who" "^note: $(who)" "$(host_run mailfix apply mta-conflict queue=leave -n 2>/dev/null)"
}

test_report() {
    local wanted
    wanted="${rival_program[$rival]}, $(starter), ${rival_package[$rival]}, 127.0.0.1:25, $(listener_pid "${rival_program[$rival]}")"
    check_same "$host_kind: --json diagnose: who" "$wanted" "$(host_run mailfix --json diagnose 2>/dev/null | holder findings)"
    check_same "$host_kind: --json dry run: who" "$wanted" \
        "$(host_run mailfix --json apply mta-conflict queue=leave -n 2>/dev/null | holder)"
}

# Changes nothing: exit CODE, and a line of the output.
test_refused() {
    local what=$1 code=$2 line=$3 before output
    shift 3
    before=$(trees; states)
    output=$(host_run mailfix apply mta-conflict -y "$@" 2>&1)
    check_same "$host_kind: $what: exit $code" "$code" $?
    check_match "$host_kind: $what: why" "$line" "$output"
    check_same "$host_kind: $what: trees and states as before" "$before" "$(trees; states)"
}

test_apply_and_back() {
    local what=$1 before tree output
    shift
    before=$(states)
    tree=$(trees)
    output=$(host_run mailfix apply mta-conflict -y "$@" 2>&1)
    check_same "$host_kind: $what: exit 0" 0 $?
    check_match "$host_kind: $what: the last line" '^Changed and verified' "$(last_line "$output")"
    [ "$(last_line "$output" | cut -c1-7)" = Changed ] || printf '%s\n' "$output"
    check_match "$host_kind: $what: Postfix answers" 'ESMTP Postfix' "$(greeting)"
    check_same "$host_kind: $what: no $rival runs" '' "$(host_run pgrep -x "${rival_program[$rival]}")"
    if [ "$host_kind" = systemd ]; then
        check_same "$host_kind: $what: $rival stays off" disabled "$(host_run systemctl is-enabled "$rival.service" 2>/dev/null)"
    else
        check_same "$host_kind: $what: $rival stays off" '' "$(host_run sh -c "ls /etc/rc[2-5].d | grep '^S.*$rival'")"
    fi
    check_match "$host_kind: $what: again: already so" '^Already so' "$(host_run mailfix apply mta-conflict -y "$@" 2>/dev/null)"
    output=$(host_run mailfix rollback -y 2>&1)
    check_same "$host_kind: $what: rollback: exit 0" 0 $?
    check_same "$host_kind: $what: rollback: $rival runs and is enabled again, Postfix as before" "$before" "$(states)"
    check_same "$host_kind: $what: rollback: the identical tree" "$tree" "$(trees)"
}

# In the pid namespace of the host, else mailfix cannot see who it is (occupy of lib.sh is outside).
test_no_mail_server() {
    local listener
    host_service stop "$rival"
    host_run -i python3 - 25 60 <"$hosts_dir/occupy.py" >"$files/.occupy" 2>&1 &
    listener=$!
    until_true 20 grep -q 'got it' "$files/.occupy"
    test_refused 'no mail server' 5 '^    port 25 belongs to python3: .*:25, process [0-9]+ \(python3\)'
    host_run pkill -x python3
    wait "$listener"
}

# systemd keeps the port for a unit that the first connection starts (which the greeting in states is).
test_socket_unit() {
    host_run sh -c 'printf "[Socket]\nListenStream=127.0.0.1:25\n" >/etc/systemd/system/rival.socket
        printf "[Service]\nExecStart=/bin/sleep 60\n" >/etc/systemd/system/rival.service
        systemctl daemon-reload && systemctl start rival.socket'
    check_match "$host_kind: socket unit: who" \
        '^    port 25 belongs to systemd: 127.0.0.1:25, process 1 \(systemd\), unit rival.socket, package systemd$' \
        "$(host_run mailfix apply mta-conflict -n 2>&1)"
    test_refused 'socket unit, and what it started' 5 '^    port 25 belongs to sleep: .*, unit rival.socket, .*, unit rival.service, '
    host_run systemctl stop rival.socket rival.service
}

test_left() {
    test_apply_and_back 'left on purpose' queue=leave
    check_same "$host_kind: $rival: left on purpose: it still waits" 1 "$(rival_queued "$rival")"
}

test_rival() {
    check "$host_kind: $rival: its packages" rival_files "$rival" "$host_kind" "$files"
    host_start "$host_kind" "$files"
    rival_install "$rival" >"$host_dir/rival" 2>&1 || fail "$host_kind: $rival could be installed" "$(tail -n 20 "$host_dir/rival")"
    test_conflict
    [ "$rival" != sendmail ] || test_report
    rival_queues "$rival" "${rival_stuck[$rival]}"
    check_same "$host_kind: $rival: a message waits" 1 "$(rival_queued "$rival")"
    test_refused 'mail waits' 5 "^    messages that wait: 1 in ${rival_queue[$rival]}"
    test_refused 'mail that cannot be flushed' 3 "1 in ${rival_queue[$rival]}" queue=flush
    [ "$rival" != sendmail ] || test_left
    host_run find "${rival_queue[$rival]}" -type f -delete
    rival_queues "$rival" root@localhost
    test_apply_and_back flushed queue=flush
    check_same "$host_kind: $rival: flushed: nothing waits" 0 "$(rival_queued "$rival")"
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    for rival in ${MAILFIX_TEST_RIVALS:-sendmail exim4}; do
        host_kind=$kind
        test_rival
        [ "$rival" != sendmail ] || test_no_mail_server
        [ "$rival-$kind" != sendmail-systemd ] || test_socket_unit
        host_stop
        find "$files" -mindepth 1 -delete
    done
done
finish
