# SPDX-License-Identifier: GPL-3.0-or-later
"""What each fix leaves to do on the hosts that the old page tells apart, in trees of their shape (--root, no fact init).

The page has a table of releases and commands, with another threshold for each service. Here what boots the tree and what units
and scripts it has decide: Fedora 15 ran systemd while these daemons had scripts still, so it is told systemctl, and chkconfig for
the start at boot.
"""
import os
import re
import shutil

from support import check, check_equal, copy_tree, execute, put_certificates, read, write

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixes")
UNIT = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=multi-user.target\n"
ONESHOT = UNIT.replace("[Service]\n", "[Service]\nType=oneshot\n")
DAEMONS = ("postfix", "dovecot", "sendmail")


def scripts(where):
    return {where + "/" + daemon: "#!/bin/sh\n" for daemon in DAEMONS}


def units(where, *more):
    return {"%s/%s.service" % (where, daemon): UNIT for daemon in DAEMONS + more}


RED_HAT = dict(scripts("etc/rc.d/init.d"), **{"etc/init.d": "-> rc.d/init.d", "etc/rc3.d": "-> rc.d/rc3.d",
               "etc/rc.d/rc3.d/S80sendmail": "-> ../init.d/sendmail", "sbin/chkconfig": "x"})

BY_SCRIPTS = {
    "reload postfix": "/etc/rc.d/init.d/postfix reload",
    "restart postfix": "/etc/rc.d/init.d/postfix restart",
    "start postfix": "/etc/rc.d/init.d/postfix start",
    "enable postfix": "chkconfig postfix on",
    "stop sendmail": "/etc/rc.d/init.d/sendmail stop",
    "disable sendmail": "chkconfig sendmail off",
    "restart dovecot": "/etc/rc.d/init.d/dovecot restart",
}

# What lies in the tree ("-> TARGET": a link), and the commands there.
SYSTEMS = {
    "CentOS 5": (dict(RED_HAT, **{"sbin/init": "x", "etc/inittab": "id:3:initdefault:\n"}), BY_SCRIPTS),
    "CentOS 6": (dict(RED_HAT, **{"sbin/init": "x", "sbin/initctl": "x", "etc/init/rc.conf": "x"}), BY_SCRIPTS),
    # Dovecot alone has a unit, which is why the page has another threshold for it (and says start, which does nothing to what runs).
    "Fedora 15": (dict(RED_HAT, **{"sbin/init": "-> ../bin/systemd", "bin/systemd": "x",
                                   "lib/systemd/system/dovecot.service": UNIT}), {
        "reload postfix": "systemctl reload postfix.service",
        "restart postfix": "systemctl restart postfix.service",
        "start postfix": "systemctl start postfix.service",
        "enable postfix": "chkconfig postfix on",
        "stop sendmail": "systemctl stop sendmail.service",
        "disable sendmail": "chkconfig sendmail off",
        "restart dovecot": "systemctl restart dovecot.service"}),
    "Fedora 16": (dict(units("lib/systemd/system", "sm-client"), **{"sbin/init": "-> ../bin/systemd", "bin/systemd": "x",
                       "sbin/chkconfig": "x", "etc/rc.d/init.d/netfs": "x"}), {
        "reload postfix": "systemctl reload postfix.service",
        "restart postfix": "systemctl restart postfix.service",
        "start postfix": "systemctl start postfix.service",
        "enable postfix": "systemctl enable postfix.service",
        "stop sendmail": "systemctl stop sendmail.service sm-client.service",
        "disable sendmail": "systemctl disable sendmail.service sm-client.service",
        "restart dovecot": "systemctl restart dovecot.service"}),
    # Its postfix.service only wraps the instance that is the daemon; its sendmail has a script and no unit.
    "Debian 12": (dict(scripts("etc/init.d"), **{
                  "sbin": "-> usr/sbin", "lib": "-> usr/lib", "usr/sbin/init": "-> /lib/systemd/systemd",
                  "usr/lib/systemd/systemd": "x", "usr/sbin/update-rc.d": "x",
                  "usr/lib/systemd/system/postfix.service": ONESHOT, "usr/lib/systemd/system/postfix@.service": UNIT,
                  "usr/lib/systemd/system/dovecot.service": UNIT}), {
        "reload postfix": "systemctl reload postfix@-.service",
        "restart postfix": "systemctl restart postfix@-.service",
        "start postfix": "systemctl start postfix@-.service postfix.service",
        "enable postfix": "systemctl enable postfix.service",
        "stop sendmail": "systemctl stop sendmail.service",
        "disable sendmail": "update-rc.d sendmail disable",
        "restart dovecot": "systemctl restart dovecot.service"}),
    "Alpine": (dict(scripts("etc/init.d"), **{
               "sbin/init": "-> /bin/busybox", "bin/busybox": "x", "sbin/openrc": "x", "sbin/openrc-run": "x",
               "etc/inittab": "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\n",
               "etc/runlevels/default/sendmail": "-> /etc/init.d/sendmail"}), {
        "reload postfix": "rc-service postfix reload",
        "restart postfix": "rc-service postfix restart",
        "start postfix": "rc-service postfix start",
        "enable postfix": "rc-update add postfix default",
        "stop sendmail": "rc-service sendmail stop",
        "disable sendmail": "rc-update del sendmail default",
        "restart dovecot": "rc-service dovecot restart"}),
}

