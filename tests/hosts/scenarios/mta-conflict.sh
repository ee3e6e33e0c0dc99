#!/bin/bash
# Scenario: another mail server holds port 25. A real sendmail (Debian's, with its own init script) runs where Postfix shall: Postfix
# cannot bind, the fix is named, mail in sendmail's queue is a reason to refuse, then sendmail is stopped and stays off and Postfix
# answers; rollback brings sendmail back. What listens and is no mail server is refused with its name.
#
# MAILFIX_TEST_KINDS: "systemd" unless set; it also runs with "sysv". (What OpenRC does with such scripts is in services.sh.)
#
# apt does not install sendmail beside Postfix, so its packages are unpacked over the host. They come from this machine's apt, and
# are kept in the cache of tests/hosts/tree to save the download. Its limits of load are raised: above 12 it closes its port.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

packages=(sendmail-bin sendmail-base sendmail-cf liblockfile1 m4 libsigsegv2)
debs=${MAILFIX_TEST_CACHE:-/var/cache/mailfix-tests}/debs-bookworm
rival=$(mktemp -d "${TMPDIR:-/tmp}/mailfix-rival.XXXXXX")
trap 'rm -rf "$rival"; host_stop' EXIT

get_rival() {
    local package
    mkdir -p "$debs"
    for package in "${packages[@]}"; do
        compgen -G "$debs/${package}_*.deb" >/dev/null ||
            (cd "$debs" && apt-get download -qq "$package/bookworm" >/dev/null 2>&1) || skip "$package cannot be downloaded"
        dpkg-deb -x "$debs/${package}"_*.deb "$rival"
    done
    chmod 755 "$rival"
    # The hooks for dial-up lines and the cron jobs would run in the host.
    rm -rf "$rival"/etc/{network,ppp,dhcp,resolvconf,cron*,logcheck}
}

