"""Answers each datagram in capitals.  udp_server.py PORT"""
import socket
import sys

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", int(sys.argv[1])))
while True:
    data, peer = sock.recvfrom(2048)
    print("asked", data.decode())
    sock.sendto(data.upper(), peer)
