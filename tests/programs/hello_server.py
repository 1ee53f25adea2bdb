"""Says hello, and closes.  hello_server.py PORT"""
import socket
import sys

listener = socket.socket()
listener.bind(("", int(sys.argv[1])))
listener.listen()
while True:
    conn, _ = listener.accept()
    conn.sendall(b"hello\n")
    conn.close()
