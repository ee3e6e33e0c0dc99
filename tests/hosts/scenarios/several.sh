#!/bin/bash
# Scenario: several fixes in one apply. isp-relay, submission-port and alias-redirect are one diff and one transaction: Postfix reads
# its configuration once more, or is restarted once when one of them wants that; a client sees all three before, after, and after the
# rollback, which gives the identical tree. When one of them is refused or is not proven, nothing of the others stays.
#
# The domain's own server and the relay are smtp-sink, Postfix's own, on loopback. MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

domain=docomo.ne.jp
wishes=(isp-relay "domain=$domain" 'relay=[127.0.0.1]:2525' submission-port alias-redirect name=root to=linux)
open_587='clear: starttls mail 530 tls: auth relay 554'

trees() { host_snapshot /etc; }
mail_to() { host_run sh -c 'printf "Subject: %s\n\nt\n" "$2" | sendmail -f root "$1"' sh "$1" "$2"; }
# What Postfix did with the last message to an address: where it went, and how that ended.
way_of() { host_log | grep -oE "to=<$1>, (orig_to=[^ ]+ )?relay=[^,]+.*status=[a-z]+" | sed -E 's/.*relay=([^,]+).*status=/\1 /' | tail -n 1; }
went() { [ "$(way_of "$1")" = "$2" ] || { way_of "$1"; false; }; }
mailbox_of() { host_run sh -c 'grep -lx "Subject: $1" /var/mail/* | sed s,.*/,, | xargs' sh "$1"; }
arrived() { [ "$(mailbox_of "$1")" = "$2" ] || { printf 'in: %s\n' "$(mailbox_of "$1")"; false; }; }

# Who the running master is: its pid, and when it began.
master() { host_run sh -c 'pid=$(($(cat /var/spool/postfix/pid/master.pid))); echo "$pid $(cut -d" " -f22 /proc/$pid/stat)"'; }
# How often it was asked to read again, and how often it began.
turns() { host_log | grep -cE "postfix/master\[[0-9]+\]: $1"; }
reloads() { turns 'reload -- version'; }
starts() { turns 'daemon started -- version'; }
counted() { [ "$($1)" = "$2" ] || { "$1"; false; }; }

# Names are those of /etc/hosts, so that no mail can leave. A log-in works: Dovecot answers for Postfix.
break_host() {
    stranger
    host_run sh -c '
        useradd -m linux; useradd -m anna
        printf "127.0.0.2 %s sub.%s\n" "$1" "$1" >>/etc/hosts
        printf "%s\n" "postmaster: root" "root: anna" >/etc/aliases
        newaliases
        printf "service auth {\n  unix_listener /var/spool/postfix/private/auth {\n    mode = 0660\n    user = postfix\n    group = postfix\n  }\n}\n" \
            >/etc/dovecot/conf.d/99-postfix.conf
        postconf -e "inet_interfaces=127.0.0.1, 192.0.2.1" disable_dns_lookups=yes smtp_host_lookup=native relayhost= \
            smtp_tls_security_level=none mailbox_command= home_mailbox= smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth \
            smtpd_sasl_auth_enable=yes smtpd_tls_auth_only=no
        postconf -X transport_maps
        mkdir -m 0777 /var/tmp/relay
        touch -d "1 minute ago" /etc/postfix/main.cf /etc/postfix/master.cf /etc/aliases' sh "$domain" 2>/dev/null
    host_service restart dovecot >/dev/null 2>&1
    host_service restart postfix >/dev/null 2>&1
    # Their output would hold host_run, and this script, until they end.
    host_run sh -c 'smtp-sink -u nobody -f rcpt -B "550 5.7.1 Client host rejected: dynamic IP address" 127.0.0.2:25 10 >/dev/null 2>&1 &
        cd /var/tmp && smtp-sink -u nobody -d relay/%H%M%S. 127.0.0.1:2525 10 >/dev/null 2>&1 &'
    check "$host_kind: the domain's server" until_true 10 host_run bash -c 'exec 3<>/dev/tcp/127.0.0.2/25'
    check "$host_kind: the relay" until_true 10 port_answers 2525
    check "$host_kind: Postfix" until_true 20 smtp_starttls 25
}

# seen WHAT DOMAIN PORT ROOT: what clients see of the three: where mail for the domain goes, what 587 offers, who gets root's mail.
seen() {
    local what=$1
    mail_to "$what@$domain" relayed
    mail_to root "for-root-$what"
    check "$host_kind: $what: mail for $domain: $2" until_true 20 went "$what@$domain" "$2"
    check "$host_kind: $what: port 587: $3" until_true 10 offers 587 "$3"
    check "$host_kind: $what: root's mail is in the mailbox of $4" until_true 20 arrived "for-root-$what" "$4"
}
seen_broken() { seen "$1" "$domain[127.0.0.2]:25 bounced" refused anna; }
seen_repaired() { seen "$1" '127.0.0.1[127.0.0.1]:2525 sent' "$open_587" linux; }

