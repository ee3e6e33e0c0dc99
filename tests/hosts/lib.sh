# shellcheck shell=bash
# tests/hosts/lib.sh: real hosts for scenario scripts (sourced, never run).
#
# A host is Debian (12 unless told) with postfix and dovecot, booted by systemd-nspawn with systemd or sysvinit as its PID 1 (the kind openrc has
# sysvinit, too, which runs OpenRC), on a private overlay over a tree from the cache (tests/hosts/tree), with a network namespace of
# its own that has only "lo". Nothing that happens inside reaches the machine or another host. A scenario reads like this:
#
#     set -u
#     . "$(dirname "$0")/../lib.sh"
#     host_start systemd
#     host_run postconf -e 'smtpd_tls_security_level = may'
#     check 'a TLS session works' smtp_starttls 25
#     finish
#
# Everything inside lives in one pid and one mount namespace whose first process dies with this shell (also by kill -9), so that
# no process and no mount can stay behind. What could is a temporary directory and an empty cgroup: host_stop removes them, also
# from an EXIT trap, and tests/hosts/run after a scenario that was killed with kill -9. Call host_start from the scenario's own
# shell, not from a subshell: the host ends with the shell that started it.
#
# Environment:
#     MAILFIX_PREFIX      an installed mailfix; it is mounted read-only at the same path inside, its bin and sbin come first in PATH
#     MAILFIX_TEST_NAME   a word for the names of cgroups (default mailfix-test-PID; tests/hosts/run sets it)
#     MAILFIX_TEST_CACHE  see tests/hosts/tree
#     MAILFIX_TEST_RELEASE  debian12 (default), debian13 or sid; the last two have the systemd kind only
#     TMPDIR              where the private layers live; overlayfs needs an ordinary file system there (ext4, xfs, btrfs, tmpfs)
#
# Limits: one host at a time for each shell. The root of a host is an overlay: rename of a directory that came with the tree fails
# with EXDEV, as overlayfs has it, and an overlay inside the host needs its upper directory on a tmpfs. A command from host_run has
# all capabilities of root in its namespaces, also those that nspawn takes from services. The cgroup code was tried with the
# hybrid layout of cgroup v1; with plain cgroup v2 it is by the book only.

hosts_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

host_kind=          # systemd, sysv or openrc
host_leader=        # pid, seen from outside, of PID 1 inside; empty when no host runs
host_dir=           # private directory: m (mount point), up and work (overlay), console (what nspawn and PID 1 printed)
host_outer=         # pid of the process that everything of the host hangs on
host_cgroup=        # name of the cgroup
host_namespaces=()  # its pid and mount namespaces, as /proc names them
host_left=          # what the last host_stop found behind
host_helpers=()     # pids of processes outside the pid namespace (occupy)
host_count=0
passed=0
failed=0

note() { printf '# %3d s: %s\n' "$SECONDS" "$*"; }

# ---- checks --------------------------------------------------------------------------------------------------------------------

# pass WHAT, fail WHAT [EVIDENCE]: count and print one check. The evidence goes below the line, each line behind "#". fail returns 1, so
# that "check_same ... || printf" shows more.
pass() { passed=$((passed + 1)); printf 'ok - %s\n' "$1"; }
fail() {
    failed=$((failed + 1))
    printf 'not ok - %s\n' "$1"
    [ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/#   /'
    return 1
}

# check WHAT CMD...: the command must succeed. Its output (both streams) is the evidence, shown when it fails. The command runs in
# a subshell: never check host_start, host_stop, host_crash, occupy or occupy_stop this way, they would lose what they remember.
check() {
    local what=$1 output rc=0
    shift
    output=$("$@" 2>&1) || rc=$?
    if [ $rc = 0 ]; then pass "$what"; else fail "$what" "exit $rc from: $*"$'\n'"$output"; fi
}

# check_exit RC WHAT CMD...: the command must end with exactly this exit code.
check_exit() {
    local want=$1 what=$2 output rc=0
    shift 2
    output=$("$@" 2>&1) || rc=$?
    if [ $rc = "$want" ]; then pass "$what"; else fail "$what" "exit $rc, not $want, from: $*"$'\n'"$output"; fi
}

# check_same WHAT WANTED GOT: two texts must be equal. The evidence is their difference.
check_same() {
    local difference
    if difference=$(diff -u --label wanted <(printf '%s\n' "$2") --label got <(printf '%s\n' "$3")); then
        pass "$1"
    else
        fail "$1" "$difference"
    fi
}

# check_match WHAT REGEX TEXT: some line of the text must match the extended regular expression. The evidence is the text's end.
check_match() {
    if printf '%s\n' "$3" | grep -Eq -e "$2"; then
        pass "$1"
    else
        fail "$1" "no line matches: $2"$'\n'"$(printf '%s\n' "$3" | tail -n 30)"
    fi
}

# until_true SECONDS CMD...: repeat a command until it succeeds, silently. When it has not within that time, it gets a last try
# whose output is shown.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -gt $end ]; then
            "$@"
            return
        fi
        sleep 0.1
    done
}

