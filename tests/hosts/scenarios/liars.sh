#!/bin/bash
# Scenario: services that fail, hang or lie, and children that misbehave. Postfix's own start is in the hands of a script that can say
# it has started when nothing runs, never end (and take no notice of TERM), or refuse; only for the new files, or for the old ones as
# well. What must come of it: the right exit code, the old files, and mail again within 60 s; or the exact command that a person is to
# type, which then works. postmap floods, and leaves a child behind; it is started with a poisoned environment and open descriptors.
#
# MAILFIX_TEST_KINDS: "systemd" unless set; it also runs with "sysv". MAILFIX_TEST_LONG=1: what takes longer than CI should.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

fixes=$MAILFIX_PREFIX/share/mailfix/fixes
trap 'rm -f "$fixes"/test-{change,table}.fix; host_stop' EXIT
cat >"$fixes/test-change.fix" <<'FIX'
fix       test-change
title     A test: a change, and Postfix starts anew
effect    noise

edit      main.cf
  each    setting biff
  value   yes

after     restart postfix
FIX
cat >"$fixes/test-table.fix" <<'FIX'
fix       test-table
title     A test: a table gets one more entry, and its index with it
effect    noise

edit      map transport_maps
  ensure
    |b.example smtp:[127.0.0.2]
FIX

last_line() { printf '%s\n' "$1" | tail -n 1; }

# /root/mode has "WHEN HOW": WHEN is new (only when main.cf is the new one) or always, HOW is lie, hang or refuse. Without the file Postfix
# starts as ever.
install_starter() {
    host_run sh -euc 'cat >/root/starter <<"SCRIPT"
#!/bin/sh
# starter REAL-COMMAND...
read -r when how </root/mode 2>/dev/null
grep -q "^biff = yes" /etc/postfix/main.cf && new=1 || new=
if [ "$when" = always ] || [ "$when$new" = new1 ]; then
    case $how in
        lie) exit 0 ;;
        refuse) echo "the test refuses" >&2; exit 1 ;;
        hang) trap "" TERM; while :; do sleep 1; done ;;
    esac
fi
exec "$@"
SCRIPT
        chmod 755 /root /root/starter'
    if [ "$host_kind" = systemd ]; then
        host_run sh -euc 'mkdir -p "/etc/systemd/system/postfix@-.service.d"
            real=$(sed -n "s/^ExecStart=//p" /lib/systemd/system/postfix@.service)
            printf "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=\nExecStart=/root/starter %s\nTimeoutStopSec=3\n" "$real" \
                >"/etc/systemd/system/postfix@-.service.d/test.conf"
            systemctl daemon-reload'
    else
        # A script of its own stops Postfix, and then its start is what the starter says.
        host_run sh -euc 'mv /etc/init.d/postfix /root/postfix.real
            cat >/etc/init.d/postfix <<"SCRIPT"
#!/bin/sh
case $1 in
    restart | start) [ "$1" = start ] || /root/postfix.real stop; exec /root/starter /root/postfix.real start ;;
    *) exec /root/postfix.real "$@" ;;
esac
SCRIPT
            chmod 755 /etc/init.d/postfix'
    fi
}

mode() { host_run sh -c 'if [ -n "$1" ]; then echo "$1" >/root/mode; else rm -f /root/mode; fi' sh "$1"; }

# How long port 25 did not answer, at most, while a command ran and until it answered again: /root/watch has a line a try.
watch_begin() {
    host_run bash -c ': >/root/watching; : >/root/watch; while [ -e /root/watching ]; do
        if (exec 3<>/dev/tcp/127.0.0.1/25) 2>/dev/null; then up=1; else up=0; fi
        echo "$EPOCHSECONDS $up" >>/root/watch; sleep 0.5; done' &
    watcher=$!
}
watch_end() {
    host_run rm /root/watching
    wait "$watcher"
    outage=$(host_run awk '$2 == 1 { if ($1 - seen > most && seen) most = $1 - seen; seen = $1 } END { print most + 0 }' /root/watch)
}

# What a restart costs here when all is well: a machine that has too much to do takes its time, and mail may be away for as much longer.
measure_restart() {
    local unit=postfix
    [ "$host_kind" != systemd ] || unit=postfix@-.service
    watch_begin
    host_service restart "$unit" >/dev/null 2>&1
    until_true 60 port_answers 25 >/dev/null
    watch_end
    most=60
    [ "$outage" -le 5 ] || most=$((60 + 2 * outage))
    note "a restart takes port 25 away for $outage s"
}

# test_put_back MODE WHY: apply fails on the new files, and everything is put back.
test_put_back() {
    local before output code
    before=$(host_snapshot /etc)
    mode "$1"
    watch_begin
    output=$(host_run mailfix apply test-change -y 2>&1)
    code=$?
    check "$host_kind: $1: port 25 answers" until_true 20 port_answers 25
    watch_end
    check_same "$host_kind: $1: exit 3" 3 "$code"
    check_match "$host_kind: $1: says why" "$2" "$output"
    check_same "$host_kind: $1: the last line" 'Everything was put back.' "$(last_line "$output")"
    check_same "$host_kind: $1: the identical tree" "$before" "$(host_snapshot /etc)"
    note "$1: port 25 did not answer for $outage s"
    check "$host_kind: $1: mail was away for $most s at most" test "$outage" -le "$most"
    mode ''
}

