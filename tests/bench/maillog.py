# SPDX-License-Identifier: GPL-3.0-or-later
"""A busy server's mail log for the bench: what Postfix and Dovecot say all day, and in one of 200 lines what a fix listens for."""
import random

FAULTS = [
    "postfix/tlsmgr[%d]: fatal: unsupported dictionary type: sdbm",
    "postfix/master[%d]: warning: process /usr/libexec/postfix/tlsmgr pid 77 exit status 1",
    "postfix/master[%d]: warning: /usr/libexec/postfix/tlsmgr: bad command startup -- throttling",
    "postfix/smtpd[%d]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <a@b.example>: Relay access denied; "
    "from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<q>",
    "postfix/smtp[%d]: connect to mx.example.com[192.0.2.9]:25: Connection timed out",
    "dovecot[%d]: imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=192.0.2.9, lip=192.0.2.1, session=<abc>",
]


class Maker:
    """Lines from a fixed seed."""

    def __init__(self):
        self.random = random.Random(20261125)
        self.seconds = 0.0

    def domain(self):
        return "example%d.com" % self.random.randrange(400)

    def address(self):
        return "user%d@%s" % (self.random.randrange(3000), self.domain())

    def ip(self):
        return ".".join(str(self.random.randrange(1, 255)) for _ in range(4))

    def queue_id(self):
        return "%X" % self.random.randrange(1 << 40, 1 << 44)

    def daily(self):
        pid, kind = self.random.randrange(1000, 65000), self.random.random()
        peer = "mail.%s[%s]" % (self.domain(), self.ip())
        said = [
            (.20, lambda: "postfix/smtpd[%d]: connect from %s" % (pid, peer)),
            (.35, lambda: "postfix/smtpd[%d]: disconnect from %s ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7" % (pid, peer)),
            (.45, lambda: "postfix/smtpd[%d]: %s: client=%s" % (pid, self.queue_id(), peer)),
            (.55, lambda: "postfix/cleanup[%d]: %s: message-id=<%x@%s>" % (pid, self.queue_id(), pid * 7919, self.domain())),
            (.65, lambda: "postfix/qmgr[%d]: %s: from=<%s>, size=%d, nrcpt=1 (queue active)"
             % (pid, self.queue_id(), self.address(), pid)),
            (.80, lambda: "postfix/smtp[%d]: %s: to=<%s>, relay=%s:25, delay=0.74, delays=0.1/0.01/0.5/0.13, dsn=2.0.0, "
             "status=sent (250 2.0.0 Ok: queued as %s)" % (pid, self.queue_id(), self.address(), peer, self.queue_id())),
            (.85, lambda: "postfix/qmgr[%d]: %s: removed" % (pid, self.queue_id())),
            (.88, lambda: "postfix/smtpd[%d]: NOQUEUE: reject: RCPT from %s: 450 4.7.1 <%s>: Recipient address rejected: "
             "Greylisted; from=<%s> to=<%s> proto=ESMTP helo=<mx>" % (pid, peer, self.address(), self.address(), self.address())),
            (.93, lambda: "dovecot: imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=192.0.2.1, mpid=%d, TLS, session=<%x>"
             % (self.address(), self.ip(), pid, pid * 104729)),
            (.97, lambda: "dovecot: imap(%s)<%d><%x>: Disconnected: Logged out in=%d out=%d deleted=0 expunged=0"
             % (self.address(), pid, pid * 104729, pid // 9, pid)),
            (1.0, lambda: "postfix/smtpd[%d]: warning: hostname %s does not resolve to address %s: Name or service not known"
             % (pid, self.domain(), self.ip())),
        ]
        return next(make for limit, make in said if kind < limit)()

    def line(self):
        self.seconds += self.random.random()
        second = int(self.seconds)
        fault = self.random.randrange(200) == 0
        said = self.random.choice(FAULTS) % self.random.randrange(1000, 65000) if fault else self.daily()
        return "Nov %2d %02d:%02d:%02d mx1 %s\n" % (1 + second // 86400 % 28, second // 3600 % 24, second // 60 % 60, second % 60, said)


def write_log(path, size):
    """size bytes, a whole number of MiB: 32 MiB of different lines, again and again."""
    maker, lines, length = Maker(), [], 0
    while length < min(size, 32 << 20):
        lines.append(maker.line())
        length += len(lines[-1])
    block = "".join(lines).encode()
    with open(path, "wb") as out:
        for _ in range(max(1, size // (32 << 20))):
            out.write(block)
