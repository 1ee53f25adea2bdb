"""Answers each line with the number of its characters.  line_lengths.py PORT"""
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", int(sys.argv[1])))
listener.listen()
while True:
    conn, _ = listener.accept()
    rest = b""
    while data := conn.recv(1024):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            conn.sendall(b"%d\n" % len(line))
    conn.close()
