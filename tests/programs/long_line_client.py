"""Sends one line of 6000 characters.  long_line_client.py HOST PORT"""
import socket
import sys

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sock.sendall(b"x" * 6000 + b"\n")
sock.shutdown(socket.SHUT_WR)
answers = sock.makefile()
print("answers", *answers.read().split())
answers.close()
sock.close()
