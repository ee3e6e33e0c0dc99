"""occupy.py PORT SECONDS: take a TCP port as soon as it is free and keep it, so that a mail server cannot.

Tries until it gets the port, prints "got it", answers each connection "554 no", and leaves SECONDS after its start or when killed.
SO_REUSEADDR: without it the port of a server that has just served a client is refused for a minute. A server that uses
SO_REUSEPORT could bind beside it; Postfix and Dovecot do not.
"""
import signal, socket, sys, time

signal.alarm(int(sys.argv[2]))
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
while True:
    try:
        listener.bind(("0.0.0.0", int(sys.argv[1])))
        listener.listen(5)
        break
    except OSError:
        time.sleep(0.01)
print("got it", flush=True)
while True:
    client = listener.accept()[0]
    try:
        client.sendall(b"554 no\r\n")
    except OSError:
        pass
    client.close()