# skip WHY: end a scenario that cannot run here (exit code 77). need_mailfix: skip unless there is an installed mailfix to test.
skip() {
    printf 'skipped: %s\n' "$1"
    exit 77
}
need_mailfix() {
    [ -x "${MAILFIX_PREFIX:-/nonexistent}/bin/mailfix" ] || [ -x "${MAILFIX_PREFIX:-/nonexistent}/sbin/mailfix" ] ||
        skip 'MAILFIX_PREFIX names no prefix with an installed mailfix'
}

# finish: the last command of a scenario. Prints the totals; the exit code is 0 only when something was checked and nothing failed.
finish() {
    host_stop || fail 'the host left nothing behind' "$host_left"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

# ---- start and stop ------------------------------------------------------------------------------------------------------------

# host_start systemd|sysv|openrc [DIR]: a fresh host, booted until its init system says that it is up. What DIR contains is put over the
# tree first (owners and modes of files and new directories as they are in DIR). Any failure ends the scenario with the console's
# last lines: nothing that follows would mean anything.
host_start() {
    host_create "$@"
    host_boot
}

# host_create systemd|sysv|openrc [DIR]: the layers of a host without booting it; host_boot then boots it (again, after host_crash).
host_create() {
    local kind=$1 extra=${2-} base
    [ -z "$host_dir" ] || host_stop
    base=$(host_tree "$kind")
    [ -d "$base" ] || host_die "no tree for $kind"
    host_kind=$kind
    host_count=$((host_count + 1))
    host_cgroup=${MAILFIX_TEST_NAME:-mailfix-test-$$}-$host_count
    host_dir=$(mktemp -d "${TMPDIR:-/tmp}/mailfix-host.XXXXXX")
    mkdir "$host_dir/m" "$host_dir/up" "$host_dir/work"
    chmod 755 "$host_dir" "$host_dir/up"
    printf '%s\n' "$base" >"$host_dir/base"
    [ -z "$extra" ] || tar -C "$extra" -c . >"$host_dir/extra.tar"
}

# host_tree KIND: the tree below a host of this kind.
host_tree() { "$hosts_dir/tree" "${MAILFIX_TEST_RELEASE:-debian12}-$1" | tail -n 1; }

# host_boot: boot the host that host_create made.
host_boot() {
    local bind=() since=$SECONDS
    [ -z "${MAILFIX_PREFIX-}" ] || bind=(--bind-ro="$MAILFIX_PREFIX")
    # The subshell moves into a cgroup of its own before it becomes the host: nspawn with --keep-unit works below its own cgroup.
    # unshare dies with this shell (pdeathsig), everything in its pid namespace with unshare (--kill-child).
    (
        host_enter_cgroup
        [ "$(host_systemd_version)" -lt 258 ] || export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        exec setsid setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
            bash -euc "$host_inside" host "$host_dir" "$(cat "$host_dir/base")" "$host_cgroup" "${bind[@]}"
    ) </dev/null >"$host_dir/console" 2>&1 &
    host_outer=$!
    until_true 20 host_find_leader || host_die "no PID 1 within 20 s"
    host_namespaces=("$(readlink "/proc/$host_leader/ns/pid")" "$(readlink "/proc/$host_leader/ns/mnt")")
    case $host_kind in
        systemd)
            until_true 30 test -S "/proc/$host_leader/root/run/dbus/system_bus_socket" || host_die "no bus within 30 s"
            host_run timeout 60 systemctl is-system-running --wait >>"$host_dir/console" 2>&1 ||
                host_die "systemd is not running: $(host_run systemctl --failed --no-legend --plain)"
            ;;
        sysv | openrc) until_true 60 test -e "/proc/$host_leader/root/run/booted" || host_die "$host_kind not up within 60 s" ;;
    esac
    note "$host_kind host is up after $((SECONDS - since)) s"
}

# The systemd in the tree, 0 without one. From 258 on it boots on plain cgroup v2 only, whatever the machine has.
host_systemd_version() {
    local version
    version=$(compgen -G "$(cat "$host_dir/base")/usr/lib/*/systemd/libsystemd-shared-*.so" | grep -oE '[0-9]+[^/]*\.so$')
    printf '%d\n' "${version%%[!0-9]*}"
}