# mailfix_ends EXIT STATE WHAT WORD...: STATE matches a line of what it says. Its standard output is left in $output, all of it in
# $said.
mailfix_ends() {
    local want=$1 line=$2 what=$3 code
    shift 3
    output=$(host_run mailfix "$@" 2>"$host_dir/said")
    code=$?
    said=$output$'\n'$(cat "$host_dir/said")
    check_same "$host_kind: $what: exit $want" "$want" "$code"
    check_match "$host_kind: $what: the state" "$line" "$said"
    [ "$code" = "$want" ] || printf '%s\n' "$said"
}

test_one_transaction() {
    local before running
    before=$(trees)
    running=$(master)
    mailfix_ends 0 'Nothing was changed' 'dry run' apply "${wishes[@]}" -n
    check_same "$host_kind: dry run: one diff, each file once" \
        '/etc/aliases /etc/postfix/main.cf /etc/postfix/master.cf /etc/postfix/transport' \
        "$(printf '%s\n' "$output" | sed -nE 's,^\+\+\+ b(/[^[:space:]]*).*,\1,p' | sort | xargs)"
    check_same "$host_kind: dry run: Postfix is acted on once" 'then: reload postfix' \
        "$(printf '%s\n' "$output" | grep -oE '^then: (reload|restart|start|stop) postfix')"
    check_same "$host_kind: dry run: nothing touched" "$before" "$(trees)"
    reloads_before=$(reloads)
    mailfix_ends 0 '^Changed and verified; kept as transaction 0001-' apply apply "${wishes[@]}" -y
    check_same "$host_kind: apply: one transaction" 1 "$(host_run mailfix history | grep -c '^[0-9]')"
    check "$host_kind: apply: Postfix read its configuration again once" until_true 10 counted reloads $((reloads_before + 1))
    check_same "$host_kind: apply: and is the same process" "$running" "$(master)"
    seen_repaired after
    mailfix_ends 0 '' again apply "${wishes[@]}" -y
    check_match "$host_kind: again: nothing to do" '^Already so' "$output"
    mailfix_ends 0 '' rollback rollback -y
    check_same "$host_kind: rollback: the identical tree" "$before" "$(trees)"
    check_same "$host_kind: rollback: the same service state" active "$(host_service status postfix)"
    seen_broken back
}

# With sdbm-cache among them, which wants a restart: one restart instead of all the reloads.
test_one_restart() {
    local starts_before
    host_run sh -c 'sed -i "/^smtpd_tls_session_cache_database/d" /etc/postfix/main.cf
        echo "smtpd_tls_session_cache_database = sdbm:/etc/postfix/smtpd_scache" >>/etc/postfix/main.cf
        touch -d "1 minute ago" /etc/postfix/main.cf'
    starts_before=$(starts)
    reloads_before=$(reloads)
    mailfix_ends 0 '^Changed and verified' 'with a restart' apply "${wishes[@]}" sdbm-cache -y
    check "$host_kind: with a restart: once" until_true 10 counted starts $((starts_before + 1))
    check_same "$host_kind: with a restart: no reload" "$reloads_before" "$(reloads)"
    seen_repaired restarted
}

# One of the three is refused: nothing is written for the others.
test_refused() {
    local before running
    before=$(trees)
    running=$(master)
    mailfix_ends 5 '^Nothing was changed' refused apply "${wishes[@]/127.0.0.1/mail.example.test}" -y
    check_match "$host_kind: refused: why" 'The relay is this host' "$said"
    check_same "$host_kind: refused: the identical tree" "$before" "$(trees)"
    check_same "$host_kind: refused: Postfix was left alone" "$running" "$(master)"
}

# Another program has port 587, so that Postfix ends with the new configuration: everything is put back, and Postfix runs again.
test_not_proven() {
    local before listener
    before=$(trees)
    # In the pid namespace of the host, so that mailfix can see at once whose it is (occupy of lib.sh is outside).
    host_run -i python3 - 587 300 <"$hosts_dir/occupy.py" >"$host_dir/occupy" 2>&1 &
    listener=$!
    occupy_got 10 || fail "$host_kind: port 587 is taken" "$(cat "$host_dir/occupy")"
    mailfix_ends 3 '^Everything was put back' 'port 587 taken' apply "${wishes[@]}" -y
    check_match "$host_kind: port 587 taken: why" 'port 587 belongs to python3' "$said"
    host_run pkill -x python3
    wait "$listener"
    check_same "$host_kind: port 587 taken: the identical tree" "$before" "$(trees)"
    check_same "$host_kind: port 587 taken: the service runs" active "$(host_service status postfix)"
    seen_broken 'put-back'
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    break_host
    seen_broken before
    test_one_transaction
    test_refused
    test_not_proven
    test_one_restart
    host_stop
done
finish
