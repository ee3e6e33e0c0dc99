# shellcheck shell=bash disable=SC2034,SC2154
# tests/hosts/rivals.sh: other mail servers beside Postfix, for scenarios (sourced, after lib.sh).
#
# apt does not install one of them beside Postfix, so its packages are unpacked over the host, and what their scripts would do is
# done here: users, queues, a configuration that answers on 127.0.0.1:25 and delivers on this host, start at boot. The packages are
# those that tests/hosts/tree fetched with the tree, so that release and version fit.
#
# A rival is sendmail or exim4. What a scenario must know of it:
declare -A rival_program=([sendmail]=sendmail-mta [exim4]=exim4)                        # as ps names it
declare -A rival_greeting=([sendmail]='Sendmail' [exim4]='ESMTP Exim')
declare -A rival_queue=([sendmail]=/var/spool/mqueue [exim4]=/var/spool/exim4/input)
declare -A rival_message=([sendmail]='qf*' [exim4]='*-H')                               # one file there for each message
declare -A rival_stuck=([sendmail]='nobody@[127.9.9.9]' [exim4]=nobody@example.net)      # what it cannot deliver here and keeps
declare -A rival_package=([sendmail]=sendmail-bin [exim4]=exim4-daemon-light)
declare -A rival_file=([sendmail]=/usr/libexec/sendmail/sendmail [exim4]=/usr/sbin/exim4)  # of that package, what runs

# rival_files RIVAL KIND DIR: what host_start shall put over the tree.
rival_files() {
    local packages directory
    packages=$(host_tree "$2")/var/cache/rivals/${rival_package[$1]}
    # What apt fetched along for its sake, and neither server needs to run.
    find "$packages" -name '*.deb' | grep -vE '/(systemd|libsystemd|cron|perl|libperl|libfile-|make|lockfile-)[^/]*$' |
        while IFS= read -r package; do
            dpkg-deb -x "$package" "$3" || return
        done || return
    # Debian 12 has packages from before the merge: /lib is a link in the tree, which unpacking would turn into a directory.
    for directory in bin sbin lib; do
        [ -d "$3/$directory" ] || continue
        mkdir -p "$3/usr/$directory"
        cp -a "$3/$directory/." "$3/usr/$directory/"
        rm -r "${3:?}/$directory"
    done
    # Directories of dpkg-deb are private. Names that belong to Postfix, hooks for dial-up lines and cron jobs stay out.
    chmod 755 "$3"
    rm -rf "$3"/etc/{network,ppp,dhcp,resolvconf,cron*,logcheck} "$3"/usr/share/doc "$3"/usr/lib/sendmail \
        "$3"/usr/sbin/{sendmail,rmail} "$3"/usr/bin/{mailq,newaliases}
}

# rival_install RIVAL: the rest, in the running host.
rival_install() {
    host_run ldconfig
    "rival_install_$1" || return
    # The packages are only unpacked: dpkg is told by hand whose file it is.
    # shellcheck disable=SC2016
    host_run sh -euc 'echo "$2" >"/var/lib/dpkg/info/$1.list"
        printf "\nPackage: %s\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: x\n" "$1" \
            >>/var/lib/dpkg/status' sh "${rival_package[$1]}" "${rival_file[$1]}" || return
    # A unit of Debian stops the other one by itself (Conflicts=). Those of other days and places do not.
    if [ "$host_kind" = systemd ]; then
        # shellcheck disable=SC2016
        host_run sh -euc 'for unit in postfix "$1"; do
                [ -e /lib/systemd/system/$unit.service ] || continue
                grep -v ^Conflicts= /lib/systemd/system/$unit.service >/etc/systemd/system/$unit.service
            done
            systemctl daemon-reload' sh "$1"
    fi
    if host_run test -e "/etc/systemd/system/$1.service"; then
        host_run systemctl enable "$1"
    else
        host_run update-rc.d "$1" defaults
    fi
}

