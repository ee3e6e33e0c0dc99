#!/bin/bash
# Scenario: a login process of Dovecot does not get the memory it needs to start. The client sees a connection and no greeting, the
# log says why. First imap-login alone, which the fix takes from the log; then imap-login and pop3-login together, each with another
# wording in the log, and below them the page's own login_process_size, which Dovecot 2.3 takes for both. A real IMAP session works
# after the repair, and the rollback gives the identical tree and the old failure.
#
# MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

last_line() { printf '%s\n' "$1" | tail -n 1; }
# Dovecot 2.4 does not start with the name that 1.x had, and its programs do not stand in for old ones.
takes_old_name() { ! host_run dovecot --version | grep -qE '^2\.([4-9]|[1-9][0-9])|^[3-9]'; }
limit_of() { host_run doveconf -h "service/$1/vsz_limit" 2>/dev/null; }

# shellcheck disable=SC2016
greeting() { host_run timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && head -n 1 <&3' bash "$1" 2>/dev/null; }

# A log-in and a look into the mailbox, which needs the whole way from the login process to the imap process.
imap_session() {
    # shellcheck disable=SC2016
    host_run timeout 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/143
        printf "a LOGIN anna geheim\r\n" >&3
        while read -r line <&3; do
            printf "%s\n" "$line"
            case $line in
            "a OK"*) printf "b SELECT INBOX\r\nc LOGOUT\r\n" >&3 ;;
            "a "*) exit 1 ;;
            "c OK"*) exit 0 ;;
            esac
        done; exit 1'
}

# limits FILE-TEXT: what Dovecot reads last; the daemon is started with it.
limits() {
    printf '%s\n' "$1" | host_run -i sh -c 'cat >/etc/dovecot/conf.d/99-test.conf; touch -d "1 minute ago" /etc/dovecot/conf.d/99-test.conf'
    host_service restart dovecot >/dev/null 2>&1
}

broken_imap() {
    check "$host_kind: imap-login: the port is open" port_answers 143
    check_same "$host_kind: imap-login: no greeting" '' "$(greeting 143)"
    check_match "$host_kind: imap-login: POP3 greets all the same" '^\+OK' "$(greeting 110)"
    check "$host_kind: imap-login: the log says why" until_true 20 host_log_has \
        'imap-login: Error: dovecot/imap-login: error while loading shared libraries: .*failed to map segment from shared object'
}

test_imap() {
    local output code before
    check_match "$host_kind: before: a session works" '^b OK' "$(imap_session)"
    limits 'service imap-login {
  vsz_limit = 2M
}'
    broken_imap
    before=$(host_snapshot /etc)
    output=$(host_run mailfix diagnose 2>&1)
    code=$?
    check_same "$host_kind: diagnose: exit 6" 6 "$code"
    check_match "$host_kind: diagnose: names the fix" '^login-memory \(' "$output"
    check_match "$host_kind: diagnose: the repair" 'mailfix apply login-memory ' "$output"
    output=$(host_run mailfix apply login-memory -y 2>&1)
    code=$?
    check_same "$host_kind: imap-login: apply without parameters: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: imap-login: proven" '^Changed and verified; kept as transaction ' "$(last_line "$output")"
    check_match "$host_kind: imap-login: in effect" '^512 ?M$' "$(limit_of imap-login)"
    check_same "$host_kind: imap-login: nothing else got a limit" 1 "$(host_run sh -c 'grep -r "^ *vsz_limit" /etc/dovecot | wc -l')"
    check_match "$host_kind: imap-login: a session works" '^b OK' "$(imap_session)"
    check_match "$host_kind: imap-login: again" '^Already so' "$(host_run mailfix apply login-memory service=imap-login -y 2>&1)"
    # The log still names the service, and the fault is over: anybody could have written that line.
    check_match "$host_kind: imap-login: the log alone" '^mailfix: login-memory needs service=VALUE' "$(host_run mailfix apply login-memory -y 2>&1)"
    check_match "$host_kind: imap-login: the page's 64 lowers nothing" '^Already so' \
        "$(host_run mailfix apply login-memory service=imap-login size=64 -y 2>&1)"
    output=$(host_run mailfix rollback -y 2>&1)
    check_same "$host_kind: imap-login: rollback: exit 0" 0 $?
    check_same "$host_kind: imap-login: rollback: the identical tree" "$before" "$(host_snapshot /etc)"
    check_same "$host_kind: imap-login: rollback: the old failure" '' "$(greeting 143)"
}

