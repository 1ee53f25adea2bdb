"""Reads one line and leaves.  hello_client.py HOST PORT"""
import socket
import sys

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print(sock.recv(100).decode().rstrip())
sock.close()
