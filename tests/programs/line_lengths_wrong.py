"""The same, by one who takes what a recv() gives for one line.  line_lengths_wrong.py PORT"""
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", int(sys.argv[1])))
listener.listen()
while True:
    conn, _ = listener.accept()
    while data := conn.recv(1024):
        conn.sendall(b"%d\n" % len(data.rstrip(b"\n")))
    conn.close()
