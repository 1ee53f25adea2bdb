"""An echo server that only this machine can reach.  local_server.py PORT"""
import socket
import sys

listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
while True:
    conn, peer = listener.accept()
    conn.sendall(conn.recv(1024))
    conn.close()
