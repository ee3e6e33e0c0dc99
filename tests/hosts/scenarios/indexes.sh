#!/bin/bash
# Scenario: indexes of tables on a real host. A table changes its type and its index changes with it, in the same moment; a table that
# had no index gets one; aliases that were edited are rebuilt; a text that is missing stops everything before anything is changed. Each
# is rolled back to the identical tree.
#
# MAILFIX_TEST_KINDS: "systemd" unless set.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

last_line() { printf '%s\n' "$1" | tail -n 1; }

# put_fix NAME <STANZAS: a fix in the installed directory, which the host sees; the prefix is the tests' own.
put_fix() {
    { printf 'fix       %s\ntitle     For the host tests\ntitle.ja  試験用\neffect    noise\n\n' "$1"; cat; } \
        >"$MAILFIX_PREFIX/share/mailfix/fixes/$1.fix"
    fixes+=("$MAILFIX_PREFIX/share/mailfix/fixes/$1.fix")
}

fixes=()
apply() {
    local output code
    output=$(host_run mailfix apply "$1" -y 2>&1)
    code=$?
    check_same "$host_kind: $1: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_match "$host_kind: $1: kept" '^Changed and verified; kept as transaction ' "$(last_line "$output")"
}

rollback() {
    local output code
    output=$(host_run mailfix rollback -y 2>&1)
    code=$?
    check_same "$host_kind: rollback of $1: exit 0" 0 "$code"
    [ "$code" = 0 ] || printf '%s\n' "$output"
    check_same "$host_kind: rollback of $1: the identical tree" "$2" "$(host_snapshot /etc)"
}

# The daemon itself looks the transport up: a bounce of its own makes trivial-rewrite read the table.
transport_of() { host_run sendmail -bv "$1" >/dev/null 2>&1; host_run postmap -q "$1" "$2"; }

prepare() {
    host_run sh -c 'printf "a.example smtp:[127.0.0.1]:2525\n" >/etc/postfix/transport
        chown nobody:mail /etc/postfix/transport; chmod 640 /etc/postfix/transport
        printf "b.example error:no\n" >/etc/postfix/relays
        postmap -o hash:/etc/postfix/transport && postconf -e transport_maps=hash:/etc/postfix/transport && postfix reload
        touch -d "1 minute ago" /etc/postfix/main.cf' 2>/dev/null
    put_fix zz-test-other-type <<'FIX'
edit      main.cf
  each    table with parameter=transport_maps
  replace ^hash:
  with    btree:
FIX
    put_fix zz-test-other-table <<'FIX'
edit      main.cf
  each    setting transport_maps
  value   hash:/etc/postfix/relays
FIX
    put_fix zz-test-no-text <<'FIX'
edit      main.cf
  each    setting transport_maps
  value   hash:/etc/postfix/nowhere
FIX
    put_fix zz-test-aliases-again <<'FIX'
after     rebuild main.cf table with parameter=alias_maps
after     flush postfix
FIX
}

test_other_type() {
    local before
    before=$(host_snapshot /etc)
    check_match "$host_kind: other type: the plan says so" '^then: rebuild btree:/etc/postfix/transport with postmap' \
        "$(host_run mailfix apply zz-test-other-type -n)"
    apply zz-test-other-type
    check_same "$host_kind: other type: the index is there" 'smtp:[127.0.0.1]:2525' "$(transport_of a.example btree:/etc/postfix/transport)"
    check_same "$host_kind: other type: owner and mode of the text" 'nobody mail 640' \
        "$(host_run stat -c '%U %G %a' /etc/postfix/transport.db)"
    rollback 'another type' "$before"
    check_same "$host_kind: other type: the old index works" 'smtp:[127.0.0.1]:2525' "$(transport_of a.example hash:/etc/postfix/transport)"
}

test_new_index() {
    local before
    before=$(host_snapshot /etc)
    apply zz-test-other-table
    check_same "$host_kind: new index: it works" 'error:no' "$(transport_of b.example hash:/etc/postfix/relays)"
    rollback 'a new index' "$before"
    check_exit 1 "$host_kind: new index: it is gone" host_run test -e /etc/postfix/relays.db
}

test_no_text() {
    local before output code
    before=$(host_snapshot /etc)
    output=$(host_run mailfix apply zz-test-no-text -y 2>&1)
    code=$?
    check_same "$host_kind: no text: exit 1" 1 "$code"
    check_match "$host_kind: no text: why" 'there is no text file /etc/postfix/nowhere' "$output"
    check_same "$host_kind: no text: the last line" 'Nothing was changed.' "$(last_line "$output")"
    check_same "$host_kind: no text: nothing touched" "$before" "$(host_snapshot /etc)"
    check_same "$host_kind: no text: no leftovers" '' "$(host_run find /var/lib/mailfix/txn -name '.new-*')"
}

test_aliases() {
    local before
    check_match "$host_kind: aliases: fresh ones are left" '^Already so' "$(host_run mailfix apply zz-test-aliases-again -y 2>&1)"
    host_run sh -c 'touch -d "10 minutes ago" /etc/aliases.db; echo "somebody: root" >>/etc/aliases'
    before=$(host_snapshot /etc)
    apply zz-test-aliases-again
    check_same "$host_kind: aliases: rebuilt by postalias" root "$(host_run postalias -q somebody hash:/etc/aliases)"
    host_run newaliases
    check_exit 4 "$host_kind: aliases: rebuilt by hand since: a person must look" host_run mailfix rollback -y
    check_exit 0 "$host_kind: aliases: with --force" host_run mailfix rollback -y --force
    check_same "$host_kind: aliases: the identical tree" "$before" "$(host_snapshot /etc)"
}

for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind"
    check "$kind: port 25 answers at boot" until_true 20 smtp_starttls 25
    prepare
    test_other_type
    test_new_index
    test_no_text
    test_aliases
    rm -f "${fixes[@]}"
    host_stop
done
finish
