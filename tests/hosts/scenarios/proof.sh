#!/bin/bash
# Scenario: what a fix can ask of a running host as its proof, with real Postfix and Dovecot: capabilities before and behind STARTTLS,
# relaying refused to strangers, look-ups in tables, the programs' own checks. Each is a site fix whose proof holds or does not.
#
# The fixes are written to PREFIX/etc/mailfix/fixes, so PREFIX must be the suite's own.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

fixes=$MAILFIX_PREFIX/etc/mailfix/fixes
trap 'rm -rf "$MAILFIX_PREFIX/etc/mailfix"; host_stop' EXIT
mkdir -p "$fixes"

# proof EXIT WHAT REGEX: a fix whose proof is the stanzas on standard input ends so, and says so.
proof() {
    local output code
    {
        printf 'fix zz-proof\ntitle T\neffect noise\n\nedit main.cf\n  each setting biff\n  value yes\nafter reload postfix\n'
        cat
    } >"$fixes/zz-proof.fix"
    output=$(host_run mailfix apply zz-proof -y 2>&1)
    code=$?
    check_same "$2: exit $1" "$1" "$code"
    check_match "$2: says so" "$3" "$output"
    [ "$code" != 0 ] || host_run mailfix rollback -y >/dev/null 2>&1
}

host_start systemd
check 'port 25 answers at boot' until_true 20 smtp_starttls 25
host_run sh -c 'echo "postmaster: root" >/etc/aliases && postalias /etc/aliases && touch -d "1 minute ago" /etc/postfix/main.cf'

proof 0 'capabilities' '^Changed and verified' <<'END'
verify session smtp 25
  offers STARTTLS
  hides AUTH
  starttls
  offers PIPELINING
  hides STARTTLS
verify session imap 143
  offers IMAP4rev1
END
proof 3 'what must be hidden' 'offers STARTTLS before STARTTLS' <<'END'
verify session smtp 25
  hides STARTTLS
  starttls
END
proof 3 'what must be offered' 'does not offer AUTH over TLS' <<'END'
verify session smtp 25
  starttls
  offers AUTH
END
proof 0 'tables and checks' '^Changed and verified' <<'END'
verify lookup alias_maps Postmaster gives root
verify not lookup alias_maps nobody-at-all
verify check dovecot
verify check postfix
END
proof 3 'another answer' 'answers for postmaster: root' <<'END'
verify lookup alias_maps postmaster gives anna
END
proof 3 'no answer' 'no table of alias_maps answers for anna' <<'END'
verify lookup alias_maps anna
END
relay='verify session smtp 25
  starttls
  refuses relay'
proof 0 'relaying, asked from mynetworks only' 'left to do: .*127.0.0.1 may be in mynetworks' <<<"$relay"
host_run ip address add 192.0.2.1/32 dev lo
proof 0 'relaying is refused to a stranger' '^Changed and verified' <<<"$relay"
check_match 'a stranger asked' 'Relay access denied.*to=<mailfix@example.com>' "$(host_log)"
host_run sh -c 'postconf -e "smtpd_relay_restrictions = check_client_access static:OK, reject_unauth_destination" && touch -d "1 minute ago" /etc/postfix/main.cf && postfix reload' 2>/dev/null
proof 3 'an open relay' 'a foreign recipient is accepted' <<<"$relay"
finish
