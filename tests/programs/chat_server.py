"""A chat: what one says, all others hear.  chat_server.py PORT"""
import select
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", int(sys.argv[1])))
listener.listen()
names = {}    # by connection


def tell(text, but=None):
    for conn in names:
        if conn is not but:
            conn.sendall(text.encode() + b"\n")


while True:
    ready, _, _ = select.select([listener] + list(names), [], [])
    for sock in ready:
        if sock is listener:
            conn, _ = listener.accept()
            name = conn.recv(100).decode().strip()
            tell(name + " joined")
            names[conn] = name
            conn.sendall(b"%d here\n" % len(names))
            print(name, "joined")
            continue
        line = sock.recv(1000).decode().strip()
        if line:
            print(names[sock] + ":", line)
            tell(names[sock] + ": " + line, but=sock)
        else:
            print(names[sock], "left")
            sock.close()
            tell(names.pop(sock) + " left")
