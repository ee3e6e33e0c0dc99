#!/bin/bash
# Scenario: the states of services are recorded and come back, and what is not proven leads back. Under systemd, SysV init, OpenRC:
# a test fix stops Postfix and takes it out of the boot, rollback brings both back; a symptom that comes back in the log, a port that
# greets no more, and SIGINT while the proof runs put everything back (exit 3); kill -9 there leaves it to `mailfix recover`. Under SysV
# init also: scripts in /etc/rc.d/init.d with chkconfig; and where Postfix runs in the foreground, as in a container, it is reloaded.
# Under OpenRC also its own kind of scripts, and what died on it; what does not differ from SysV init there is left out. Under SysV init
# so is what does not differ from systemd (a port that greets no more, SIGINT, a reader that goes away), unless MAILFIX_TEST_LONG is set.
#
# MAILFIX_TEST_KINDS: "systemd sysv openrc" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

# The prefix is read-only inside the hosts; these fixes are there only while the scenario runs.
fixes=$MAILFIX_PREFIX/share/mailfix/fixes
trap 'rm -f "$fixes"/test-{stop,noisy,deaf,quick,slow,up,down,start,reload}.fix; host_stop' EXIT
cat >"$fixes/test-noisy.fix" <<'FIX'
fix       test-noisy
title     A test: after the change the log symptom is there again
effect    noise

symptom   log
  program   postfix/smtpd
  level     info
  matching  ^connect from

edit      main.cf
  each    setting biff
  value   yes

after     restart postfix

verify    session smtp 25
verify    quiet 5s
FIX
# A proof that takes its time, and one that does not.
cat >"$fixes/test-slow.fix" <<'FIX'
fix       test-slow
title     A test: a change whose proof takes a minute
effect    noise

symptom   log
  program   postfix/smtpd
  level     info
  matching  ^no such line

edit      main.cf
  each    setting biff
  value   yes

after     restart postfix

verify    session smtp 25
verify    quiet 60s
FIX
sed -e 's/test-slow/test-quick/' -e 's/quiet 60s/quiet 2s/' "$fixes/test-slow.fix" >"$fixes/test-quick.fix"
cat >"$fixes/test-deaf.fix" <<'FIX'
fix       test-deaf
title     A test: a change that costs port 25, with nothing said about it
effect    noise

edit      main.cf
  each    setting biff
  value   yes

edit      master.cf
  each    service smtp/inet
  comment

after     restart postfix
FIX
cat >"$fixes/test-stop.fix" <<'FIX'
fix       test-stop
title     A test: Postfix is stopped and does not start at boot
effect    noise

symptom   some main.cf setting biff matching ^no$

edit      main.cf
  each    setting biff
  value   yes

after     stop postfix
after     disable postfix
FIX

cat >"$fixes/test-up.fix" <<'FIX'
fix       test-up
title     A test: conditions that hold while Postfix runs
effect    noise

require   port 25 owner dovecot postfix
  else    it is not at port 25.
require   daemon postfix enabled
  else    it does not start at boot.

edit      main.cf
  each    setting biff
  value   never
FIX
sed -e 's/test-up/test-down/' -e 's/owner dovecot postfix/owner exim4 nobody/' -e 's/daemon postfix enabled/not daemon postfix enabled/' \
    "$fixes/test-up.fix" >"$fixes/test-down.fix"

# do_by_mailfix NAME ACTION...: apply a test fix with these actions. Its change of main.cf is taken back first, else it would be
# already so.
do_by_mailfix() {
    local name=$1
    shift
    {
        printf 'fix %s\ntitle A test: services\neffect noise\n\nedit main.cf\n  each setting biff\n  value yes\n\n' "$name"
        printf 'after %s\n' "$@"
    } >"$fixes/$name.fix"
    host_run sed -i 's/^biff.*/biff = no/' /etc/postfix/main.cf
    host_run mailfix apply "$name" -y 2>&1
}

states() {
    if [ "$host_kind" = systemd ]; then
        host_run systemctl is-active postfix@-.service
        host_run systemctl is-enabled postfix.service
    elif [ "$host_kind" = openrc ]; then
        host_run sh -c 'rc-service postfix status >/dev/null; echo "status $?"; rc-update -a show | grep postfix'
    else
        host_run sh -c '/etc/init.d/postfix status >/dev/null; echo "status $?"; ls /etc/rc[2-5].d | grep postfix | cut -c1 | sort | uniq -c'
    fi
}

last_line() { printf '%s\n' "$1" | tail -n 1; }

