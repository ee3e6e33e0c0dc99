#!/bin/bash
# Scenario: alias-shadow and alias-redirect on a real host. The account webmaster gets none of its mail, mail for support goes to the
# postmaster and mail for root to nobody who reads it. Where a message went is read in the mailboxes, by its subject. Both fixes go in
# one apply; the rollback gives the identical tree, and mail goes the old way again. What would lose mail is refused.
#
# MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

last_line() { printf '%s\n' "$1" | tail -n 1; }
redirects=(alias-redirect name=support to=webmaster to=anna alias-redirect name=root to=linux)

break_host() {
    host_run sh -c 'for name in webmaster linux anna; do useradd -m $name; done
        printf "%b\n" "postmaster: root" "www:\t\twebmaster" "webmaster:\troot" "support:\tpostmaster" "root: anna" >/etc/aliases
        newaliases
        postconf -e mailbox_command= home_mailbox='
    host_service restart postfix >/dev/null 2>&1
    until_true 20 smtp_starttls 25 >/dev/null
}

# The accounts that have a message with the subject, one line.
mailboxes() { host_run sh -c 'grep -lx "Subject: $1" /var/mail/* | sed s,.*/,, | sort | xargs' sh "$1"; }
arrived() { [ "$(mailboxes "$1")" = "$2" ] || { printf 'in: %s\n' "$(mailboxes "$1")"; return 1; }; }

# goes TAG NAME ACCOUNTS: a message to NAME through port 25 ends in exactly these mailboxes.
goes() {
    local subject="$1-$2"
    check "$host_kind: $1: mail to $2 is taken" host_run bash -c 'exec 3<>/dev/tcp/127.0.0.1/25
        answer() {
            while read -r -t 10 line <&3 && [ "${line:3:1}" = - ]; do :; done
            [[ $line == [23]* ]] || { echo "$line"; exit 1; }
        }
        answer
        for command in "EHLO client" "MAIL FROM:<sender@example.org>" "RCPT TO:<$1@localhost>" DATA "Subject: $2\r\n\r\nt\r\n." QUIT; do
            printf "%b\r\n" "$command" >&3
            answer
        done' bash "$2" "$subject"
    check "$host_kind: $1: mail to $2 is in the mailbox of $3" until_true 20 arrived "$subject" "$3"
}

goes_wrong() {
    goes "$1" webmaster anna
    goes "$1" support anna
    goes "$1" root anna
}

test_fixed() {
    local output code before
    before=$(host_snapshot /etc)
    output=$(host_run mailfix diagnose alias-shadow alias-redirect 2>&1)
    check_match "$host_kind: diagnose: a wish is no fault" '^No problem found \(2 fixes asked, [0-9]+ lines read from ' "$output"
    output=$(host_run mailfix apply alias-shadow -y 2>&1)
    code=$?
    check_same "$host_kind: no account named: exit 2" 2 "$code"
    check_match "$host_kind: no account named: the candidates" 'found here: webmaster\)' "$output"
    output=$(host_run mailfix apply alias-shadow account=webmaster "${redirects[@]}" -y 2>&1)
    code=$?
    check_same "$host_kind: apply: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: apply: proven" '^Changed and verified; kept as transaction ' "$(last_line "$output")"
    check_same "$host_kind: fixed: the text" \
        "$(printf '%s\n' 'postmaster: root' $'www:\t\twebmaster' $'#webmaster:\troot' $'#support:\tpostmaster' \
            $'support:\twebmaster, anna' '#root: anna' 'root: linux')" "$(host_run cat /etc/aliases)"
    check_exit 1 "$host_kind: fixed: the index has no webmaster" host_run sh -c 'postalias -q webmaster "$(postconf -h alias_database)"'
    goes fixed webmaster webmaster
    goes fixed www webmaster
    goes fixed support 'anna webmaster'
    goes fixed root linux
    check_match "$host_kind: again: nothing to do" '^Already so' \
        "$(host_run mailfix apply alias-shadow account=webmaster "${redirects[@]}" -y 2>&1)"
    output=$(host_run mailfix rollback -y 2>&1)
    code=$?
    check_same "$host_kind: rollback: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_same "$host_kind: rollback: the identical tree" "$before" "$(host_snapshot /etc)"
}

# refused NAME CODE REASON WORD...: an apply that ends so.
refused() {
    local what=$1 wanted=$2 reason=$3 output code
    shift 3
    output=$(host_run mailfix apply "$@" -y 2>&1)
    code=$?
    check_same "$host_kind: $what: exit $wanted" "$wanted" "$code"
    check_match "$host_kind: $what: why" "$reason" "$output"
}

test_refused() {
    local before
    before=$(host_snapshot /etc)
    refused 'a circle' 1 'would send mail in a circle' alias-redirect name=root to=www
    refused 'no account' 2 "'ghost' is not a value of to" alias-redirect name=support to=ghost
    refused 'root as account' 5 'must stay aliases' alias-shadow account=root
    put_back
    check_same "$host_kind: refused, put back: the identical tree" "$before" "$(host_snapshot /etc)"
}

# A second table that has no text here still answers for the account: only the running host can tell, and the change is put back.
put_back() {
    host_run sh -c 'echo "/^webmaster$/ linux" >/root/more-aliases
        cp -p /etc/postfix/main.cf /root/main.cf
        postconf -e "alias_maps=$(postconf -h alias_database), regexp:/root/more-aliases"'
    host_service reload postfix >/dev/null 2>&1
    refused 'another table answers' 3 'webmaster' alias-shadow account=webmaster
    host_run cp -p /root/main.cf /etc/postfix/main.cf
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    check "$kind: port 25 answers at boot" until_true 20 smtp_starttls 25
    break_host
    goes_wrong broken
    test_fixed
    goes_wrong back
    test_refused
    host_stop
done
finish
