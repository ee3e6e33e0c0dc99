#!/bin/bash
# Scenario: the lenses read what Debian 12 ships and what Postfix itself reads, and see the same. Every main.cf and master.cf of the
# package must parse; for a main.cf with odd forms the tree's settings in effect are compared with `postconf -n`, and for
# the host's master.cf the services and options with `postconf -M` and `postconf -P`. The same with Dovecot's files and doveconf. One
# host, the daemons matter not.

set -u
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_mailfix

host_start sysv

for file in /usr/share/postfix/main.cf.dist /usr/share/postfix/main.cf.debian /usr/share/postfix/main.cf.tls /etc/postfix/main.cf; do
    check "parses: $file" host_run mailfix tree "$file" --as main.cf
done
for file in /usr/share/postfix/master.cf.dist /etc/postfix/master.cf /etc/postfix/master.cf.proto; do
    check "parses: $file" host_run mailfix tree "$file" --as master.cf
done

# Names and values in effect, white space folded, as the tree has them.
tree_settings() {
    host_run mailfix tree /root/odd/main.cf | python3 -c '
import re, sys
value = {}
for line in sys.stdin:
    span, path, text = line.rstrip("\n").split("\t", 2)
    m = re.fullmatch(r"/setting\[\d+\](/value\[\d+\])?", path)
    if m and not m.group(1):
        name = text
        value[name] = ""
    elif m:
        value[name] = (value[name] + " " + text).strip()
for name in sorted(value):
    print(name, "=", " ".join(re.sub(r"\\x[0-9a-f]{2}", " ", value[name]).split()))'
}

host_run -i sh -c 'mkdir -p /root/odd && cat >/root/odd/main.cf && cp /etc/postfix/master.cf /root/odd/ && touch -d "1 minute ago" /root/odd/*' <<'ODD'
  # white space before the first line, and a comment with it

biff = no
mynetworks = 127.0.0.0/8
# a comment inside a folded value

	10.0.0.0/8
    # and one more
  192.0.2.0/24
myhostname=mail.example.test
relayhost
  = [relay.example.test]:587
mydestination = #odd, localhost
biff=yes
smtpd_banner = $myhostname ESMTP = {x}
compatibility_level = 3.6
transport_maps =
  inline:{ { a = b }, c=d }
recipient_delimiter = +
virtual_alias_maps =
ODD
check_same 'main.cf: the same settings as postconf -n' \
    "$(host_run postconf -c /root/odd -n 2>/dev/null | grep -v '^config_directory' | sed 's/[[:space:]]\{1,\}/ /g; s/ $//' | sort)" \
    "$(tree_settings | sed 's/ $//' | sort)"

check_same 'master.cf: the same services as postconf -M' \
    "$(host_run postconf -M | awk '{print $1 "/" $2, $8}' | sort)" \
    "$(host_run mailfix tree /etc/postfix/master.cf | awk -F'\t' '
        $2 ~ /^\/service\[[0-9]+\]$/ {name = $3} $2 ~ /^\/service\[[0-9]+\]\/type/ {type = $3}
        $2 ~ /^\/service\[[0-9]+\]\/command/ {print name "/" type, $3}' | sort)"
check_same 'master.cf: the same options as postconf -P' \
    "$(host_run postconf -P | sed 's/ = /=/; s/ *$//' | sort)" \
    "$(host_run mailfix tree /etc/postfix/master.cf | awk -F'\t' '
        $2 ~ /^\/service\[[0-9]+\]$/ {name = $3} $2 ~ /^\/service\[[0-9]+\]\/type/ {type = $3}
        $2 ~ /^\/service\[[0-9]+\]\/option\[[0-9]+\]$/ {option = $3}
        $2 ~ /^\/service\[[0-9]+\]\/option\[[0-9]+\]\/value/ {print name "/" type "/" option "=" $3}' | sort)"
check 'parses: /etc/aliases' host_run mailfix tree aliases
for file in $(host_run sh -c 'find /etc/dovecot /usr/share/dovecot -name "*.conf" -o -name "*.conf.ext" -o -name "*.protocol"'); do
    check "parses: $file" host_run mailfix tree "$file" --as dovecot.conf
done

# The last line of each path in reading order, from the document with its includes.
cat >"$host_dir/settings.py" <<'PYTHON'
import json, sys
def name(node):
    return node["value"] + "".join("/" + n["value"] for n in under(node) if n["path"].rsplit("/", 1)[1].startswith("name["))
def under(node):
    return [n for n in nodes if n["file"] == node["file"] and n["path"].startswith(node["path"] + "/") and "/" not in n["path"][len(node["path"]) + 1:]]
nodes = json.load(sys.stdin)["nodes"]
value = {}
for node in nodes:
    if "/setting[" not in node["path"] or not node["path"].rsplit("/", 1)[1].startswith("setting["):
        continue
    parents = [n for n in nodes if n["file"] == node["file"] and node["path"].startswith(n["path"] + "/")]
    path = "/".join([name(n) for n in parents] + [node["value"]])
    value[path] = " ".join(n["value"] for n in under(node) if "/value[" in n["path"])
for path in sorted(value):
    if not any(c in value[path] for c in "$<") and not path.startswith(("passdb", "userdb", "namespace")):
        print(path, "=", value[path])
PYTHON
host_run sh -c 'printf "mail_debug = no\nprotocol imap {\n  mail_max_userip_connections = 20 # here\n}\nservice imap-login {\n  service_count = 0\n}\nmail_debug = \"yes\"\n" >/etc/dovecot/local.conf'
settings=$(host_run mailfix tree dovecot.conf --json | python3 "$host_dir/settings.py")
check 'dovecot.conf: some settings' test "$(printf '%s\n' "$settings" | wc -l)" -ge 6
check_same 'dovecot.conf: the same values as doveconf' \
    "$(printf '%s\n' "$settings" | sed 's/ = .*//' | while read -r path; do
        case $path in
            protocol/*) printf '%s = %s\n' "$path" "$(host_run doveconf -h -f "protocol=$(echo "$path" | cut -d/ -f2)" "${path##*/}" </dev/null)" ;;
            *) printf '%s = %s\n' "$path" "$(host_run doveconf -h "$path" </dev/null)" ;;
        esac
    done)" "$(printf '%s\n' "$settings" | tr -d '"')"
host_stop
finish