# What runs first inside the mount and pid namespaces: mount the overlay, and stay as PID 1 of that namespace above nspawn.
# /run/systemd/nspawn is private so that nspawn leaves nothing on the machine.
# shellcheck disable=SC2016
host_inside='
    dir=$1 base=$2 name=$3
    shift 3
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/up,workdir=$dir/work" "$dir/m"
    if [ -e "$dir/extra.tar" ]; then
        tar -C "$dir/m" --no-overwrite-dir -xpf "$dir/extra.tar"
        rm "$dir/extra.tar"
    fi
    mkdir -p /run/systemd/nspawn
    mount -t tmpfs -o mode=755 tmpfs /run/systemd/nspawn
    systemd-nspawn -q -D "$dir/m" --boot --private-network --register=no --keep-unit --console=pipe \
        --resolv-conf=off --timezone=off --link-journal=no --machine="$name" --hostname=mail "$@"
    exit $?
'

# PID 1 inside: the grandchild of host_outer (unshare, bash, nspawn) that is the first in its pid namespace and has become init.
host_find_leader() {
    local shell nspawn child
    for shell in $(host_children "$host_outer"); do
        for nspawn in $(host_children "$shell"); do
            for child in $(host_children "$nspawn"); do
                case $(cat "/proc/$child/comm" 2>/dev/null) in
                    systemd | init)
                        grep -q '^NSpid:.*[[:space:]]1$' "/proc/$child/status" || continue
                        host_leader=$child
                        return 0
                        ;;
                esac
            done
        done
    done
    return 1
}

host_children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }

# Cgroup trees in which a host needs a place: those of the hybrid layout, or the only one of plain cgroup v2.
host_cgroup_trees() {
    local tree
    for tree in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ ! -e "$tree/cgroup.procs" ] || printf '%s\n' "$tree"
    done
    [ ! -e /sys/fs/cgroup/cgroup.procs ] || printf '%s\n' /sys/fs/cgroup
}

host_enter_cgroup() {
    local tree
    for tree in $(host_cgroup_trees); do
        mkdir -p "$tree/$host_cgroup"
        echo "$BASHPID" >"$tree/$host_cgroup/cgroup.procs"
    done
}

host_remove_cgroups() {
    local tree
    for tree in $(host_cgroup_trees); do
        [ ! -d "$tree/$host_cgroup" ] || find "$tree/$host_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
    done
}

# host_crash: the power goes. Every process of the host dies at once; its files stay for host_boot.
host_crash() {
    local pid
    for pid in "${host_helpers[@]}" $host_leader $host_outer; do
        kill -KILL "$pid" 2>/dev/null
    done
    [ -z "$host_outer" ] || wait "$host_outer" 2>/dev/null
    for pid in "${host_helpers[@]}"; do
        wait "$pid" 2>/dev/null
    done
    until_true 10 host_is_gone
    host_outer=
    host_leader=
    host_helpers=()
}

host_is_gone() { [ -z "$host_leader" ] || [ ! -e "/proc/$host_leader" ]; }

# host_stop: end the host and remove all that it was. Returns 1 when something stayed behind; host_left then says what. Harmless
# when no host runs. The host is not shut down politely: nothing of it will be read again.
host_stop() {
    [ -n "$host_dir" ] || return 0
    host_crash
    until_true 5 host_remove_cgroups || true
    rm -rf --one-file-system "$host_dir"
    host_left=$(host_leftovers)
    host_dir=
    [ -z "$host_left" ]
}

# host_leftovers: what there is of this host: its directory, mounts, processes, cgroups. After host_stop nothing.
host_leftovers() {
    local tree namespace
    [ ! -e "$host_dir" ] || printf 'directory %s\n' "$host_dir"
    grep -F "$host_dir" /proc/self/mountinfo | sed 's/^/mount /'
    for namespace in "${host_namespaces[@]}"; do
        find /proc/[0-9]*/ns -maxdepth 1 -lname "${namespace/\[/\\[}" -printf 'process in a namespace of the host: %h\n' 2>/dev/null
    done | sort -u
    for tree in $(host_cgroup_trees); do
        [ ! -d "$tree/$host_cgroup" ] || printf 'cgroup %s, processes: %s\n' "$tree/$host_cgroup" \
            "$(find "$tree/$host_cgroup" -name cgroup.procs -exec cat {} + | tr '\n' ' ')"
    done
}

