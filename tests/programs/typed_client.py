"""Sends each line that is typed, and prints what comes back.  typed_client.py HOST PORT"""
import socket
import sys

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("connected")
for line in sys.stdin:
    sock.sendall(line.encode())
    print("got", sock.recv(1000).decode().rstrip())
sock.close()
