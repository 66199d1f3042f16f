"""A provider that costs next to nothing: streams as many pieces as it is asked for, each with the moment of its sending."""

import asyncio
import json
import sys
import time

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WORDS = "some words of an answer, as long as those that providers send"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def piece() -> bytes:
    choice = {"index": 0, "delta": {"content": WORDS}, "finish_reason": None}
    event = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice], "t": time.monotonic()}
    return chunk(b"data: " + json.dumps(event).encode() + b"\n\n")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            asked = json.loads(await reader.readexactly(int(length.split(b":")[1])))
            writer.write(HEAD)
            for _ in range(asked["pieces"]):
                writer.write(piece())
                await writer.drain()
                await asyncio.sleep(asked["pause"])
            writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