test_stop_and_disable() {
    local before output
    before=$(states)
    check_exit 0 "$host_kind: conditions: Postfix has port 25 and starts at boot" host_run mailfix apply test-up -n
    output=$(host_run mailfix apply test-down -n 2>&1)
    check_same "$host_kind: conditions: not nobody has it: exit 5" 5 $?
    check_match "$host_kind: conditions: who has it" '^    port 25 belongs to .*master' "$output"
    output=$(host_run mailfix apply test-stop -y 2>&1)
    check_same "$host_kind: stop and disable: exit 0" 0 $? || printf '%s\n' "$output"
    check "$host_kind: stop and disable: nobody answers" until_true 5 eval '! port_answers 25 2>/dev/null'
    if [ "$host_kind" = systemd ]; then
        check_same "$host_kind: stop and disable: disabled" disabled "$(host_run systemctl is-enabled postfix.service)"
    elif [ "$host_kind" = openrc ]; then
        check_same "$host_kind: stop and disable: stopped, in no runlevel" 'status 3' "$(states)"
    else
        check_same "$host_kind: stop and disable: no start link" '' "$(host_run sh -c 'ls /etc/rc[2-5].d | grep ^S.*postfix')"
    fi
    check_exit 0 "$host_kind: conditions: nobody has port 25, and it does not start at boot" host_run mailfix apply test-down -n
    check_exit 5 "$host_kind: conditions: the other way round they do not hold" host_run mailfix apply test-up -n
    output=$(host_run mailfix rollback -y 2>&1)
    check_same "$host_kind: rollback: exit 0" 0 $? || printf '%s\n' "$output"
    check_same "$host_kind: rollback: running and enabled again" "$before" "$(states)"
    check "$host_kind: rollback: port 25 answers" until_true 20 smtp_starttls 25
}

# test_not_kept FIX WHY: the proof fails, and everything is put back.
test_not_kept() {
    local before output code
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply "$1" -y 2>&1)
    code=$?
    check_same "$host_kind: $1: exit 3" 3 "$code"
    check_match "$host_kind: $1: says why" "$2" "$output"
    check_same "$host_kind: $1: the last line" 'Everything was put back.' "$(last_line "$output")"
    check_same "$host_kind: $1: the identical tree" "$before" "$(host_snapshot /etc)"
    check "$host_kind: $1: port 25 answers" until_true 20 smtp_starttls 25
}

# Starts an apply and returns when it is at its proof, with its pid, as seen inside, in /root/pid.
apply_to_the_proof() {
    host_run sh -c 'mailfix apply test-slow -y >/root/output 2>&1 & echo $! >/root/pid; wait $!; echo $? >/root/code' &
    apply=$!
    until_true 60 host_run grep -q '^checking: the fault stays' /root/output
}

test_interrupt() {
    local before code
    before=$(host_snapshot /etc)
    host_run rm -f /root/code /root/output
    apply_to_the_proof
    host_run sh -c 'kill -INT $(cat /root/pid)'
    until_true 90 host_run test -s /root/code
    wait "$apply"
    code=$(host_run cat /root/code)
    check_same "$host_kind: SIGINT: exit 3" 3 "$code"
    check_same "$host_kind: SIGINT: the last line" 'Everything was put back.' "$(last_line "$(host_run cat /root/output)")"
    check_same "$host_kind: SIGINT: the identical tree" "$before" "$(host_snapshot /etc)"
    check "$host_kind: SIGINT: port 25 answers" until_true 20 smtp_starttls 25
}

# Whoever reads the output goes away after the files are swapped: that is no reason to stop in the middle.
test_reader_gone() {
    host_run sh -c "mailfix apply test-quick -y 2>&1 | sed '/^restart postfix/q' >/dev/null"
    until_true 90 host_run sh -c "mailfix history | tail -n 1 | grep -q 'kept .*test-quick'"
    check_match "$host_kind: reader gone: kept all the same" 'kept .*test-quick' "$(host_run mailfix history | tail -n 1)"
    check "$host_kind: reader gone: port 25 answers" until_true 20 smtp_starttls 25
    host_run mailfix rollback -y >/dev/null 2>&1
    check_same "$host_kind: reader gone: rollback: exit 0" 0 $?
}