host_die() {
    printf 'not ok - %s\n' "$*"
    [ ! -s "$host_dir/console" ] || tail -n 30 "$host_dir/console" | sed 's/^/#   /'
    printf '%d passed, %d failed\n' "$passed" $((failed + 1))
    exit 1
}

trap host_stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- inside the host -----------------------------------------------------------------------------------------------------------

# host_run [-i] CMD...: run a command inside as root, with a clean environment, in /root. Output, errors and exit code are the
# command's. Standard input is /dev/null, with -i the caller's.
#
# Logs: on systemd read them with host_log or host_run journalctl; elsewhere rsyslog writes /var/log/mail.log, as on a Debian host.
host_run() {
    local input=/dev/null path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    if [ "${1-}" = -i ]; then
        input=/dev/fd/0
        shift
    fi
    [ -z "${MAILFIX_PREFIX-}" ] || path=$MAILFIX_PREFIX/bin:$MAILFIX_PREFIX/sbin:$path
    nsenter -t "$host_leader" -m -u -i -n -p -C -r -w -- \
        env -i -C /root PATH="$path" HOME=/root LC_ALL=C.UTF-8 TERM=dumb "$@" <$input
}

# host_root: the root of the host seen from outside. An absolute symbolic link below it leads out of the host: only for reading
# and writing of plain files.
host_root() { printf '/proc/%s/root\n' "$host_leader"; }

# host_log: everything that was logged with the facility "mail", which is what postfix and dovecot use, oldest first.
host_log() {
    case $host_kind in
        systemd) host_run journalctl --no-pager -q -o short-iso SYSLOG_FACILITY=2 ;;
        sysv | openrc) host_run cat /var/log/mail.log ;;
    esac
}

# host_log_has REGEX: does the log have a line that matches? For until_true: log lines arrive when they please.
host_log_has() { host_log 2>/dev/null | grep -E -e "$1"; }

# host_service start|stop|restart|reload|status NAME: the service command of the host's own init.
host_service() {
    case $host_kind:$1 in
        systemd:status) host_run systemctl is-active "$2" ;;
        systemd:*) host_run systemctl "$1" "$2" ;;
        sysv:*) host_run "/etc/init.d/$2" "$1" ;;
        openrc:*) host_run rc-service "$2" "$1" ;;
    esac
}

# host_snapshot DIR...: a sorted manifest of directories inside: type, mode, owner, group, size, sha256 or link target, extended
# attributes (ACLs among them), path. No times: reading changes nothing in it, and equal snapshots mean equal trees.
host_snapshot() { host_run -i python3 - "$@" <"$hosts_dir/snapshot.py"; }

# smtp_starttls PORT: one SMTP session with STARTTLS on 127.0.0.1 inside; succeeds when TLS came up and the server took QUIT.
smtp_starttls() {
    local output
    # shellcheck disable=SC2016
    output=$(host_run sh -c '(sleep 0.3; printf "QUIT\r\n"; sleep 0.3) |
        timeout 30 openssl s_client -starttls smtp -connect "127.0.0.1:$1" -brief -ign_eof 2>&1' sh "$1")
    printf '%s\n' "$output"
    printf '%s\n' "$output" | grep -q '^Protocol version: TLS' && printf '%s\n' "$output" | grep -q '^221 '
}

# stranger: gives the host an address from which talk can come. talk PORT: what a mail program from there is offered, one line
# (talk.py). The host's python has no smtplib, so it runs outside, in the host's network. offers PORT LINE: is it just that?
stranger() { host_run ip address add 192.0.2.1/32 dev lo; }
talk() { nsenter -t "$host_leader" -n -- env -i PATH=/usr/bin:/bin timeout 20 python3 "$hosts_dir/talk.py" "$1"; }
offers() { [ "$(talk "$1")" = "$2" ] || { talk "$1"; false; }; }

# port_answers PORT: does something accept connections on 127.0.0.1 inside?
port_answers() { host_run bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"; }

# occupy PORT [SECONDS]: start a process that tries to take the port inside until it gets it, and keeps it (default 60 s). Returns
# at once; occupy_got waits until it has the port; occupy_stop ends it. One at a time.
occupy() {
    nsenter -t "$host_leader" -m -n -- env -i PATH=/usr/bin:/bin python3 - "$1" "${2:-60}" \
        <"$hosts_dir/occupy.py" >"$host_dir/occupy" 2>&1 &
    host_helpers+=($!)
}
occupy_got() { until_true "${1:-20}" grep -q 'got it' "$host_dir/occupy"; }
occupy_stop() {
    local pid=${host_helpers[-1]}
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    unset 'host_helpers[-1]'
}
