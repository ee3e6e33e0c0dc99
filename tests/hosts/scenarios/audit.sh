#!/bin/bash
# Scenario: what diagnose finds without a log on a real host, and what it says of what runs. A Debian with its own Postfix and
# Dovecot has no fault, and is told so in one line; each fault of the configuration is found once, with file and line, in postconf's
# and doveconf's own terms where they have some; --live names who listens, what it greets with, the master and the queue. And where
# the daemons log: to the journal or syslogd, by another facility, to files of their own, to a standard output.
#
# MAILFIX_TEST_KINDS: "systemd" unless set; it also runs with "sysv" and "openrc", and with MAILFIX_TEST_RELEASE=debian13 or sid.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

trap host_stop EXIT

found() { host_run mailfix diagnose --no-log 2>&1; }
now() { host_run mailfix diagnose --no-log --live 2>&1; }

# What diagnose says in JSON, which is as the schema has it; an expression of Python about it.
report() {
    host_run mailfix --json diagnose --no-log | python3 -c '
import json, jsonschema, sys
report = json.load(sys.stdin)
jsonschema.validate(report, json.load(open(sys.argv[1])))
ports = {one["port"]: one for one in report.get("live", {}).get("ports", [])}
print(eval(sys.argv[2]))' "$hosts_dir/../../src/mailfix.schema.json" "$1"
}

# How the start of a daemon is named. Debian 12's postfix.service is a wrapper, its successors' the daemon itself.
starter() {
    local unit=$1.service
    [ "$1:${MAILFIX_TEST_RELEASE:-debian12}" != postfix:debian12 ] || unit=postfix@-.service
    if [ "$host_kind" = systemd ]; then echo "unit $unit"; else echo "script /etc/init.d/$1"; fi
}

test_healthy() {
    local output
    until_true 15 port_answers 25
    until_true 15 port_answers 143
    output=$(found)
    check_same "$host_kind: a host as it was installed: no problem" 0 $?
    check_match "$host_kind: in one line" '^No problem found \([0-9]+ fixes asked; the log was not read\)\.$' "$output"
    check_same "$host_kind: and one line it is" 1 "$(printf '%s\n' "$output" | wc -l)"
}

