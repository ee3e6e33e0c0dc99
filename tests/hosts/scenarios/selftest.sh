#!/bin/bash
# Scenario: do the hosts themselves do what the other scenarios take for granted? Needs no mailfix.
#
# On both kinds of host: it boots, postfix and dovecot answer; "smtpd_tls_session_cache_database = sdbm:" makes tlsmgr complain in
# the log at the first TLS session while the service seems well; a taken port makes a start fail; a snapshot is stable and sees
# every kind of change; a crash keeps the files; nothing stays behind, neither after host_stop nor after kill -9 of a scenario.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

# The unit or script whose state tells the truth: on Debian 12 postfix.service is a wrapper that always succeeds.
daemon() { if [ "$host_kind" = systemd ]; then echo postfix@-; else echo postfix; fi; }

# shellcheck disable=SC2317  # called by check
same_snapshots() { diff <(host_snapshot /etc /usr/sbin /var/spool/postfix) <(host_snapshot /etc /usr/sbin /var/spool/postfix); }

test_boot() {
    check_same "$host_kind: PID 1 is the real one" "$([ "$host_kind" = systemd ] && echo systemd || echo init)" \
        "$(host_run cat /proc/1/comm)"
    check "$host_kind: port 25 answers" until_true 10 port_answers 25
    check "$host_kind: port 143 answers" until_true 10 port_answers 143
    check "$host_kind: a TLS session works" smtp_starttls 25
    check_same "$host_kind: only lo" lo "$(host_run ls /sys/class/net)"
    check_exit 7 "$host_kind: the exit code comes through" host_run sh -c 'exit 7'
    check_same "$host_kind: errors and output stay apart" out "$(host_run sh -c 'echo out; echo err >&2' 2>/dev/null)"
    check_same "$host_kind: host_root shows the same file" "$(host_run cat /etc/postfix/main.cf)" \
        "$(cat "$(host_root)/etc/postfix/main.cf")"
}

test_snapshot() {
    local before
    check "$host_kind: two snapshots are the same" same_snapshots
    before=$(host_snapshot /etc/postfix)
    host_run sh -euc 'cd /etc/postfix; setfacl -m u:postfix:r main.cf; setfattr -n user.note -v x master.cf
        ln -s main.cf "odd name"; chmod 600 dynamicmaps.cf'
    check_same "$host_kind: a snapshot shows an ACL, an attribute, a link, a mode" \
        $'> user.note=78\n> system.posix_acl_access\n> /etc/postfix/odd\\x20name\n> 0600' \
        "$(diff <(printf '%s\n' "$before") <(host_snapshot /etc/postfix) | sed -n \
            -e '/^>.*user.note=78 /s/.*/1> user.note=78/p' -e '/^>.*posix_acl_access=/s/.*/2> system.posix_acl_access/p' \
            -e '/^> link/s/.* /3> /p' -e '/^> file *0600/s/.*/4> 0600/p' | sort | cut -c2-)"
}

test_sdbm() {
    host_run postconf -e 'smtpd_tls_session_cache_database = sdbm:/etc/postfix/smtpd_scache'
    check "$host_kind: postfix restarts with sdbm" host_service restart postfix
    check "$host_kind: TLS works with sdbm" until_true 15 smtp_starttls 25
    until_true 10 host_log_has 'unsupported dictionary type: sdbm'
    check_match "$host_kind: tlsmgr complains" 'postfix/tlsmgr\[[0-9]+\]: .*unsupported dictionary type: sdbm' "$(host_log)"
}

test_occupy() {
    occupy 25 60
    check "$host_kind: postfix stops" host_service stop postfix
    check "$host_kind: occupy gets the port" occupy_got
    if host_service start "$(daemon)" >/dev/null 2>&1; then
        fail "$host_kind: start fails with the port taken" "$(host_run ss -ltnp)"
    else
        pass "$host_kind: start fails with the port taken"
    fi
    check "$host_kind: the log says why" until_true 10 host_log_has 'fatal: bind 0.0.0.0 port 25: Address already in use'
    occupy_stop
    check "$host_kind: start works when the port is free" host_service start postfix
    check "$host_kind: and port 25 answers" until_true 15 smtp_starttls 25
}

test_crash() {
    host_run sh -c 'echo kept >/etc/kept'
    host_crash
    check_same "$host_kind: no process is left after a crash" '' "$(host_leftovers | grep -e '^process' -e 'processes: .')"
    host_boot
    check_same "$host_kind: files outlive a crash" kept "$(host_run cat /etc/kept)"
    check "$host_kind: port 25 answers again" until_true 15 port_answers 25
}

test_extra_files() {
    local extra
    extra=$(mktemp -d "${TMPDIR:-/tmp}/extra.XXXXXX")
    mkdir -p "$extra/etc/postfix"
    printf 'smtpd_banner = extra\n' >"$extra/etc/postfix/main.cf"
    chmod 700 "$extra/etc/postfix"
    host_create systemd "$extra"
    rm -r "$extra"
    host_boot
    check_same 'files of DIR are there' 'smtpd_banner = extra' "$(host_run cat /etc/postfix/main.cf)"
    check_same 'a directory of the tree keeps its mode' 755 "$(host_run stat -c %a /etc/postfix)"
}

# A scenario that dies by kill -9 runs no trap: its host must die all the same.
test_killed_scenario() {
    local kind=$1 child leader private
    private=$(mktemp -d "${TMPDIR:-/tmp}/killed.XXXXXX")
    TMPDIR=$private MAILFIX_TEST_NAME=${MAILFIX_TEST_NAME:-mailfix-test-$$}-killed bash -c '
        . "$1/lib.sh"
        host_start "$2" >/dev/null
        echo "$host_leader" >"$TMPDIR/leader"
        host_run sleep 60' killed "$hosts_dir" "$kind" &
    child=$!
    until_true 60 test -s "$private/leader"
    leader=$(cat "$private/leader")
    kill -KILL $child
    wait $child 2>/dev/null
    check "$kind: the host dies with its scenario" until_true 5 test ! -e "/proc/$leader"
    check_same "$kind: no mount is left of it" '' "$(grep -F "$private" /proc/[0-9]*/mountinfo 2>/dev/null)"
    rm -rf --one-file-system "$private"
    find /sys/fs/cgroup -depth -type d -path "*/*-killed-1*" -exec rmdir {} +
}

for kind in systemd sysv; do
    host_start $kind
    test_boot
    test_snapshot
    test_sdbm
    test_occupy
    test_crash
    since=$SECONDS
    directory=$host_dir
    if host_stop && [ ! -e "$directory" ]; then
        pass "$kind: nothing is left after host_stop, $((SECONDS - since)) s"
    else
        fail "$kind: nothing is left after host_stop" "$host_left"
    fi
    test_killed_scenario $kind
done
test_extra_files
finish
