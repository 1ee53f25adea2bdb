"""Sends two lines, one right behind the other, while the server is busy.  two_lines_client.py HOST PORT"""
import socket
import sys

busy = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
sock.sendall(b"one\n")
sock.sendall(b"two\n")
busy.close()
sock.shutdown(socket.SHUT_WR)
answers = sock.makefile()
print("answers", *answers.read().split())
answers.close()
sock.close()
