"""Asks the kernel for its interfaces, as `ip link` does, and hears of its neighbour inside the machine."""
import socket
import struct

GETLINK, REQUEST_DUMP, DONE = 18, 0x301, 3

kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
kernel.bind((0, 0))
kernel.send(struct.pack("IHHII", 32, GETLINK, REQUEST_DUMP, 1, 0) + bytes(16))
done = False
while not done:
    answer = kernel.recv(65536)
    while len(answer) >= 16:
        length, kind = struct.unpack("IH", answer[:6])
        done |= kind == DONE
        answer = answer[(length + 3) // 4 * 4:]
kernel.close()

left, right = socket.socketpair()
left.sendall(b"hello")
print("got", right.recv(16).decode(), flush=True)
