"""Says hello, and forgets to close.  forgetful_server.py PORT"""
import socket
import sys

listener = socket.socket()
listener.bind(("", int(sys.argv[1])))
listener.listen()
conns = []
while True:
    conn, _ = listener.accept()
    conns.append(conn)
    conn.sendall(b"hello\n")