# needs_person WHAT BEFORE OUTPUT CODE: exit 4, the files of before, and a command that a person can type.
needs_person() {
    local command
    check_same "$host_kind: $1: exit 4" 4 "$4"
    check_match "$host_kind: $1: the last line" '^This needs you: see above; the record is /var/lib/mailfix/txn/' "$(last_line "$3")"
    check_same "$host_kind: $1: the files are as before" "$2" "$(host_snapshot /etc)"
    check_match "$host_kind: $1: the record waits for a person" ' stuck ' "$(host_run mailfix history | tail -n 1)"
    command=$(printf '%s\n' "$3" | sed -n 's/.* Look at it, then: //p' | tail -n 1)
    note "$1: to be typed: $command"
    mode ''
    check "$host_kind: $1: the command that it names" host_run sh -c "$command"
    check "$host_kind: $1: brings mail back" until_true 20 port_answers 25
}

test_no_way_back() { # MODE WHY
    local before output code
    before=$(host_snapshot /etc)
    mode "$1"
    output=$(host_run mailfix apply test-change -y 2>&1)
    code=$?
    check_match "$host_kind: $1: says why" "$2" "$output"
    needs_person "$1" "$before" "$output" "$code"
}

test_rollback_refused() {
    local before output code
    before=$(host_snapshot /etc)
    check_exit 0 "$host_kind: rollback: applied before" host_run mailfix apply test-change -y
    mode "always $1"
    output=$(host_run mailfix rollback -y 2>&1)
    code=$?
    check_match "$host_kind: rollback, always $1: says why" 'postfix did not come back: ' "$output"
    needs_person "rollback, always $1" "$before" "$output" "$code"
}

# postmap as a script in front of the real one: it writes down what it was given, floods, and leaves a child that holds its output.
test_children() {
    local output code
    host_run sh -euc 'printf "a.example smtp:[127.0.0.1]\n" >/etc/postfix/transport
        postmap /etc/postfix/transport && postconf -e transport_maps=hash:/etc/postfix/transport
        touch -d "1 minute ago" /etc/postfix/main.cf
        mv /usr/sbin/postmap /usr/sbin/postmap.real
        mkdir -p /root/evil
        for name in postmap postconf sh grep; do printf "#!/bin/sh\n: >/root/evil/ran\n" >/root/evil/$name; done
        printf ": >/root/evil/ran\n" >/root/evil/env
        chmod 755 /root/evil/*
        cat >/usr/sbin/postmap <<"SCRIPT"
#!/bin/sh
tr "\0" "\n" </proc/$$/environ | sort >/root/environ
(ls /proc/$$/fd >/root/fds.all) # in a child: pipes and redirections take descriptors of the shell for a moment
sort -n /root/fds.all | grep -vx 10 >/root/fds
head -c 100000000 /dev/zero | tr "\0" x
sleep 300 &
echo $! >/root/child
exec /usr/sbin/postmap.real "$@"
SCRIPT
        chmod 755 /usr/sbin/postmap'
    output=$(host_run bash -c 'exec 5</etc/passwd 7</etc/passwd 200</etc/passwd
        ulimit -v 400000
        exec env "PATH=/root/evil:$PATH" LD_PRELOAD=/root/evil/none.so LD_LIBRARY_PATH=/root/evil IFS=/ LANG=ja_JP.UTF-8 \
            LC_MESSAGES=xx BASH_ENV=/root/evil/env ENV=/root/evil/env MAIL_CONFIG=/root/evil POSIXLY_CORRECT=1 \
            "$1/sbin/mailfix" apply test-table -y 2>&1' bash "$MAILFIX_PREFIX")
    code=$?
    check_same "$host_kind: children: exit 0" 0 "$code" || printf '%s\n' "$output" | cut -c1-300 | tail -n 20
    check_same "$host_kind: children: the environment is six names" \
        $'HOME=/root\nLANG=C\nLC_ALL=C\nLOGNAME=root\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nSHELL=/bin/sh' "$(host_run cat /root/environ)"
    check_same "$host_kind: children: descriptors 0 to 2" $'0\n1\n2' "$(host_run cat /root/fds)"
    check_same "$host_kind: children: nothing of the poison ran" '' "$(host_run find /root/evil -name ran)"
    check_same "$host_kind: children: the flood is not shown" '' "$(printf '%s\n' "$output" | grep xxxxx)"
    check_same "$host_kind: children: the index is built" 'smtp:[127.0.0.2]' \
        "$(host_run postmap.real -q b.example hash:/etc/postfix/transport)"
    host_run sh -c 'kill $(cat /root/child); mv /usr/sbin/postmap.real /usr/sbin/postmap'
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    until_true 20 port_answers 25 >/dev/null
    test_children
    install_starter
    measure_restart
    if [ "$kind" = systemd ]; then
        test_put_back 'new lie' '127.0.0.1 port 25 greeted before and does not now|Postfix ran before and does not now'
        test_put_back 'new hang' 'cannot restart postfix: postfix@-.service: not finished after 30 s'
    else
        test_put_back 'new lie' 'ended with status 0.* and postfix does not run'
        test_put_back 'new hang' 'did not end within 30 s'
    fi
    test_no_way_back 'always refuse' 'postfix did not come back: '
    if [ -n "${MAILFIX_TEST_LONG-}" ]; then
        test_no_way_back 'always lie' 'does not now|did not come back'
        test_rollback_refused refuse
        test_rollback_refused hang
    fi
    host_stop
done
finish
