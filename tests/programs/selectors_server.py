"""An echo server for many clients at once, with selectors.  selectors_server.py PORT"""
import selectors
import socket
import sys

sel = selectors.DefaultSelector()


def accept(listener):
    conn, _ = listener.accept()
    conn.setblocking(False)
    sel.register(conn, selectors.EVENT_READ, echo)


def echo(conn):
    data = conn.recv(1024)
    if data:
        conn.send(data)
    else:
        sel.unregister(conn)
        conn.close()


listener = socket.socket()
listener.bind(("", int(sys.argv[1])))
listener.listen()
listener.setblocking(False)
sel.register(listener, selectors.EVENT_READ, accept)
while True:
    for key, _ in sel.select():
        key.data(key.fileobj)
