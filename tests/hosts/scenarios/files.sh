#!/bin/bash
# Scenario: aliases, a map that does not exist yet and Dovecot's files on a real host. Mail to an alias bounces, the transport table
# cannot be opened, imap-login gets too little memory to start. One fix puts all of it right, in the file that each belongs to; the
# daemons are asked; the rollback gives the identical tree. What doveconf refuses is never written.
#
# MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

here=$(cd "$(dirname "$0")" && pwd)
fixes=$MAILFIX_PREFIX/share/mailfix/fixes
last_line() { printf '%s\n' "$1" | tail -n 1; }

put_fixes() {
    { cat "$here/../../fixes/test-files/test-files.fix"
      printf '\nverify    session imap 143\n  greets    ^\\* OK\nverify    lookup alias_maps support gives anna\n'; } >"$fixes/test-files.fix"
    printf '%s\n' 'fix       zz-test-refused' 'title     T' 'effect    noise' '' 'edit      dovecot.conf' '  ensure' \
        '    |service imap-login {' '    |  vsz_limit = plenty' '    |}' 'after     restart dovecot' >"$fixes/zz-test-refused.fix"
}

greeting() { host_run timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/143 && head -n 1 <&3'; }
mail_to() { host_run sh -c 'printf "Subject: t\n\nt\n" | sendmail -f root "$1"' sh "$1"; }

break_host() {
    host_run sh -c 'useradd -m anna
        printf "postmaster: root\nsupport: nobody-here\naround: circle\ncircle: around\n" >/etc/aliases && newaliases
        sed -i "s/^  #vsz_limit = .*//; s/^service imap-login {/&\n  vsz_limit = 2M/" /etc/dovecot/conf.d/10-master.conf
        postconf -e transport_maps=hash:/etc/postfix/transport recipient_delimiter=+
        touch -d "1 minute ago" /etc/postfix/main.cf /etc/aliases /etc/dovecot/conf.d/10-master.conf' 2>/dev/null
    host_service restart postfix >/dev/null 2>&1
    host_service restart dovecot >/dev/null 2>&1
}

test_broken() {
    local output code
    mail_to support
    check "$host_kind: broken: the transport table" until_true 20 host_log_has 'open database /etc/postfix/transport.db: No such file'
    check_same "$host_kind: broken: imap-login does not greet" '' "$(greeting)"
    check "$host_kind: broken: imap-login says why" until_true 20 host_log_has 'imap-login.*(failed to map segment|Out of memory|cannot allocate)'
    output=$(host_run mailfix diagnose 2>&1)
    code=$?
    check_same "$host_kind: diagnose: exit 6" 6 "$code"
    check_match "$host_kind: diagnose: names the fix" 'test-files' "$output"
    check_match "$host_kind: diagnose: the evidence" '/etc/aliases:2: support = nobody-here' "$output"
}

test_fixed() {
    local output code before
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply test-files limit=300M person=anna -n 2>&1)
    code=$?
    check_same "$host_kind: dry run: exit 0" 0 "$code"
    check_match "$host_kind: dry run: the map" '^\+example.org smtp:\[mx.example.org\]' "$output"
    check_same "$host_kind: dry run: nothing touched" "$before" "$(host_snapshot /etc)"
    output=$(host_run mailfix apply test-files limit=300M person=anna -y 2>&1)
    code=$?
    check_same "$host_kind: apply: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: apply: proven" '^Changed and verified; kept as transaction ' "$(last_line "$output")"
    check_match "$host_kind: fixed: IMAP greets" '^\* OK' "$(greeting)"
    check_match "$host_kind: fixed: the limit" '^300 ?M$' "$(host_run doveconf -h service/imap-login/vsz_limit)"
    check_same "$host_kind: fixed: the map" 'smtp:[mx.example.org]' "$(host_run postmap -q example.org hash:/etc/postfix/transport)"
    check_same "$host_kind: fixed: the map's mode" '640 640' "$(host_run stat -c %a /etc/postfix/transport /etc/postfix/transport.db | xargs)"
    mail_to support
    check "$host_kind: fixed: mail to the alias arrives" until_true 30 host_log_has 'to=<anna@.*orig_to=<support>.*status=sent'
    check_match "$host_kind: again: nothing to do" '^Already so' "$(host_run mailfix apply test-files limit=300M person=anna -y 2>&1)"
    output=$(host_run mailfix rollback -y 2>&1)
    code=$?
    check_same "$host_kind: rollback: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_same "$host_kind: rollback: the identical tree" "$before" "$(host_snapshot /etc)"
    check_same "$host_kind: rollback: imap-login is as it was" '' "$(greeting)"
}

test_refused() {
    local output code before
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply zz-test-refused -y 2>&1)
    code=$?
    check_same "$host_kind: refused: exit 1" 1 "$code"
    check_match "$host_kind: refused: in doveconf's words" 'doveconf -n refuses it' "$output"
    check_match "$host_kind: refused: the value" 'plenty' "$output"
    check_same "$host_kind: refused: the last line" 'Nothing was changed.' "$(last_line "$output")"
    check_same "$host_kind: refused: nothing touched" "$before" "$(host_snapshot /etc)"
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    check "$kind: port 25 answers at boot" until_true 20 smtp_starttls 25
    put_fixes
    break_host
    test_broken
    test_fixed
    test_refused
    rm -f "$fixes/test-files.fix" "$fixes/zz-test-refused.fix"
    host_stop
done
finish
