#!/bin/bash
# Scenario: indexes of tables on a real host. A table changes its type and its index changes with it, in the same moment; a table that
# had no index gets one; aliases that were edited are rebuilt; a text that is missing stops everything before anything is changed. Each
# is rolled back to the identical tree. An entry is edited in tables of each type that has an index (cdb and lmdb, too), and the daemons see it without
# a reload; of a large one the index is made from a copy. A build that is interrupted, runs out of space or is not whole (here the
# host's postmap is a fake that takes an entry out again) leaves the old index in use.
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
    put_fix zz-test-entry <<'FIX'
edit      map smtpd_client_restrictions
  each    entry 127.0.0.1
  value   REJECT words new
FIX
    put_fix zz-test-access-btree <<'FIX'
edit      main.cf
  each    table with parameter=smtpd_client_restrictions
  replace ^hash:
  with    btree:
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

# The packages of two table types, as tests/hosts/tree fetched them; other releases than Debian 12 have the types installed.
table_types() {
    local packages package
    packages=$(host_tree systemd)/var/cache/rivals
    for package in "$packages"/postfix-{lmdb,cdb}/*.deb; do
        [ ! -e "$package" ] || dpkg-deb -x "$package" "$1" || return
    done
    for directory in bin sbin lib; do # merged in the host
        [ -d "$1/$directory" ] || continue
        mkdir -p "$1/usr/$directory"
        cp -a "$1/$directory/." "$1/usr/$directory/"
        rm -r "${1:?}/$directory"
    done
    chmod 755 "$1"
    mkdir -p "$1/etc/postfix/dynamicmaps.cf.d"
    for package in lmdb cdb; do
        [ ! -e "$1/usr/lib/postfix/postfix-$package.so" ] ||
            printf '%s\tpostfix-%s.so\tdict_%s_open\tmkmap_%s_open\n' $package $package $package $package \
                >"$1/etc/postfix/dynamicmaps.cf.d/$package.cf"
    done
    rm -rf "$1/usr/share"
}

# What smtpd says to this host, which it turns away by a table; the process stays and has the table open.
turned_away() {
    host_run bash -c 'exec 3<>/dev/tcp/127.0.0.1/25; printf "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<root>\r\nQUIT\r\n" >&3
        grep -ao "words [a-z]*" <&3 | head -n 1'
}

# use_table TYPE RECORDS: the table of smtpd, secret, with its index.
use_table() {
    host_run sh -c 'awk -v n="$2" "BEGIN { print \"127.0.0.1 REJECT words old\"; for (i = 1; i < n; i++)
                print \"customer\" i \".example.com reject\" }" >/etc/postfix/access
        touch -d "1 minute ago" /etc/postfix/access; chmod 600 /etc/postfix/access; rm -f /etc/postfix/access.*
        postmap "$1:/etc/postfix/access" && postconf -e "smtpd_client_restrictions=check_client_access $1:/etc/postfix/access"
        postfix reload; touch -d "1 minute ago" /etc/postfix/main.cf' sh "$1" "$2" 2>/dev/null
}

reloads() { host_log 2>/dev/null | grep -c 'reload -- version'; }

test_each_type() {
    local before type count
    for type in hash lmdb cdb; do # btree: test_other_type
        use_table $type 3
        until_true 10 test "$(turned_away)" = 'words old'
        check_same "$host_kind: $type: turned away by the old table" 'words old' "$(turned_away)"
        before=$(host_snapshot /etc)
        count=$(reloads)
        apply zz-test-entry
        check_same "$host_kind: $type: by the new one" 'words new' "$(turned_away)"
        check_same "$host_kind: $type: without a reload" "$count" "$(reloads)"
        check_same "$host_kind: $type: the index is as secret as the text" '600' "$(host_run sh -c 'stat -c %a /etc/postfix/access.*')"
        if [ $type = cdb ]; then # of which the same text makes the same bytes
            rollback "an entry of $type" "$before"
        else
            host_run postmap $type:/etc/postfix/access
            rollback "an entry of $type, its index built again by hand" "$before"
            check_match "$host_kind: $type: which is kept" '/edited/' "$(host_run sh -c 'ls -d /var/lib/mailfix/txn/*-zz-test-entry/edited/*')"
        fi
        check_same "$host_kind: $type: and by the old one" 'words old' "$(turned_away)"
    done
}

# An entry that only the index has is an edit; so is one of the text.
test_edited_index() {
    local edit
    for edit in 'echo "x.example REJECT" | postmap -i hash:/etc/postfix/access' \
        'echo "x.example REJECT" >>/etc/postfix/access; postmap hash:/etc/postfix/access'; do
        use_table hash 3
        apply zz-test-entry
        host_run sh -c "$edit"
        check_exit 4 "$host_kind: $edit: a person must look" host_run mailfix rollback -y
        check_same "$host_kind: $edit: it stays" REJECT "$(host_run postmap -q x.example hash:/etc/postfix/access)"
        check_exit 0 "$host_kind: $edit: with --force" host_run mailfix rollback -y --force
    done
}

# Entries of an index, whatever their order.
entries() { host_run sh -c 'postmap -s "$1" | sort | sha256sum' sh "$1"; }

test_large() {
    local output type
    for type in hash lmdb; do
        use_table $type 60000
        output=$(host_run mailfix -v apply zz-test-entry -y 2>&1)
        check_match "$host_kind: large $type: from a copy" '^1 entries of its copy were changed, 0 taken out' "$output"
        host_run sh -c 'cp /etc/postfix/access /tmp/access; postmap "$1:/tmp/access"' sh $type
        check_same "$host_kind: large $type: as if it had been built" "$(entries "$type:/tmp/access")" "$(entries "$type:/etc/postfix/access")"
        host_run mailfix rollback -y >/dev/null 2>&1
        [ $type = hash ] || continue
        # A copy of an index that is not whole would carry that on.
        host_run sh -c 'postmap -d customer7.example.com "$1:/etc/postfix/access"; touch /etc/postfix/access.*' sh $type
        host_run mailfix apply zz-test-entry -y >/dev/null 2>&1
        check_same "$host_kind: large $type: built, because it lacked one" "$(entries "$type:/tmp/access")" \
            "$(entries "$type:/etc/postfix/access")"
        host_run mailfix rollback -y >/dev/null 2>&1
    done
}

# refused WHAT WHY: an apply that ended in $output and $code before anything was changed.
refused() {
    check_same "$host_kind: $1: exit 1" 1 "$code"
    check_match "$host_kind: $1: why" "$2" "$output"
    check_same "$host_kind: $1: the last line" 'Nothing was changed.' "$(last_line "$output")"
    check_same "$host_kind: $1: nothing touched" "$before" "$(host_snapshot /etc)"
    check_same "$host_kind: $1: no leftovers" '' "$(host_run find /var/lib/mailfix/txn -name '.new-*')"
    check_same "$host_kind: $1: the old index is in use" 'words old' "$(turned_away)"
}

test_builds_that_fail() {
    local before output code pid
    use_table hash 300000
    before=$(host_snapshot /etc)
    host_run mailfix apply zz-test-access-btree -y >"$host_dir/apply" 2>&1 &
    pid=$!
    until_true 60 grep -q '^building the index' "$host_dir/apply"
    until_true 20 host_run pidof postmap
    host_run sh -c 'kill -INT $(pidof mailfix)'
    wait $pid
    code=$?
    output=$(cat "$host_dir/apply")
    refused interrupted 'btree:/etc/postfix/access cannot be built: interrupted'
    check_exit 1 "$host_kind: interrupted: postmap is gone" host_run pidof postmap

    host_run mount -t tmpfs -o size=4m,mode=700 tmpfs /var/lib/mailfix
    output=$(host_run mailfix apply zz-test-access-btree -y 2>&1)
    code=$?
    refused 'full disk' 'No space left on device|cannot be built'
    host_run umount /var/lib/mailfix

    use_table hash 3
    before=$(host_snapshot /etc)
    host_run sh -c 'mv /usr/sbin/postmap /usr/sbin/postmap.real
        printf "#!/bin/sh\n/usr/sbin/postmap.real \"\$@\" || exit\n[ \"\$1\" != -o ] || /usr/sbin/postmap.real -d customer1.example.com \"\$2\"\n" \
            >/usr/sbin/postmap; chmod 755 /usr/sbin/postmap'
    output=$(host_run mailfix apply zz-test-entry -y 2>&1)
    code=$?
    host_run mv /usr/sbin/postmap.real /usr/sbin/postmap
    refused 'not whole' 'it has 2 entries, and /etc/postfix/access has 3; it is not whole'
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

types=$(mktemp -d)
table_types "$types" || fail 'the packages of table types can be unpacked'
for kind in ${MAILFIX_TEST_KINDS:-systemd}; do
    host_start "$kind" "$types"
    host_run ldconfig
    check "$kind: port 25 answers at boot" until_true 20 smtp_starttls 25
    prepare
    test_other_type
    test_new_index
    test_no_text
    test_aliases
    test_each_type
    test_edited_index
    test_large
    test_builds_that_fail
    rm -f "${fixes[@]}"
    host_stop
done
rm -rf "$types"
finish
