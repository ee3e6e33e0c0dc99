#!/bin/bash
# Scenario: the host dies half-way. mailfix is killed with its change in the files and in what starts at boot, then every process of
# the host at once; the same files boot again. mailfix-recover, installed as mailfix(8) says, has put everything back before Postfix
# read its files: mail is up, the configuration is the old one. A boot with nothing to recover does not run mailfix at all.
#
# MAILFIX_TEST_KINDS: "systemd sysv" unless set; it also runs with "openrc".

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

# The change would cost mail: Postfix listens nowhere. The proof takes longer than it takes to be killed in it.
fix=$MAILFIX_PREFIX/share/mailfix/fixes/test-cut-off.fix
trap 'rm -f "$fix"; host_stop' EXIT
cat >"$fix" <<'FIX'
fix       test-cut-off
title     A test: Postfix loses its port, is stopped and does not start at boot
effect    noise

edit      main.cf
  each    setting smtpd_banner
  value   half-way

edit      master.cf
  each    service smtp/inet
  comment

after     disable postfix
after     stop postfix

verify    quiet 60s
FIX

store=/var/lib/mailfix

# As mailfix(8) says. A prefix that systemd does not read is copied from.
install_boot() {
    if [ "$host_kind" = systemd ]; then
        host_run cp -r "$MAILFIX_PREFIX/lib/systemd/system/." /etc/systemd/system/
        host_run systemctl enable mailfix-recover.service
    else
        host_run cp "$MAILFIX_PREFIX/etc/init.d/mailfix-recover" /etc/init.d/
        host_run update-rc.d mailfix-recover defaults
    fi
}

enabled() {
    if [ "$host_kind" = systemd ]; then
        host_run systemctl is-enabled postfix.service
    elif [ "$host_kind" = openrc ]; then
        host_run find /etc/runlevels -name postfix
    else
        host_run sh -c 'ls /etc/rc?.d | grep postfix'
    fi
}

# What must come back. A link of the boot is made again where it was, so /etc has no other change either.
files() { host_snapshot /etc/postfix; }

greeting() { host_run bash -c 'exec 3<>/dev/tcp/127.0.0.1/25 && read -rt 10 line <&3 && echo "$line"' 2>&1; }

# The proof has begun: files and boot are as mailfix wants them, and Postfix is stopped.
half_way() {
    host_run grep -q half-way /etc/postfix/main.cf && ! port_answers 25 &&
        host_run grep -q applying $store/txn/0001-test-cut-off/state
}

crash_half_way() {
    local pid
    host_run mailfix apply test-cut-off -y >"$host_dir/apply" 2>&1 &
    pid=$!
    until_true 120 half_way || cat "$host_dir/apply"
    check "$host_kind: the change is half-way" half_way
    host_run sh -c 'kill -KILL $(pidof mailfix)'
    wait $pid
    check "$host_kind: boot will see it" host_run test -e $store/txn/.unfinished
    check "$host_kind: Postfix would not start at boot" test "$(enabled)" != "$1"
    host_crash
    host_boot
}

test_boot() {
    local before boot
    before=$(files)
    boot=$(enabled)
    crash_half_way "$boot"
    check_same "$host_kind: the old files" "$before" "$(files)"
    check_same "$host_kind: what starts at boot is as before" "$boot" "$(enabled)"
    check "$host_kind: mail is up" until_true 15 port_answers 25
    check_match "$host_kind: with the old configuration" '^220 .*ESMTP Postfix' "$(greeting)"
    check_match "$host_kind: the record says so" '^0001 .* undone ' "$(host_run mailfix history)"
    check_match "$host_kind: nothing is left to recover" '^Nothing to recover' "$(host_run mailfix recover 2>/dev/null)"
    check_same "$host_kind: nor for boot" '' "$(host_run ls -A $store/txn | grep unfinished)"
}

# What boot ran, in its order.
test_order() {
    if [ "$host_kind" = systemd ]; then
        check_match "systemd: before Postfix started" '^yes$' "$(host_run sh -c '
            since() { systemctl show -P "$2" "$1"; }
            [ "$(since mailfix-recover.service ActiveEnterTimestampMonotonic)" -lt \
              "$(since postfix@-.service InactiveExitTimestampMonotonic)" ] && echo yes')"
        check_same 'systemd: no unit failed' '' "$(host_run systemctl --failed --no-legend --plain)"
        check_same 'systemd: nothing is ordered in a circle' '' "$(host_run journalctl -b -q --grep 'ordering cycle')"
    fi
}

# No transaction is half-way: mailfix is not run. Under systemd that takes another boot.
test_nothing() {
    if [ "$host_kind" = systemd ]; then
        host_crash
        host_boot
        check 'systemd: nothing to recover: mail is up' until_true 15 port_answers 25
        check_match 'systemd: nothing to recover: the condition says so' 'skipped because of an unmet condition' \
            "$(host_run journalctl -b -q -u mailfix-recover.service)"
    else
        check_same "$host_kind: nothing to recover: the script says nothing" '' \
            "$(host_run strace -f -e trace=execve -o /tmp/trace /etc/init.d/mailfix-recover start 2>&1)"
        check_same "$host_kind: nothing to recover: nor does it run mailfix" '' "$(host_run grep sbin/mailfix /tmp/trace)"
    fi
    check "$host_kind: nothing to recover: mailfix itself says so at once" \
        host_run timeout 1 mailfix recover --boot
}

for kind in ${MAILFIX_TEST_KINDS:-systemd sysv}; do
    host_start "$kind"
    check "$kind: what boot runs can be installed" install_boot
    test_boot
    test_order
    test_nothing
    host_stop
done
finish