rival_install_sendmail() {
    host_run bash -euc 'for name in smmta smmsp; do
            echo "$name:x:$1:$1::/var/lib/sendmail:/usr/sbin/nologin" >>/etc/passwd
            echo "$name:x:$1:" >>/etc/group
            set -- $(($1 + 1))
        done
        ln -s ../libexec/sendmail/sendmail /usr/sbin/sendmail-mta
        ln -s ../libexec/sendmail/sendmail /usr/sbin/sendmail-msp
        chown root:smmsp /usr/libexec/sendmail/sendmail /etc/mail
        chmod 2755 /usr/libexec/sendmail/sendmail
        chown root:smmsp /var/spool/mqueue; chmod 2750 /var/spool/mqueue
        chown smmsp:smmsp /var/spool/mqueue-client; chmod 2770 /var/spool/mqueue-client
        cat >/etc/mail/sendmail.mc <<"MC"
include(`/usr/share/sendmail/cf/m4/cf.m4'"'"')dnl
OSTYPE(`debian'"'"')dnl
FEATURE(`no_default_msa'"'"')dnl
define(`confTO_IDENT'"'"', `0'"'"')dnl
define(`confTO_ICONNECT'"'"', `2s'"'"')dnl
define(`confTO_CONNECT'"'"', `2s'"'"')dnl
define(`confLOG_LEVEL'"'"', `9'"'"')dnl
define(`confREFUSE_LA'"'"', `1000'"'"')dnl
define(`confQUEUE_LA'"'"', `1000'"'"')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp, Addr=127.0.0.1'"'"')dnl
MAILER(`local'"'"')dnl
MAILER(`smtp'"'"')dnl
MC
        m4 -I/usr/share/sendmail/cf/ /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
        cp /usr/share/sendmail/cf/debian/submit.mc /etc/mail/
        sed -e "s/^include.*provider.*//" -e "s/^include.*autoconf.*//" /etc/mail/submit.mc |
            m4 -I/usr/share/sendmail/cf/ /usr/share/sendmail/cf/m4/cf.m4 - >/etc/mail/submit.cf
        echo localhost >/etc/mail/local-host-names
        echo "root: /dev/null" >/etc/mail/aliases
        mkdir -p /var/lib/sendmail/host_status
        printf "DAEMON_MODE=Daemon\nDAEMON_PARMS=\nQUEUE_INTERVAL=1h\nMSP_MODE=None\n" >/etc/mail/sendmail.conf
        sendmail-mta -Am -bi' sh 4000
}

rival_install_exim4() {
    host_run bash -euc 'echo "Debian-exim:x:4000:4000::/var/spool/exim4:/usr/sbin/nologin" >>/etc/passwd
        echo "Debian-exim:x:4000:" >>/etc/group
        install -d -o Debian-exim -g adm -m 2750 /var/log/exim4
        install -d -o Debian-exim -g Debian-exim -m 750 /run/exim4 /var/spool/exim4 /var/spool/exim4/{db,input,msglog}
        chown root:Debian-exim /etc/exim4/passwd.client
        printf "%s\n" dc_eximconfig_configtype=internet dc_other_hostnames=localhost dc_local_interfaces=127.0.0.1 dc_readhost= \
            dc_relay_domains= dc_minimaldns=true dc_relay_nets= dc_smarthost= CFILEMODE=644 dc_use_split_config=false \
            dc_hide_mailname= dc_mailname_in_oh=true dc_localdelivery=mail_spool >/etc/exim4/update-exim4.conf.conf
        update-exim4.conf'
}

# rival_queues RIVAL ADDRESS: it takes a message for later.
rival_queues() {
    local options=(-odq)
    [ "$1" != sendmail ] || options=(-Am -odq)
    printf 'Subject: waits\n\nhello\n' | host_run -i "${rival_program[$1]}" "${options[@]}" -f root "$2"
}

# rival_queued RIVAL: how many messages wait there.
rival_queued() { host_run find "${rival_queue[$1]}" -name "${rival_message[$1]}" | wc -l; }
