"""Sends each word and reads it back.  echo_client.py HOST PORT WORD..."""
import socket
import sys

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for word in sys.argv[3:]:
    sock.sendall(word.encode())
    print("got", sock.recv(1024).decode())
sock.close()
