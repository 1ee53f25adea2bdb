"""An echo server with asyncio.  asyncio_server.py PORT"""
import asyncio
import sys


async def serve(reader, writer):
    while line := await reader.readline():
        print("line", line.decode().rstrip())
        writer.write(line)
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
