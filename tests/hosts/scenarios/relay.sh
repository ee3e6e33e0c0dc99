#!/bin/bash
# Scenario: a domain's server refuses this host because of its dynamic address. isp-relay sends the mail for the domain and its
# subdomains through a relay, which really gets it; other domains go the old way; the rollback gives the identical tree and the old
# refusal. Both servers are smtp-sink, Postfix's own, on loopback: the domain's on 127.0.0.2, the relay on 127.0.0.3.
#
# MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

last_line() { printf '%s\n' "$1" | tail -n 1; }
mail_to() { host_run sh -c 'printf "Subject: t\n\nto %s\n" "$1" | sendmail -f root "$1"' sh "$1"; }
# What the relay keeps of each message begins with its envelope.
relay_has() { host_run grep -rh '^X-Rcpt-Args:' /var/tmp/relay | grep -F "<$1>"; }
relay_has_not() { ! relay_has "$1"; }
# The log of one recipient, in the order of its deliveries: relay and status.
way_of() { host_log | grep -oE "to=<$1>, (orig_to=[^ ]+ )?relay=[^,]+.*status=[a-z]+" | sed -E 's/.*relay=([^,]+).*status=/\1 /'; }
went() { [ "$(way_of "$1" | tail -n 1)" = "$2" ]; }

# Nothing here asks a name server, so that no mail can leave: names are those of /etc/hosts, and not of the chroot's old copy.
break_host() {
    host_run sh -c '
        printf "127.0.0.2 phone.example sub.phone.example other.example\n127.0.0.3 relay.example\n" >>/etc/hosts
        postconf -e inet_interfaces=127.0.0.1 inet_protocols=ipv4 disable_dns_lookups=yes smtp_host_lookup=native myhostname=mail.example.ne.jp \
            "mydestination=\$myhostname, localhost" relayhost= transport_maps= myorigin=\$myhostname smtp_tls_security_level=none
        postconf -X transport_maps
        mkdir -m 0777 /var/tmp/relay
        touch -d "1 minute ago" /etc/postfix/main.cf' 2>/dev/null
    host_service restart postfix >/dev/null 2>&1
    # Their output would hold host_run, and this script, until they end.
    host_run sh -c 'smtp-sink -u nobody -f rcpt -B "550 5.7.1 Client host rejected: dynamic IP address" 127.0.0.2:25 10 >/dev/null 2>&1 &
        cd /var/tmp && smtp-sink -u nobody -d relay/%H%M%S. 127.0.0.3:2525 10 >/dev/null 2>&1 &'
    check "$host_kind: the domain's server" until_true 10 host_run bash -c 'exec 3<>/dev/tcp/127.0.0.2/25'
    check "$host_kind: the relay" until_true 10 host_run bash -c 'exec 3<>/dev/tcp/127.0.0.3/2525'
}

test_broken() {
    mail_to before@phone.example
    mail_to before@sub.phone.example
    check "$host_kind: broken: the domain refuses" until_true 20 went before@phone.example 'phone.example[127.0.0.2]:25 bounced'
    check "$host_kind: broken: the subdomain refuses" until_true 20 went before@sub.phone.example 'sub.phone.example[127.0.0.2]:25 bounced'
    check_same "$host_kind: broken: the relay got nothing" '' "$(host_run ls /var/tmp/relay)"
}

# From the host's own log, which names the domains.
test_diagnose() {
    local output code
    output=$(host_run mailfix diagnose 2>&1)
    code=$?
    check_same "$host_kind: diagnose: exit 6" 6 "$code"
    check_match "$host_kind: diagnose: the fix" '^isp-relay \(harms-mail\)' "$output"
    check_match "$host_kind: diagnose: the refusal" 'status=bounced \(host phone.example.*dynamic IP address' "$output"
    check_match "$host_kind: diagnose: the repair, with what the log tells" 'mailfix apply isp-relay domain=phone.example relay=VALUE$' "$output"
}

test_fixed() {
    local output code before
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply isp-relay domain=phone.example 'relay=[relay.example]:2525' -y 2>&1)
    code=$?
    check_same "$host_kind: apply: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: apply: proven" '^Changed and verified; kept as transaction ' "$(last_line "$output")"
    check_same "$host_kind: fixed: the text" $'phone.example :[relay.example]:2525\n.phone.example :[relay.example]:2525' \
        "$(host_run cat /etc/postfix/transport)"
    for domain in phone.example sub.phone.example; do
        mail_to "after@$domain"
        check "$host_kind: fixed: $domain goes through the relay" until_true 20 went "after@$domain" 'relay.example[127.0.0.3]:2525 sent'
        check "$host_kind: fixed: the relay has the mail to $domain" relay_has "after@$domain"
    done
    mail_to after@other.example
    check "$host_kind: fixed: another domain goes the old way" until_true 20 went after@other.example 'other.example[127.0.0.2]:25 bounced'
    check_match "$host_kind: again: nothing to do" '^Already so' \
        "$(host_run mailfix apply isp-relay domain=phone.example 'relay=[relay.example]:2525' -y 2>&1)"
    output=$(host_run mailfix rollback -y 2>&1)
    code=$?
    check_same "$host_kind: rollback: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_same "$host_kind: rollback: the identical tree" "$before" "$(host_snapshot /etc)"
    mail_to again@phone.example
    check "$host_kind: rollback: the domain refuses again" until_true 20 went again@phone.example 'phone.example[127.0.0.2]:25 bounced'
    check "$host_kind: rollback: not through the relay" relay_has_not again@phone.example
}

test_refused() {
    local output before
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply isp-relay domain=mail.example.ne.jp 'relay=[relay.example]:2525' -y 2>&1)
    check_same "$host_kind: refused: exit 5" 5 $?
    check_match "$host_kind: refused: received here" 'mail.example.ne.jp is received here' "$output"
    check_same "$host_kind: refused: nothing touched" "$before" "$(host_snapshot /etc)"
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    check "$host_kind: port 25 answers at boot" until_true 20 smtp_starttls 25
    break_host
    test_broken
    test_diagnose
    test_fixed
    test_refused
    host_stop
done
finish