# 8M is enough for the process and too little for its TLS library, which the log tells in other words. Here it is a file of Dovecot's
# own, which is where apply finds both services and looks whether the fault stays away.
test_both() {
    local output code before page=''
    ! takes_old_name || page='
login_process_size = 8'
    limits "log_path = /var/log/dovecot.log
service imap-login {
  vsz_limit = 2M
}
service pop3-login {
  vsz_limit = 8M
}$page"
    check_same "$host_kind: both: no IMAP greeting" '' "$(greeting 143)"
    check_same "$host_kind: both: no POP3 greeting" '' "$(greeting 110)"
    check "$host_kind: both: the log says why" until_true 20 host_run grep -E /var/log/dovecot.log -e \
        "pop3-login: Error: .*(Couldn't load required plugin|error while loading shared libraries).*failed to map segment from shared object"
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply login-memory -y 2>&1)
    code=$?
    check_same "$host_kind: both: apply without parameters: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: both: imap-login's limit" '^512 ?M$' "$(limit_of imap-login)"
    check_match "$host_kind: both: pop3-login's limit" '^512 ?M$' "$(limit_of pop3-login)"
    check_match "$host_kind: both: POP3 greets" '^\+OK' "$(greeting 110)"
    check_match "$host_kind: both: a session works" '^b OK' "$(imap_session)"
    output=$(host_run mailfix rollback -y 2>&1)
    check_same "$host_kind: both: rollback: exit 0" 0 $?
    check_same "$host_kind: both: rollback: the identical tree" "$before" "$(host_snapshot /etc)"
    check_same "$host_kind: both: rollback: the old failure" '' "$(greeting 143)$(greeting 110)"
}

# Debian has no Dovecot 1.x any more. A program that answers as 1.0 does stands in for it: what it is asked, and what is made of that.
test_1_x() {
    host_service stop dovecot >/dev/null 2>&1
    host_run -i sh -c 'cat >/root/dovecot && chmod 755 /root/dovecot' <<'END'
#!/bin/sh
case $1 in
--version) echo 1.0.7 ;;
-n) echo '# /etc/dovecot.conf' ;;
-a) printf '# /etc/dovecot.conf\nlogin_process_size: %s\nauth default:\n  mechanisms: plain\n' "$(cat /root/size)" ;;
esac
END
    # shellcheck disable=SC2016
    check "$host_kind: 1.x: a stand-in" host_run sh -c 'mv /etc/dovecot /root/dovecot-2 && mv "$(command -v doveconf)" /root/ &&
        printf "%s\n" "# login_process_per_connection you might need to grow this." "#login_process_size = 32" >/etc/dovecot.conf &&
        mount --bind /root/dovecot "$(command -v dovecot)" && echo 32 >/root/size'
    check_match "$host_kind: 1.x: the page's line" '^\+login_process_size = 64$' "$(host_run mailfix apply login-memory -n 2>&1)"
    host_run sh -c 'echo 64 >/root/size'
    check_match "$host_kind: 1.x: never lowered" '^Already so' "$(host_run mailfix apply login-memory size=64 -n 2>&1)"
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    host_run sh -c 'useradd -m anna && printf "anna:geheim\n" | chpasswd'
    check "$kind: port 143 answers at boot" until_true 20 port_answers 143
    test_imap
    test_both
    ! takes_old_name || test_1_x
    host_stop
done
finish
