"""Sends each word as a line and reads it back, with asyncio.  asyncio_client.py HOST PORT WORD..."""
import asyncio
import sys


async def main():
    reader, writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    for word in sys.argv[3:]:
        writer.write(word.encode() + b"\n")
        line = await reader.readline()
        print("got", line.decode().rstrip())
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
