#!/bin/bash
# Scenario: mail programs cannot hand in mail. submission-port and smtps-port open 587 and 465 in Debian's own master.cf, enforce-tls
# repairs the old advice. A client says what it is offered before, after and after the rollback, which gives the identical tree.
#
# MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

# A log-in that works: Dovecot answers for Postfix.
prepare_host() {
    stranger
    host_run sh -c '
        printf "service auth {\n  unix_listener /var/spool/postfix/private/auth {\n    mode = 0660\n    user = postfix\n    group = postfix\n  }\n}\n" \
            >/etc/dovecot/conf.d/99-postfix.conf
        postconf -e smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth smtpd_sasl_auth_enable=yes smtpd_tls_auth_only=no
        touch -d "1 minute ago" /etc/postfix/main.cf /etc/postfix/master.cf' 2>/dev/null
    host_service restart dovecot >/dev/null 2>&1
    host_service restart postfix >/dev/null 2>&1
    check "$host_kind: port 25 answers" until_true 20 smtp_starttls 25
}

# mailfix_ends EXIT WHAT WORD...: its output is left in $output.
mailfix_ends() {
    local want=$1 what=$2 code
    shift 2
    output=$(host_run mailfix "$@" 2>&1)
    code=$?
    check_same "$host_kind: $what: exit $want" "$want" "$code"
    [ "$code" = "$want" ] || printf '%s\n' "$output"
}

# repaired FIX PORT BEFORE AFTER: apply and rollback, with the client's view of the port.
repaired() {
    local fix=$1 port=$2 old=$3 new=$4 before
    before=$(host_snapshot /etc)
    check "$host_kind: $fix: before: $old" until_true 10 offers "$port" "$old"
    mailfix_ends 6 "$fix: diagnose" diagnose
    check_match "$host_kind: $fix: diagnose names it" "^$fix \\(" "$output"
    mailfix_ends 0 "$fix: apply" apply "$fix" -y
    check_match "$host_kind: $fix: proven" '^Changed and verified; kept as transaction ' "$output"
    check "$host_kind: $fix: after: $new" offers "$port" "$new"
    mailfix_ends 0 "$fix: rollback" rollback -y
    check_same "$host_kind: $fix: rollback: the identical tree" "$before" "$(host_snapshot /etc)"
    check "$host_kind: $fix: rollback: $old" until_true 10 offers "$port" "$old"
}

test_refused() {
    host_run sh -c 'printf "service imap-login {\n  inet_listener smtps {\n    port = 465\n  }\n}\n" >/etc/dovecot/conf.d/99-port.conf'
    host_service restart dovecot >/dev/null 2>&1
    check "$host_kind: Dovecot has port 465" until_true 10 port_answers 465
    mailfix_ends 5 'port taken' apply smtps-port -y
    check_match "$host_kind: port taken: the reason" 'Port 465 belongs to another program' "$output"
}

# A port whose TLS does not come up serves nobody: looked at before anything is touched.
test_certificate() {
    local key=/etc/ssl/private/ssl-cert-snakeoil.key before
    host_run sh -c 'openssl genpkey -algorithm RSA -out /etc/ssl/private/foreign.key 2>/dev/null && chmod 600 /etc/ssl/private/foreign.key'
    host_run postconf -e smtpd_tls_key_file=/etc/ssl/private/foreign.key
    before=$(host_snapshot /etc)
    mailfix_ends 5 'foreign key' apply submission-port -y
    check_match "$host_kind: foreign key: the reason" \
        'the private key in /etc/ssl/private/foreign.key does not belong to the certificate in /etc/ssl/certs/ssl-cert-snakeoil.pem' "$output"
    check_same "$host_kind: foreign key: nothing was touched" "$before" "$(host_snapshot /etc)"
    check "$host_kind: foreign key: no port was opened" offers 587 refused
    host_run postconf -e smtpd_tls_key_file=$key
    host_run rm /etc/ssl/private/foreign.key
}

old_advice() {
    host_run sh -c 'printf "%s\n" "submission inet n - y - - smtpd" "  -o smtpd_enforce_tls=yes" "  -o smtpd_sasl_auth_enable=yes" \
        "  -o smtpd_client_restrictions=permit_sasl_authenticated,reject" >>/etc/postfix/master.cf && postfix reload' 2>/dev/null
}

# Postfix's master takes note of the reload two seconds late, as on a busy host; until then an old process answers.
test_late_reload() {
    # shellcheck disable=SC2016
    host_run mailfix apply enforce-tls -y 2>&1 | while IFS= read -r line; do
        printf '%s\n' "$line"
        case $line in
            "reload postfix"*) host_run sh -c 'pid=$(($(cat /var/spool/postfix/pid/master.pid)))
                kill -STOP $pid; sleep 2; kill -CONT $pid' >/dev/null & ;;
        esac
    done >"$host_dir/late"
    check_match "$host_kind: late reload: proven" '^Changed and verified; kept as transaction ' "$(cat "$host_dir/late")"
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    prepare_host
    test_certificate
    repaired submission-port 587 refused 'clear: starttls mail 530 tls: auth relay 554'
    repaired smtps-port 465 refused 'tls: auth relay 554'
    test_refused
    old_advice
    repaired enforce-tls 587 'clear: starttls auth mail 250 tls: auth relay 554' 'clear: starttls mail 530 tls: auth relay 554'
    test_late_reload
    host_stop
done
finish