test_killed() {
    local before output
    before=$(host_snapshot /etc)
    host_run rm -f /root/code /root/output
    apply_to_the_proof
    host_run sh -c 'kill -KILL $(cat /root/pid)'
    until_true 20 host_run test -s /root/code
    wait "$apply"
    check "$host_kind: kill -9: the new text is there" host_run grep -q '^biff = yes' /etc/postfix/main.cf
    output=$(host_run mailfix recover 2>&1)
    check_same "$host_kind: recover: exit 0" 0 $? || printf '%s\n' "$output"
    check_same "$host_kind: recover: the last line" 'Everything was put back.' "$(last_line "$output")"
    check_same "$host_kind: recover: the identical tree" "$before" "$(host_snapshot /etc)"
    check "$host_kind: recover: port 25 answers" until_true 20 smtp_starttls 25
    check_match "$host_kind: recover again: nothing" '^Nothing to recover' "$(host_run mailfix recover 2>/dev/null)"
}

# As in a container: no init has a say, and a restart would end it.
test_foreground() {
    local output master
    host_run /etc/rc.d/init.d/postfix stop >/dev/null
    host_run setsid postfix start-fg >/dev/null 2>&1 &
    check 'foreground: port 25 answers' until_true 20 smtp_starttls 25
    master=$(host_run sh -c 'tr -d " " </var/spool/postfix/pid/master.pid')
    output=$(host_run mailfix apply test-quick -y 2>&1)
    check_same 'foreground: exit 0' 0 $? || printf '%s\n' "$output"
    check_match 'foreground: reloaded' 'restart postfix: postfix reload' "$output"
    check_same 'foreground: master is the same process' "$master" "$(host_run sh -c 'tr -d " " </var/spool/postfix/pid/master.pid')"
    host_run mailfix rollback -y >/dev/null 2>&1
    check_same 'foreground: rollback: exit 0' 0 $?
}

# The shape of CentOS 4 to 6: scripts in /etc/rc.d/init.d and chkconfig. The chkconfig is a fake, for Debian has none; it answers in
# the form of the real one and moves the same kind of links.
test_chkconfig() {
    host_run sh -euc 'mkdir -p /etc/rc.d/init.d
        mv /etc/init.d/postfix /etc/rc.d/init.d/postfix
        rm /etc/rc?.d/*postfix
        cat >/sbin/chkconfig <<"FAKE"
#!/bin/sh
# a fake chkconfig: --list NAME, NAME on, NAME off
link=/etc/rc3.d/S80$( [ "$1" = --list ] && echo "$2" || echo "$1" )
case "$1 $2" in
    "--list "*) [ -e "$link" ] && on=on || on=off
        printf "%s\t0:off\t1:off\t2:%s\t3:%s\t4:%s\t5:%s\t6:off\n" "$2" $on $on $on $on ;;
    *" on") ln -sf "/etc/rc.d/init.d/$1" "$link" ;;
    *" off") rm -f "$link" ;;
esac
FAKE
        chmod 755 /sbin/chkconfig
        chkconfig postfix on'
    local output
    output=$(host_run mailfix apply test-stop -n 2>&1)
    check_match 'chkconfig: stop by the script in rc.d' '^then: stop postfix: /etc/rc.d/init.d/postfix stop' "$output"
    check_match 'chkconfig: disable by chkconfig' '^then: disable postfix: chkconfig postfix off' "$output"
    output=$(host_run mailfix apply test-stop -y 2>&1)
    check_same 'chkconfig: apply: exit 0' 0 $? || printf '%s\n' "$output"
    check_match 'chkconfig: off' '3:off' "$(host_run chkconfig --list postfix)"
    output=$(host_run mailfix rollback -y 2>&1)
    check_same 'chkconfig: rollback: exit 0' 0 $? || printf '%s\n' "$output"
    check_match 'chkconfig: on again' '3:on' "$(host_run chkconfig --list postfix)"
    check 'chkconfig: running again' until_true 20 smtp_starttls 25
}

# The scripts that OpenRC's own distributions have, after Gentoo's and Alpine's. They replace Debian's, which OpenRC runs as they are,
# asking itself nothing. Debian's start-stop-daemon is dpkg's, so what OpenRC's would note of a daemon is noted here by the script.
native_scripts() {
    host_run sh -euc 'cat >/etc/init.d/postfix <<"SCRIPT"
#!/sbin/openrc-run
extra_started_commands="reload"
depend() { use logger net; provide mta; }
start() { ebegin "Starting postfix"; postfix start >/dev/null 2>&1; eend $?; }
stop() { ebegin "Stopping postfix"; postfix stop >/dev/null 2>&1; eend $?; }
reload() { ebegin "Reloading postfix"; postfix reload >/dev/null 2>&1; eend $?; }
SCRIPT
        cat >/etc/init.d/dovecot <<"SCRIPT"
#!/sbin/openrc-run
depend() { use logger net; }
start() {
    ebegin "Starting dovecot"
    /usr/sbin/dovecot
    eend $? || return 1
    mkdir -p /run/openrc/daemons/dovecot
    printf "exec=/usr/sbin/dovecot\npidfile=/run/dovecot/master.pid\n" >/run/openrc/daemons/dovecot/001
}
stop() { ebegin "Stopping dovecot"; doveadm stop; eend $?; }
SCRIPT
        rc-service dovecot zap
        doveadm stop
        until_dead() { while pgrep -x dovecot; do sleep 0.1; done; }
        until_dead
        rc-service dovecot start'
}

kill_both() {
    until_true 20 host_run test -s /var/spool/postfix/pid/master.pid -a -s /run/dovecot/master.pid
    host_run sh -c 'kill -KILL $(cat /var/spool/postfix/pid/master.pid /run/dovecot/master.pid)
        while pgrep -x "master|dovecot"; do sleep 0.1; done' >/dev/null
}

test_openrc() {
    local output master
    output=$(host_run mailfix apply test-stop -n 2>&1)
    check_match 'openrc: stop, in its words' '^then: stop postfix: rc-service postfix stop$' "$output"
    check_match 'openrc: disable, in its words' '^then: disable postfix: rc-update del postfix default$' "$output"

    master=$(host_run cat /var/spool/postfix/pid/master.pid)
    host_run rc-update add postfix boot >/dev/null
    output=$(do_by_mailfix test-reload 'reload postfix' 'disable postfix')
    check 'openrc: reload: Postfix did' until_true 10 host_log_has 'postfix/master.*reload'
    check_same 'openrc: reload: master is the same process' "$master" "$(host_run cat /var/spool/postfix/pid/master.pid)"
    check_match 'openrc: another runlevel: said' 'cannot disable postfix: it stands in the runlevel boot too' "$output"
    check_same 'openrc: another runlevel: the last line' 'Everything was put back.' "$(last_line "$output")"
    check_same 'openrc: another runlevel: the links are as before' $'/etc/runlevels/boot/postfix\n/etc/runlevels/default/postfix' \
        "$(host_run sh -c 'ls /etc/runlevels/*/postfix')"
    host_run rc-update del postfix boot >/dev/null
}