test_live() {
    local output port
    output=$(now)
    check_match "$host_kind: port 25: Postfix" \
        "^  25   0\\.0\\.0\\.0:25, .*process [0-9]+ \\(master\\), $(starter postfix), package postfix\$" "$output"
    check_match "$host_kind: its greeting" '^       220 .*ESMTP Postfix' "$output"
    check_match "$host_kind: port 143: Dovecot" \
        "^  143  .*process [0-9]+ \\(dovecot\\), $(starter dovecot), package dovecot-core\$" "$output"
    check_match "$host_kind: its greeting" '^       \* OK \[CAPABILITY IMAP4rev1 ' "$output"
    check_match "$host_kind: port 587: nobody" '^  587  nobody listens$' "$output"
    check_match "$host_kind: the master" "^  Postfix's master: runs\$" "$output"
    check_match "$host_kind: the queue is empty" '^  its queue: maildrop 0, incoming 0, active 0, deferred 0, hold 0$' "$output"
    check_same "$host_kind: the same in JSON" "True master imaps-greets:True 5" \
        "$(report '"%s %s imaps-greets:%s %d" % (report["live"]["master"], ports[25]["holders"][0]["program"],
            ports[993].get("greeting", "* OK").startswith("* OK"), len(report["live"]["queue"]))')"

    host_run sh -c 'cp -a /etc/postfix/master.cf /root/master.cf.good
        postconf -Me "submission/inet=submission inet n - y - - smtpd" \
            "smtps/inet=smtps inet n - y - - smtpd -o smtpd_tls_wrappermode=yes" && postfix reload' >/dev/null 2>&1
    until_true 15 port_answers 587
    until_true 15 port_answers 465
    output=$(now)
    for port in 465 587; do
        check_match "$host_kind: port $port: Postfix" "^  $port  0\\.0\\.0\\.0:$port, process [0-9]+ \\(master\\), $(starter postfix), " "$output"
    done
    check_same "$host_kind: all seven greet" "25 110 143 465 587 993 995" \
        "$(report '" ".join(str(p) for p in sorted(ports) if ports[p].get("greeting", "")[:3] in ("220", "* O", "+OK"))')"
    host_run sh -c 'mv /root/master.cf.good /etc/postfix/master.cf && postfix reload' >/dev/null 2>&1

    host_run sh -c 'postconf -e defer_transports=smtp && postfix reload && echo x | sendmail -f root nobody@example.test' >/dev/null 2>&1
    host_run sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do postqueue -p | grep -q example.test && break; sleep 1; done'
    until_true 20 queue_is 'maildrop 0, incoming 0, active 0, deferred 1, hold 0'
    check_match "$host_kind: a message waits" '^  its queue: maildrop 0, incoming 0, active 0, deferred 1, hold 0$' "$(now)"
    host_run sh -c 'postsuper -h ALL && postsuper -d ALL; postconf -X defer_transports; postfix reload' >/dev/null 2>&1

    host_service stop dovecot
    output=$(now)
    check_match "$host_kind: Dovecot stopped: nobody on 143" '^  143  nobody listens$' "$output"
    check_match "$host_kind: and on 993" '^  993  nobody listens$' "$output"
    check_match "$host_kind: Postfix is there still" '^  25   .*\(master\)' "$output"
    host_service start dovecot
    until_true 15 port_answers 143

    host_run sh -c "python3 -c '
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((\"127.0.0.1\", 587)); s.listen()
while True:
    c = s.accept()[0]; c.sendall(b\"220 \\033]0;owned\\007 not Postfix\\r\\n\"); time.sleep(0.2); c.close()' >/dev/null 2>&1 & echo \$! >/run/other.pid"
    until_true 10 port_answers 587
    output=$(now)
    check_match "$host_kind: another program has 587" '^  587  127\.0\.0\.1:587, process [0-9]+ \(python3[0-9.]*\)' "$output"
    check_match "$host_kind: its greeting does not reach the terminal raw" '^       220 \\x1b\]0;owned\\x07 not Postfix$' "$output"
    host_run sh -c 'kill "$(cat /run/other.pid)"'

    host_service stop postfix
    output=$(now)
    check_match "$host_kind: Postfix stopped: nobody on 25" '^  25   nobody listens$' "$output"
    check_match "$host_kind: no master" "^  Postfix's master: does not run\$" "$output"
    host_service start postfix
    until_true 15 port_answers 25
}

# The host's own log, in the journal or in syslog's file: nothing of a healthy start but noise, which is only named; a fault that was provoked, and is still so, from
# whatever moment it is asked since; after the repair and a restart it counts no more.
test_log() {
    local output since where='the journal'
    [ "$host_kind" = systemd ] || where=/var/log/mail.log
    port_answers 143 # a client that goes away again, as every host has
    output=$(until_true 15 says_noise; host_run mailfix diagnose 2>&1)
    check_same "$host_kind: with its log: no problem" 0 $?
    check_match "$host_kind: in one line, which names the log" "^No problem found \([0-9]+ fixes asked, [0-9]+ lines read from $where\)\. Noise in the log: dovecot-no-auth \(mailfix diagnose dovecot-no-auth tells more\)\.\$" "$output"
    check_same "$host_kind: and one line it is" 1 "$(printf '%s\n' "$output" | wc -l)"
    host_run sh -c 'echo x | sendmail -f root root@localhost'
    until_true 20 host_log_has 'postfix/local.*to=<root@localhost>.*status=sent'
    output=$(host_run mailfix diagnose 2>&1)
    check_same "$host_kind: after a mail to root, still no problem, in one line" "0 1" "$? $(printf '%s\n' "$output" | wc -l)"
    check_match "$host_kind: and that one says so" '^No problem found \(' "$output"

    host_run sh -c 'cp -a /etc/postfix/main.cf /root/main.cf.good
        postconf -e smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/none smtpd_tls_auth_only=no' >/dev/null 2>&1
    host_service restart postfix
    until_true 15 says_no_mechanism
    for since in '' postfix 'postfix.service' '-10min' today; do
        output=$(host_run mailfix diagnose ${since:+--since "$since"} sasl-dovecot-socket 2>&1)
        check_match "$host_kind: smtpd without a log-in socket, since ${since:-its start}" '^sasl-dovecot-socket \(stops-mail\): ' "$output"
    done
    check_match "$host_kind: still so" '^  still so: the running host shows it$' "$output"
    check_match "$host_kind: its own words" "SASL: Connect to (Dovecot auth socket ')?private/none'? failed: No such file" "$output"
    host_run mv /root/main.cf.good /etc/postfix/main.cf
    host_service restart postfix
    until_true 15 port_answers 25
    output=$(host_run mailfix diagnose 2>&1)
    check_match "$host_kind: repaired: the old lines do not count" '^No problem found \(' "$output"
}

says_noise() {
    port_answers 143
    host_run mailfix diagnose dovecot-no-auth 2>&1 | grep -q '^dovecot-no-auth (noise)'
}

# A client makes smtpd speak; it dies before it greets.
says_no_mechanism() {
    port_answers 25
    host_run mailfix diagnose sasl-dovecot-socket 2>&1 | grep -q 'no SASL authentication mechanisms'
}

queue_is() { now | grep -qxF "  its queue: $1"; }

# Lines that anybody on the host can write: diagnose says what the host shows, and apply takes nothing from them.
test_forged() {
    local output before
    host_run logger -p mail.err -t dovecot \
        'imap-login: Error: dovecot/imap-login: error while loading shared libraries: libx.so: failed to map segment from shared object'
    host_run logger -p mail.err -t 'postfix/tlsmgr[77]' 'error: unsupported dictionary type: sdbm'
    until_true 15 says_forged
    before=$(host_snapshot /etc)
    output=$(host_run mailfix diagnose login-memory sdbm-cache 2>&1)
    check_match "$host_kind: forged: the port greets, so it is over" '^  no longer so$' "$output"
    check_same "$host_kind: forged: and there is nothing to paste" '' "$(printf '%s\n' "$output" | grep 'apply login-memory')"
    check_match "$host_kind: forged: main.cf has no such cache, so it is not known" '^  not known whether still so: only the log shows it$' "$output"
    check_exit 2 "$host_kind: forged: apply takes no service from it" host_run mailfix apply login-memory -y
    check_match "$host_kind: forged: nor anything else" '^Already so' "$(host_run mailfix apply sdbm-cache -y 2>&1)"
    check_same "$host_kind: forged: nothing was changed" "$before" "$(host_snapshot /etc)"
}

says_forged() { [ "$(host_run mailfix diagnose login-memory sdbm-cache 2>&1 | grep -c '^  in the log')" = 2 ]; }

# Where Dovecot says what it says: with LINE in its configuration, diagnose reads it in WHERE. A client that goes away again is what
# every Dovecot speaks of.
hears() { # LINE WHERE
    host_run sh -c 'printf "%s\n" "$1" >/etc/dovecot/local.conf' sh "$1"
    host_service restart dovecot >/dev/null 2>&1
    check "$host_kind: Dovecot with $1: it is heard" until_true 15 says_noise
    check_same "$host_kind: in $2" "$2" "$(host_run mailfix --json diagnose dovecot-no-auth | python3 -c '
import json, sys
report = json.load(sys.stdin)
print(*report["logs"]["read"], sep=", ")
sys.exit(report["findings"][0]["fix"] != "dovecot-no-auth")')"
}

test_places() {
    if [ "$host_kind" = systemd ]; then
        hears 'log_path = /var/log/dovecot.log' '/var/log/dovecot.log, the journal'
    else
        hears 'log_path = /var/log/dovecot.log' '/var/log/mail.log, /var/log/dovecot.log'
    fi
    # Where syslogd writes the same file, Postfix's lines are heard from syslogd or the journal, and not a second time.
    host_run sh -c 'date "+%b %e %H:%M:%S mail postfix/tlsmgr[1]: error: unsupported dictionary type: gone" >>/var/log/dovecot.log'
    check_same "$host_kind: of Dovecot's own file only its lines count" '' "$(host_run mailfix diagnose sdbm-cache 2>&1 | grep 'type: gone')"
    if [ "$host_kind" = systemd ]; then
        hears 'log_path = /dev/stderr' 'the journal'
        hears 'syslog_facility = local5' 'the journal'
        # What Dovecot says before it has a log is there, too; a change since then is seen in an included file as well.
        host_run sh -c 'echo "nonsense = 1" >/etc/dovecot/local.conf'
        host_service restart dovecot >/dev/null 2>&1
        check_match "$host_kind: why it did not start" 'Unknown setting: nonsense' \
            "$(host_run mailfix diagnose dovecot-unknown-setting 2>&1 | sed -n '/in the log/,$p')"
        sleep 2 # a line of the second of the change counts
        host_run touch /etc/dovecot/conf.d/10-mail.conf
        check_same "$host_kind: an included file changed: the line counts no more" '' \
            "$(host_run mailfix diagnose dovecot-unknown-setting 2>&1 | sed -n '/in the log/,$p')"
    else
        hears 'syslog_facility = local5' '/var/log/mail.log, /var/log/syslog'
    fi
    host_run rm -f /etc/dovecot/local.conf /var/log/dovecot.log
    host_service restart dovecot >/dev/null 2>&1
    until_true 15 port_answers 143

    host_run sh -c 'cp -a /etc/postfix/main.cf /root/main.cf.good
        postconf -e maillog_file=/var/log/postfix.log maillog_file_rotate_suffix=before-%Y maillog_file_compressor=true smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/none' >/dev/null 2>&1
    host_service restart postfix
    until_true 15 says_no_mechanism
    host_run sh -c 'postconf -e smtpd_sasl_auth_enable=no && postfix logrotate && postfix reload' >/dev/null 2>&1
    until_true 15 host_run sh -c 'ls /var/log/postfix.log.before-* && [ -s /var/log/postfix.log ]' >/dev/null
    check_match "$host_kind: Postfix's own file and its rotation, asked since a day" '^sasl-dovecot-socket ' \
        "$(host_run mailfix diagnose --since '1 day ago' sasl-dovecot-socket 2>&1)"
    check_match "$host_kind: the rotation is read, too" 'postfix\.log\.before-[0-9]+, /var/log/postfix\.log[,.)]' \
        "$(host_run mailfix diagnose --since '1 day ago' dovecot-uid-range 2>&1)"
    host_run mv /root/main.cf.good /etc/postfix/main.cf
    host_service restart postfix
    until_true 15 port_answers 25
}

test_faults() {
    local output
    host_run sh -c 'cp -a /etc/postfix /root/postfix.good; cp -a /etc/dovecot /root/dovecot.good'
    host_run -i sh -c 'cat >>/etc/postfix/main.cf' <<'CF'
smtpd_relay_restrictons = permit_mynetworks, reject
mailbox_size_limit = 1
transport_maps = hash:/etc/postfix/transport
virtual_alias_maps = pcre:/etc/postfix/none
recipient_canonical_maps = texthash:/etc/postfix/none
CF
    host_run sh -c 'echo "example.org :" >/etc/postfix/transport && postmap /etc/postfix/transport && touch -d "+1 hour" /etc/postfix/transport
        printf "mailfix-loop: mailfix-pool\nmailfix-pool: mailfix-loop\nmailfix-list: :include:/etc/none\n" >>/etc/aliases && newaliases
        printf "pickup unix n - y 60 1 pickup\n" >>/etc/postfix/master.cf
        printf "imap_no_such = yes\n" >>/etc/dovecot/local.conf' 2>/dev/null
    output=$(found)
    check_match "$host_kind: a misspelt parameter" 'main\.cf:[0-9]+: smtpd_relay_restrictons = .*\(did you mean smtpd_relay_restrictions\?\)$' "$output"
    check_same "$host_kind: postconf finds the same" smtpd_relay_restrictons \
        "$(host_run postconf -n 2>&1 | sed -n 's/.*unused parameter: \([a-z_]*\)=.*/\1/p')"
    check_match "$host_kind: one set twice, with both lines" 'main\.cf:[0-9]+: mailbox_size_limit = 0 \(line [0-9]+ counts\)$' "$output"
    check_match "$host_kind: a stale index, with its times" \
        'transport_maps = hash:/etc/postfix/transport \(/etc/postfix/transport\.db of .* is older than the text of ' "$output"
    check_match "$host_kind: a type that is not installed" '^missing-table-type ' "$output"
    check_match "$host_kind: a text that is missing" 'texthash:/etc/postfix/none \(there is no /etc/postfix/none\)$' "$output"
    check_match "$host_kind: a service twice" 'master\.cf:[0-9]+: pickup = pickup \(line [0-9]+ counts\)$' "$output"
    check_match "$host_kind: a circle of aliases" 'aliases:[0-9]+: mailfix-loop = mailfix-pool -> mailfix-loop$' "$output"
    check_match "$host_kind: an alias to a list that is not there" 'mailfix-list = :include:/etc/none \(there is no /etc/none\)$' "$output"
    check_match "$host_kind: what Dovecot refuses, in its own words" \
        'doveconf -n: .*local\.conf line [0-9]+: (imap_no_such: )?Unknown setting: imap_no_such$' "$output"
    check_same "$host_kind: each once" "" "$(printf '%s\n' "$output" | grep -E '^[a-z-]+ \(' | sort | uniq -d)"
    host_run sh -c 'rm -rf /etc/postfix /etc/dovecot && mv /root/postfix.good /etc/postfix && mv /root/dovecot.good /etc/dovecot'
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    test_healthy
    test_live
    test_log
    test_forged
    test_places
    test_faults
    host_stop
done
finish
