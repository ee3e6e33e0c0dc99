#!/bin/bash
# Scenario: the main job on real hosts. A Postfix with an sdbm: TLS session cache is seen broken, diagnosed, shown the repair (writing
# nothing), repaired, proven and rolled back to the identical tree; a broken main.cf is refused before anything is touched; a service
# that does not come back makes mailfix put everything back. Under systemd, SysV init and OpenRC, Debian 12.
#
# MAILFIX_TEST_KINDS: "systemd sysv openrc" unless set. Unless it is, the last three parts are left out under OpenRC: they take a
# minute and there is little in them that services.sh does not try there.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

line='smtpd_tls_session_cache_database = sdbm:/etc/postfix/smtpd_scache'
complaint='unsupported dictionary type: sdbm'

# What must be the same after a rollback: the configuration with all metadata, and which files there are in data_directory (their
# bytes change while Postfix runs).
trees() {
    host_snapshot /etc
    host_run find /var/lib/postfix -printf '%p %M %u %g\n' | sort
}

# States of both services, as the host's own tools tell them.
states() {
    if [ "$host_kind" = systemd ]; then
        host_run systemctl is-active postfix@-.service postfix.service dovecot.service
        host_run systemctl is-enabled postfix.service dovecot.service
    elif [ "$host_kind" = openrc ]; then
        host_run sh -c 'rc-service postfix status >/dev/null; echo "postfix $?"; rc-update -a show | grep -e postfix -e dovecot'
    else
        host_run sh -c '/etc/init.d/postfix status >/dev/null; echo "postfix $?"; ls /etc/rc?.d | grep -e postfix -e dovecot'
    fi
}

complaints() { host_log | grep -c "$complaint"; }

last_line() { printf '%s\n' "$1" | tail -n 1; }

break_cache() {
    host_run sh -c "printf '%s\n' '$line' >>/etc/postfix/main.cf"
    host_run sed -i '/^smtpd_tls_session_cache_database *= *btree/d' /etc/postfix/main.cf
    host_service restart postfix
    check "$host_kind: broken: mail still greets" until_true 20 smtp_starttls 25
    check "$host_kind: broken: tlsmgr complains" until_true 20 host_log_has "postfix/tlsmgr.*$complaint"
}

test_diagnose() {
    local output code
    output=$(host_run mailfix diagnose 2>&1)
    code=$?
    check_same "$host_kind: diagnose: exit 6" 6 "$code"
    check_match "$host_kind: diagnose: the fix" '^sdbm-cache \(harms-mail\)' "$output"
    check_match "$host_kind: diagnose: file and line" '/etc/postfix/main.cf:[0-9]+: smtpd_tls_session_cache_database = sdbm:' "$output"
    # Postfix 3.7 says it once, as an error; 3.10 says several lines, and the last one is a warning.
    check_match "$host_kind: diagnose: the line of the host's own log" \
        '^    .* postfix/tlsmgr\[[0-9]+\]: (error:|warning: sdbm:[^ ]+ is unavailable\.) unsupported dictionary type: sdbm$' "$output"
}

