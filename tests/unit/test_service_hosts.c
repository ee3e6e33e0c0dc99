/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which service manager is found in a tree of the shape of known releases, and the commands for it there.
 */
#include "unit.h"

#include "service_backend.h"

/* What a distribution has in its tree while it runs; its name plays no part. A directory ends in a slash, and
 * "LINK > TARGET" is a symbolic link. */
static void make_tree(const char *const file[], size_t n)
{
    for (size_t i = 0; i < n && file[i] != NULL; i++) {
        const char *path = file[i], *target = strstr(path, " > ");
        if (target != NULL)
            path = arena_copy(path, (size_t)(target - path));
        const char *slash = strrchr(path, '/');
        if (slash != NULL)
            unit_dirs(arena_copy(path, (size_t)(slash - path)));
        if (target != NULL)
            assert_int_equal(symlink(target + 3, unit_path(path)), 0);
        else if (slash[1] != '\0')
            unit_file(path, "");
    }
}

static void test_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host, *files[14];
        enum init_kind kind;
        const char *restart_postfix, *disable_sendmail, *reload_dovecot;
    } hosts[] = {
        {"CentOS 5: sysvinit",
         {"etc/rc.d/init.d/postfix", "etc/rc.d/init.d/dovecot", "etc/rc.d/init.d/sendmail", "etc/rc.d/rc3.d/",
          "etc/init.d > rc.d/init.d", "etc/rc3.d > rc.d/rc3.d",
          "etc/rc.d/rc3.d/S80sendmail > ../init.d/sendmail", "etc/inittab", "sbin/init", "sbin/service",
          "sbin/chkconfig", "usr/sbin/sendmail.postfix"},
         INIT_SYSV,
         "/etc/rc.d/init.d/postfix restart",
         "chkconfig sendmail off",
         "/etc/rc.d/init.d/dovecot reload"},
        {"CentOS 6: upstart, which runs the same scripts",
         {"etc/rc.d/init.d/postfix", "etc/rc.d/init.d/dovecot", "etc/rc.d/init.d/sendmail", "etc/rc.d/rc3.d/",
          "etc/init.d > rc.d/init.d", "etc/rc3.d > rc.d/rc3.d",
          "etc/rc.d/rc3.d/S80postfix > ../init.d/postfix", "etc/inittab", "etc/init/rc.conf", "sbin/init",
          "sbin/initctl", "sbin/service", "sbin/chkconfig"},
         INIT_SYSV,
         "/etc/rc.d/init.d/postfix restart",
         "chkconfig sendmail off",
         "/etc/rc.d/init.d/dovecot reload"},
        {"Fedora 15: systemd runs, the daemons still have scripts",
         {"run/systemd/system/", "etc/rc.d/init.d/postfix", "etc/rc.d/init.d/dovecot",
          "etc/rc.d/init.d/sendmail", "etc/init.d > rc.d/init.d", "bin/systemd", "sbin/init > ../bin/systemd",
          "lib/systemd/system/sshd.service", "sbin/service", "sbin/chkconfig"},
         INIT_SYSTEMD,
         "systemctl restart postfix.service",
         "systemctl disable sendmail.service",
         "systemctl reload dovecot.service"},
        {"Fedora 16: units of their own, and chkconfig for what has none",
         {"run/systemd/system/", "lib/systemd/system/postfix.service", "lib/systemd/system/dovecot.service",
          "lib/systemd/system/sendmail.service", "lib/systemd/system/sm-client.service",
          "etc/rc.d/init.d/netfs", "etc/init.d > rc.d/init.d", "bin/systemd", "sbin/init > ../bin/systemd",
          "sbin/service", "sbin/chkconfig"},
         INIT_SYSTEMD,
         "systemctl restart postfix.service",
         "systemctl disable sendmail.service",
         "systemctl reload dovecot.service"},
        {"Debian 12: units and scripts, systemd runs",
         {"run/systemd/system/", "lib > usr/lib", "usr/lib/systemd/system/postfix.service",
          "usr/lib/systemd/system/postfix@.service", "usr/lib/systemd/system/dovecot.service",
          "etc/init.d/postfix", "etc/init.d/dovecot", "etc/init.d/sendmail", "etc/rc3.d/",
          "etc/rc3.d/S01postfix > ../init.d/postfix", "usr/sbin/update-rc.d", "usr/sbin/service"},
         INIT_SYSTEMD,
         "systemctl restart postfix.service",
         "systemctl disable sendmail.service",
         "systemctl reload dovecot.service"},
        {"Debian 12: the same, booted by sysvinit",
         {"run/initctl", "lib > usr/lib", "usr/lib/systemd/system/postfix.service", "etc/init.d/postfix",
          "etc/init.d/dovecot", "etc/init.d/sendmail", "etc/rc3.d/",
          "etc/rc3.d/S01postfix > ../init.d/postfix", "etc/inittab", "usr/sbin/update-rc.d",
          "usr/sbin/invoke-rc.d", "usr/sbin/service"},
         INIT_SYSV,
         "/etc/init.d/postfix restart",
         "update-rc.d sendmail disable",
         "/etc/init.d/dovecot reload"},
        {"Devuan: sysvinit, with the units of Debian's packages",
         {"run/initctl", "lib/systemd/system/postfix.service", "etc/init.d/postfix", "etc/init.d/dovecot",
          "etc/init.d/sendmail", "etc/rc3.d/", "etc/rc3.d/S03postfix > ../init.d/postfix", "etc/inittab",
          "etc/init.d/rc", "usr/sbin/update-rc.d", "usr/sbin/invoke-rc.d", "usr/sbin/service"},
         INIT_SYSV,
         "/etc/init.d/postfix restart",
         "update-rc.d sendmail disable",
         "/etc/init.d/dovecot reload"},
        {"Devuan or Debian with OpenRC: sysvinit ran it, there are links of both kinds",
         {"run/initctl", "run/openrc/softlevel", "etc/init.d/postfix", "etc/init.d/dovecot",
          "etc/init.d/sendmail", "etc/rc3.d/", "etc/rc3.d/S03postfix > ../init.d/postfix",
          "etc/runlevels/default/postfix > /etc/init.d/postfix", "etc/inittab", "sbin/openrc",
          "sbin/openrc-run", "sbin/rc-service", "usr/sbin/update-rc.d", "usr/sbin/invoke-rc.d"},
         INIT_OPENRC,
         "rc-service postfix restart",
         "rc-update del sendmail default",
         "rc-service dovecot reload"},
        {"Devuan with the package openrc, before the boot that runs it",
         {"run/initctl", "etc/init.d/postfix", "etc/init.d/dovecot", "etc/init.d/sendmail",
          "etc/runlevels/default/postfix > /etc/init.d/postfix", "etc/inittab", "sbin/openrc",
          "sbin/openrc-run", "sbin/rc-service", "usr/sbin/update-rc.d"},
         INIT_SYSV,
         "/etc/init.d/postfix restart",
         "update-rc.d sendmail disable",
         "/etc/init.d/dovecot reload"},
        {"Alpine: OpenRC under busybox",
         {"run/openrc/softlevel", "etc/init.d/postfix", "etc/init.d/dovecot", "etc/init.d/sendmail",
          "etc/runlevels/default/postfix > /etc/init.d/postfix", "etc/runlevels/boot/", "etc/inittab",
          "bin/busybox", "sbin/init > /bin/busybox", "sbin/openrc", "sbin/openrc-run", "sbin/rc-service",
          "sbin/rc-update"},
         INIT_OPENRC,
         "rc-service postfix restart",
         "rc-update del sendmail default",
         "rc-service dovecot reload"},
        {"systemd, with what OpenRC left behind",
         {"run/systemd/system/", "etc/init.d/postfix", "sbin/openrc-run", "run/openrc/softlevel"},
         INIT_SYSTEMD,
         "systemctl restart postfix.service",
         "systemctl disable sendmail.service",
         "systemctl reload dovecot.service"},
        {"a container without an init",
         {"usr/sbin/"},
         INIT_NONE,
         "postfix reload",
         "disable sendmail, by hand: no service manager runs",
         "doveadm reload"},
    };
    for (size_t i = 0; i < COUNT(hosts); i++) {
        make_tree(hosts[i].files, COUNT(hosts[i].files));
        print_message("%s\n", hosts[i].host);
        assert_int_equal(service_detect(unit_top, service_daemon("postfix")), hosts[i].kind);
        assert_string_equal(service_command_at(unit_top, DO_RESTART, service_daemon("postfix")),
                            hosts[i].restart_postfix);
        assert_string_equal(service_command_at(unit_top, DO_DISABLE, service_daemon("sendmail")),
                            hosts[i].disable_sendmail);
        assert_string_equal(service_command_at(unit_top, DO_RELOAD, service_daemon("dovecot")),
                            hosts[i].reload_dovecot);
        unit_empty(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {dir_test(test_hosts)};
    return cmocka_run_group_tests_name("service_hosts", tests, unit_begin, unit_end);
}
