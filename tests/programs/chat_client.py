"""Prints what the others say, says what is typed, leaves at "bye".  chat_client.py HOST PORT NAME"""
import socket
import sys
import threading

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sock.sendall(sys.argv[3].encode())


def listen():
    for line in sock.makefile():
        print(line.rstrip())


threading.Thread(target=listen, daemon=True).start()
for line in sys.stdin:
    if line.strip() == "bye":
        break
    sock.sendall(line.encode())
sock.shutdown(socket.SHUT_RDWR)
sock.close()