# What died stays started for OpenRC, or is crashed for it: it starts neither again of its own accord.
test_crashed() {
    local output
    native_scripts >/dev/null
    kill_both
    check_exit 0 'openrc: killed: OpenRC believes that Postfix runs' host_run rc-service postfix status
    check_exit 32 'openrc: killed: Dovecot crashed' host_run rc-service dovecot status
    output=$(do_by_mailfix test-start 'restart dovecot' 'start postfix' 'start dovecot')
    check_same 'openrc: killed: start: exit 0' 0 $? || printf '%s\n' "$output"
    check_match 'openrc: killed: what crashed is not restarted' 'dovecot does not run, so it was not restarted' "$output"
    check 'openrc: killed: start: port 25 answers' until_true 10 port_answers 25
    check 'openrc: killed: start: port 143 answers' until_true 10 port_answers 143
    check_exit 0 'openrc: killed: start: OpenRC knows of Dovecot' host_run rc-service dovecot status

    kill_both
    host_run sh -c 'echo nonsense >>/etc/dovecot/dovecot.conf'
    output=$(do_by_mailfix test-start 'start postfix' 'start dovecot')
    check_same 'openrc: cannot start: exit 3' 3 $?
    check_match 'openrc: cannot start: its words' \
        'cannot start dovecot: `rc-service dovecot start` ended with status 1 \(.*ERROR: dovecot failed to start\), and dovecot does not run' \
        "$output"
    check_same 'openrc: cannot start: the last line' 'Everything was put back.' "$(last_line "$output")"
    check_exit 1 'openrc: cannot start: Postfix is stopped again' port_answers 25
}

for kind in ${MAILFIX_TEST_KINDS:-systemd sysv openrc}; do
    host_start "$kind"
    until_true 20 smtp_starttls 25 >/dev/null
    test_stop_and_disable
    if [ "$kind" = openrc ]; then
        test_openrc
        test_crashed
        host_stop
        continue
    fi
    test_not_kept test-noisy 'the symptom is back in the log: .*postfix/smtpd.*connect from'
    test_killed
    if [ "$kind" = systemd ] || [ -n "${MAILFIX_TEST_LONG-}" ]; then
        test_not_kept test-deaf '127.0.0.1 port 25 greeted before and does not now'
        test_interrupt
        test_reader_gone
    fi
    if [ "$kind" = sysv ]; then
        test_chkconfig
        test_foreground
    fi
    host_stop
done
finish
