"""talk.py PORT: what a stranger's mail program is offered on that port, without and with TLS, in one line (lib.sh: talk).

It comes from 192.0.2.1, which is not in mynetworks. MAIL without TLS and RCPT of a foreign address over TLS show the code of the
answer. Limits: 465 begins with TLS, every other port without; certificates are not checked.
"""
import smtplib
import ssl
import sys

port, here, tls = int(sys.argv[1]), ("192.0.2.1", 0), ssl._create_unverified_context()
said = []


def look(session):
    session.ehlo("client.example")
    said.extend(word for word in ("starttls", "auth") if session.has_extn(word))


try:
    if port == 465:
        session = smtplib.SMTP_SSL("192.0.2.1", port, source_address=here, context=tls)
        said.append("tls:")
        look(session)
    else:
        session = smtplib.SMTP("192.0.2.1", port, source_address=here)
        said.append("clear:")
        look(session)
        said.append("mail %d" % session.docmd("MAIL", "FROM:<a@example.com>")[0])
        session.rset()
        if session.has_extn("starttls"):
            session.starttls(context=tls)
            said.append("tls:")
            look(session)
    session.mail("a@example.com")
    said.append("relay %d" % session.rcpt("b@example.net")[0])
    print(" ".join(said))
except ConnectionRefusedError:
    print("refused")