# What the packages' scripts do: users, names of the program, queues, a configuration made from the macros.
install_rival() {
    host_run bash -euc 'for name in smmta smmsp; do
            echo "$name:x:$1:$1::/var/lib/sendmail:/usr/sbin/nologin" >>/etc/passwd
            echo "$name:x:$1:" >>/etc/group
            set -- $(($1 + 1))
        done
        ln -s ../libexec/sendmail/sendmail /usr/sbin/sendmail-mta
        ln -s ../libexec/sendmail/sendmail /usr/sbin/sendmail-msp
        chown root:smmsp /usr/libexec/sendmail/sendmail /etc/mail
        chmod 2755 /usr/libexec/sendmail/sendmail
        chown root:smmsp /var/spool/mqueue; chmod 2750 /var/spool/mqueue
        chown smmsp:smmsp /var/spool/mqueue-client; chmod 2770 /var/spool/mqueue-client
        cat >/etc/mail/sendmail.mc <<"MC"
include(`/usr/share/sendmail/cf/m4/cf.m4'"'"')dnl
OSTYPE(`debian'"'"')dnl
FEATURE(`no_default_msa'"'"')dnl
define(`confTO_IDENT'"'"', `0'"'"')dnl
define(`confTO_ICONNECT'"'"', `2s'"'"')dnl
define(`confTO_CONNECT'"'"', `2s'"'"')dnl
define(`confLOG_LEVEL'"'"', `9'"'"')dnl
define(`confREFUSE_LA'"'"', `1000'"'"')dnl
define(`confQUEUE_LA'"'"', `1000'"'"')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp, Addr=127.0.0.1'"'"')dnl
MAILER(`local'"'"')dnl
MAILER(`smtp'"'"')dnl
MC
        m4 -I/usr/share/sendmail/cf/ /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
        cp /usr/share/sendmail/cf/debian/submit.mc /etc/mail/
        sed -e "s/^include.*provider.*//" -e "s/^include.*autoconf.*//" /etc/mail/submit.mc |
            m4 -I/usr/share/sendmail/cf/ /usr/share/sendmail/cf/m4/cf.m4 - >/etc/mail/submit.cf
        echo localhost >/etc/mail/local-host-names
        echo "root: /dev/null" >/etc/mail/aliases
        mkdir -p /var/lib/sendmail/host_status
        printf "DAEMON_MODE=Daemon\nDAEMON_PARMS=\nQUEUE_INTERVAL=1h\nMSP_MODE=None\n" >/etc/mail/sendmail.conf
        sendmail-mta -Am -bi
        printf "%s\n" /usr /usr/libexec/sendmail /usr/libexec/sendmail/sendmail >/var/lib/dpkg/info/sendmail-bin.list
        printf "\nPackage: sendmail-bin\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: x\n" \
            >>/var/lib/dpkg/status' sh 4000
    host_run update-rc.d sendmail defaults
    # Debian's unit of Postfix stops sendmail.service by itself (Conflicts=). Those of other days and places do not.
    if [ "$host_kind" = systemd ]; then
        host_run sh -c 'grep -v ^Conflicts= /lib/systemd/system/postfix.service >/etc/systemd/system/postfix.service'
        host_run systemctl daemon-reload
    fi
}

states() {
    if [ "$host_kind" = systemd ]; then
        host_run systemctl is-active sendmail.service
        host_run systemctl is-enabled sendmail.service postfix.service 2>/dev/null
    else
        host_run sh -c 'ls /etc/rc?.d | grep -e postfix -e sendmail'
    fi
    greeting
}

greeting() { host_run bash -c 'exec 3<>/dev/tcp/127.0.0.1/25 && read -rt 10 line <&3 && echo "$line"' 2>&1 | sed 's/;.*//'; }

# Postfix's and sendmail's configuration, and all of what starts at boot. (On systemd the links of an init script are dropped and
# made by update-rc.d, with the same names.)
trees() { host_snapshot /etc; }

last_line() { printf '%s\n' "$1" | tail -n 1; }

queued() { host_run find /var/spool/mqueue -name 'qf*' | wc -l; }

# queue ADDRESS: sendmail takes a message for later.
queue() { printf 'Subject: waits\n\nhello\n' | host_run -i sendmail-mta -Am -odq -f root "$1"; }

test_conflict() {
    local output starter='unit sendmail.service'
    [ "$host_kind" = systemd ] || starter='script /etc/init.d/sendmail'
    host_service stop postfix
    host_service start sendmail
    check "$host_kind: sendmail answers" until_true 20 eval 'greeting | grep -q Sendmail'
    host_service start postfix >/dev/null 2>&1
    check "$host_kind: Postfix cannot bind" until_true 20 \
        host_log_has 'postfix/master\[[0-9]+\]: fatal: bind .* port 25: Address already in use'
    output=$(host_run mailfix diagnose 2>&1)
    check_same "$host_kind: diagnose: exit 6" 6 $?
    check_match "$host_kind: diagnose: the fix" '^mta-conflict \(stops-mail\)' "$output"
    check_match "$host_kind: diagnose: who" "^    $(who sendmail-mta "$starter")" "$output"
    check_match "$host_kind: dry run: who" "^note: $(who sendmail-mta "$starter")" "$(host_run mailfix apply mta-conflict queue=leave -n 2>/dev/null)"
    check_same "$host_kind: --json diagnose: who" "sendmail-mta, $starter, sendmail-bin, 127.0.0.1:25, $(listener_pid sendmail-mta)" \
        "$(host_run mailfix --json diagnose 2>/dev/null | holder findings)"
    check_same "$host_kind: --json dry run: who" "sendmail-mta, $starter, sendmail-bin, 127.0.0.1:25, $(listener_pid sendmail-mta)" \
        "$(host_run mailfix --json apply mta-conflict queue=leave -n 2>/dev/null | holder)"
}

# The first process of that name.
listener_pid() { host_run pgrep -ox "$1"; }

# who PROGRAM STARTER: what is said of it. The packages of the rival are unpacked, and dpkg is told of them by hand.
who() { printf 'port 25 belongs to %s: 127.0.0.1:25, process %s \\(%s\\), %s, package sendmail-bin$' "$1" "$(listener_pid "$1")" "$1" "$2"; }

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
    check_same "$host_kind: $what: no sendmail runs" '' "$(host_run pgrep -x 'sendmail-mta')"
    if [ "$host_kind" = systemd ]; then
        check_same "$host_kind: $what: sendmail stays off" disabled "$(host_run systemctl is-enabled sendmail.service 2>/dev/null)"
    else
        check_same "$host_kind: $what: sendmail stays off" '' "$(host_run sh -c 'ls /etc/rc[2-5].d | grep "^S.*sendmail"')"
    fi
    check_match "$host_kind: $what: again: already so" '^Already so' "$(host_run mailfix apply mta-conflict -y "$@" 2>/dev/null)"
    output=$(host_run mailfix rollback -y 2>&1)
    check_same "$host_kind: $what: rollback: exit 0" 0 $?
    check_same "$host_kind: $what: rollback: sendmail runs and is enabled again, Postfix as before" "$before" "$(states)"
    check_same "$host_kind: $what: rollback: the identical tree" "$tree" "$(trees)"
}

# In the pid namespace of the host, else mailfix cannot see who it is (occupy of lib.sh is outside).
test_no_mail_server() {
    local listener
    host_service stop sendmail
    host_run -i python3 - 25 60 <"$hosts_dir/occupy.py" >"$rival/.occupy" 2>&1 &
    listener=$!
    until_true 20 grep -q 'got it' "$rival/.occupy"
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

get_rival
for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind" "$rival"
    install_rival >"$rival/.log" 2>&1 || fail "$kind: sendmail could be installed" "$(tail -n 20 "$rival/.log")"
    test_conflict
    queue 'nobody@[127.9.9.9]'
    check_same "$kind: a message waits" 1 "$(queued)"
    test_refused 'mail waits' 5 '^    messages that wait: 1 in /var/spool/mqueue'
    test_refused 'mail that cannot be flushed' 3 '1 in /var/spool/mqueue' queue=flush
    test_apply_and_back 'left on purpose' queue=leave
    check_same "$kind: left on purpose: it still waits" 1 "$(queued)"
    host_run sh -c 'rm -f /var/spool/mqueue/*'
    queue root@localhost
    test_apply_and_back flushed queue=flush
    check_same "$kind: flushed: nothing waits" 0 "$(queued)"
    test_no_mail_server
    [ "$kind" != systemd ] || test_socket_unit
    host_stop
done
finish