# The case of tests/fixes whose files and parameters they are, and what is done afterwards.
FIXES = {
    "sdbm-cache/page-line": ["restart postfix"],
    "isp-relay/page": ["postmap hash:/etc/postfix/transport", "reload postfix"],
    "submission-port/page": ["reload postfix"],
    "smtps-port/page": ["reload postfix"],
    "enforce-tls/page": ["reload postfix"],
    "alias-shadow/page": ["postalias hash:/etc/aliases"],
    "alias-redirect/page-support": ["postalias hash:/etc/aliases"],
    "login-memory/page": ["restart dovecot"],
    "mta-conflict/by-hand": ["stop sendmail", "disable sendmail", "enable postfix", "start postfix"],
    "missing-table-type/with-cache": None,  # only advises
}


def make_tree(host, case, files):
    shutil.rmtree(host.tree)
    copy_tree(os.path.join(case, "in"), host.tree)
    put_certificates(case, host.tree)
    os.makedirs(host.path("var/lib"), exist_ok=True)
    for path, text in files.items():
        os.makedirs(os.path.dirname(host.path(path)), exist_ok=True)
        if text.startswith("-> "):
            os.symlink(text[3:], host.path(path))
        else:
            write(host.path(path), text, 0o755)
    facts = re.sub(rb"(?m)^init = .*\n", b"", read(os.path.join(case, "facts")))
    write(host.facts, facts)


def planned(text):
    """The commands that a dry run tells ("then: restart postfix: COMMAND"); indexes come first."""
    return [m[1] or "%s %s" % (m[3], m[2]) for m in
            re.finditer(r"(?m)^then: (?:(?:reload|restart|start|stop|enable|disable) \S+: (.*)|rebuild (\S+) with (\S+))$", text)]


def left(text):
    return re.findall(r"(?m)^left to do: on the running host: (.*)$", text)


def test_services_page_table(host):
    for case, actions in FIXES.items():
        place = os.path.join(CASES, case)
        fix = case.split("/")[0]
        args = read(os.path.join(place, "args")).decode().split() if os.path.exists(os.path.join(place, "args")) else []
        for system, (files, table) in SYSTEMS.items():
            what = "%s on %s" % (fix, system)
            make_tree(host, place, files)
            wanted = [table.get(action, action) for action in actions or []]
            dry = execute(host.argv("apply", fix, *args, "-n"))
            done = execute(host.argv("apply", fix, *args, "-y"))
            for result in (dry, done):
                check_equal(result.code, 5 if actions is None else 0, "exit, %s (%s)" % (what, result.errtext))
            # Where no file changes all of it is left to do, and both say so.
            acts_only = fix == "mta-conflict"
            check_equal((left if acts_only else planned)(dry.outtext), wanted, "the dry run, " + what)
            check_equal(left(done.outtext), wanted, "left to do, " + what)


def test_services_not_told(host):
    """The image of a container: scripts lie about, and nothing that would run them."""
    place = os.path.join(CASES, "sdbm-cache/page-line")
    make_tree(host, place, scripts("etc/init.d"))
    got = execute(host.argv("apply", "sdbm-cache", "type=btree", "path=keep", "-n"))
    check("\nthen: restart postfix\n" in got.outtext, got.outtext)