# On read-only mounts, so that a write would fail and not only be missed.
test_dry_run() {
    local before diff
    before=$(trees)
    diff=$(host_run unshare -m sh -c 'mount --make-rprivate /
        for d in /etc /var; do mount --bind $d $d && mount -o remount,bind,ro $d || exit 99; done
        ! touch /etc/postfix/x 2>/dev/null || exit 98
        mailfix apply sdbm-cache --dry-run')
    check_same "$host_kind: dry run: exit 0 on read-only mounts" 0 $?
    check_same "$host_kind: dry run: the tree is the same" "$before" "$(trees)"
    printf '%s\n' "$diff" >"$host_dir/dry.diff"
    host_run -i sh -c 'mkdir -p /root/patched/etc/postfix && cp /etc/postfix/main.cf /root/patched/etc/postfix/ &&
        patch -s -p1 -d /root/patched' <"$host_dir/dry.diff"
    check_same "$host_kind: dry run: patch takes the diff" 0 $?
}

test_apply() {
    local output code seen
    seen=$(complaints)
    output=$(host_run env SUDO_USER=anna mailfix apply sdbm-cache -y -m 'ticket 12' 2>&1)
    code=$?
    check_same "$host_kind: apply: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: apply: the last line says so" '^Changed and verified; kept as transaction 0001-sdbm-cache' "$(last_line "$output")"
    check "$host_kind: apply: the bytes are those of the dry run" host_run cmp /etc/postfix/main.cf /root/patched/etc/postfix/main.cf
    check_match "$host_kind: apply: the old line is kept as a comment" "^#$line\$" "$(host_run cat /etc/postfix/main.cf)"
    check "$host_kind: apply: TLS session 1" smtp_starttls 25
    check "$host_kind: apply: TLS session 2" smtp_starttls 25
    sleep 2
    check_same "$host_kind: apply: tlsmgr has no new complaint" "$seen" "$(complaints)"
    check_same "$host_kind: apply: the cache is there and postfix's" postfix \
        "$(host_run sh -c 'stat -c %U /var/lib/postfix/smtpd_scache.*')"
    output=$(host_run mailfix apply sdbm-cache -y 2>&1)
    check_same "$host_kind: apply again: exit 0" 0 $?
    check_match "$host_kind: apply again: already so" 'Already so' "$output"
    check_match "$host_kind: history" '^0001 .* kept .* sdbm-cache' "$(host_run mailfix history)"
    # This fix alone: what else a host's log holds depends on how busy the machine is.
    output=$(host_run mailfix diagnose sdbm-cache 2>&1)
    check_same "$host_kind: diagnose again: exit 0" 0 $?
    check_match "$host_kind: diagnose again: finds nothing any more" '^No problem found' "$output"
}

# test_rollback TREES STATES: both as they were before the apply.
test_rollback() {
    local output code
    output=$(host_run mailfix rollback -y 2>&1)
    code=$?
    check_same "$host_kind: rollback: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_same "$host_kind: rollback: the identical tree" "$1" "$(trees)"
    check_same "$host_kind: rollback: the same service states" "$2" "$(states)"
    check "$host_kind: rollback: port 25 answers" until_true 20 smtp_starttls 25
    check_match "$host_kind: rollback twice: nothing to do" '^Nothing to do' "$(host_run mailfix rollback -y 2>/dev/null)"
}

# event ID: the events with that message id, oldest first; what the host has of them without a journal.
event() {
    if [ "$host_kind" = systemd ]; then
        host_run journalctl --no-pager -q -o export "MESSAGE_ID=$1"
    else
        host_run grep -h ' mailfix\[' /var/log/syslog
    fi
}

# What mailfix did is in the system's log, with who did it and why.
test_events() {
    local applied rolled_back
    applied=$(event 92b5619459b34c889e2b5873c717d007)
    rolled_back=$(event 67efb2560c0a4b2aaa8edec6aeb1528e)
    check_match "$host_kind: events: applied" 'sdbm-cache was applied by anna \(transaction 0001-sdbm-cache\) \[ticket 12\]' "$applied"
    check_match "$host_kind: events: rolled back" 'sdbm-cache was rolled back by root \(transaction 0001-sdbm-cache\)' "$rolled_back"
    [ "$host_kind" = systemd ] || return 0
    check_match "$host_kind: events: who" '^MAILFIX_WHO=anna$' "$applied"
    check_match "$host_kind: events: why" '^MAILFIX_REASON=ticket 12$' "$applied"
    check_match "$host_kind: events: the file" '^MAILFIX_FILES=/etc/postfix/main.cf$' "$applied"
    check_same "$host_kind: events: one of each" '1 1' \
        "$(grep -c '^MESSAGE=' <<<"$applied") $(grep -c '^MESSAGE=' <<<"$rolled_back")"
}

# A second fault in the same file, that every Postfix program dies of: refused by the staged check.
test_broken_value() {
    local before output code
    host_run sh -c 'cp -p /etc/postfix/main.cf /root/main.cf && echo "default_process_limit = many" >>/etc/postfix/main.cf'
    before=$(trees)
    output=$(host_run mailfix apply sdbm-cache -y 2>&1)
    code=$?
    check_same "$host_kind: broken value: exit 1" 1 "$code"
    check_match "$host_kind: broken value: Postfix's own words" 'bad numerical configuration: default_process_limit = many' "$output"
    check_same "$host_kind: broken value: the last line" 'Nothing was changed.' "$(last_line "$output")"
    check_same "$host_kind: broken value: nothing touched" "$before" "$(trees)"
    host_run sh -c 'cat /root/main.cf >/etc/postfix/main.cf && touch -d "1 minute ago" /etc/postfix/main.cf'
}

# Somebody takes port 25 while Postfix restarts, and leaves while it is put back: that is tried for half a minute.
test_port_taken() {
    local before states_before output code
    before=$(trees)
    states_before=$(states)
    occupy 25 30
    output=$(host_run mailfix apply sdbm-cache -y 2>&1)
    code=$?
    check "$host_kind: port taken: it really was" occupy_got 1
    check_same "$host_kind: port taken: exit 3" 3 "$code"
    check_same "$host_kind: port taken: the last line" 'Everything was put back.' "$(last_line "$output")"
    [ "$code" = 3 ] || printf '%s\n' "$output"
    check_same "$host_kind: port taken: the identical tree" "$before" "$(trees)"
    check_same "$host_kind: port taken: the same service states" "$states_before" "$(states)"
    check_match "$host_kind: port taken: the event" 'sdbm-cache, applied by root, was put back \(transaction' \
        "$(event 5b4b429e6fa94781a1cb91072b9f7fd4)"
    check "$host_kind: port taken: the old service runs again" until_true 20 smtp_starttls 25
    occupy_stop
}

# The file was put right by hand, but Postfix still runs on what stood there before.
test_not_read_yet() {
    local output
    host_run sh -c 'cp -p /etc/postfix/main.cf /root/main.cf'
    host_run postconf -e "smtpd_tls_session_cache_database = btree:\${data_directory}/smtpd_scache"
    output=$(host_run mailfix apply sdbm-cache -y 2>&1)
    check_same "$host_kind: not read yet: exit 0" 0 $?
    check_match "$host_kind: not read yet: the restart is offered" '^left to do: postfix runs since before' "$output"
    sleep 2 # when a process began is known to a second or two
    host_run postfix reload 2>/dev/null
    sleep 2
    output=$(host_run mailfix apply sdbm-cache -y 2>&1)
    check_same "$host_kind: after a reload nothing is offered" 0 "$(printf '%s\n' "$output" | grep -c 'left to do')"
    host_run sh -c 'cat /root/main.cf >/etc/postfix/main.cf && touch -d "1 minute ago" /etc/postfix/main.cf'
    host_service restart postfix
}

for kind in ${MAILFIX_TEST_KINDS:-systemd sysv openrc}; do
    host_start "$kind"
    check "$kind: port 25 answers at boot" until_true 20 smtp_starttls 25
    break_cache
    before=$(trees)
    before_states=$(states)
    test_diagnose
    test_dry_run
    test_apply
    test_rollback "$before" "$before_states"
    test_events
    if [ "$kind" != openrc ] || [ -n "${MAILFIX_TEST_KINDS-}" ]; then
        test_broken_value
        test_not_read_yet
        test_port_taken
    fi
    host_stop
done
finish
