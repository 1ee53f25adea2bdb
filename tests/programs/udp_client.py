"""Sends each word as a datagram and waits a second for its answer.  udp_client.py HOST PORT WORD..."""
import socket
import sys

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(1)
for word in sys.argv[3:]:
    sock.sendto(word.encode(), (sys.argv[1], int(sys.argv[2])))
    try:
        data, peer = sock.recvfrom(2048)
        print("got", data.decode())
    except socket.timeout:
        print("no answer")
        sys.exit(1)
sock.close()
