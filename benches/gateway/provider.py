"""A provider that costs next to nothing; what it is to do stands in the last message, as whatever lies between passes that on as it is.

`{"pieces": 50, "pause": 0.2}`: a stream of as many pieces, each with the moment of its sending, so many seconds apart; without `stream` one
answer after `pause`.
"""

import asyncio
import json
import sys
import time

WORDS = "some words of an answer, as long as those that providers send"
USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}


def event(delta: dict[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    data = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "bench", "choices": [choice]}
    return chunk(b"data: " + json.dumps(data).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def plain() -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}
    data = {"id": "c", "object": "chat.completion", "created": 1, "model": "bench", "choices": [choice], "usage": USAGE}
    body = json.dumps(data).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


PLAIN = plain()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = event({}, "stop") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET"):
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
                continue
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            asked = json.loads(await reader.readexactly(int(length.split(b":")[1])))
            wish = json.loads(asked["messages"][-1]["content"])
            if not asked.get("stream"):
                await asyncio.sleep(wish["pause"])
                writer.write(PLAIN)
                continue
            writer.write(HEAD)
            for _ in range(wish["pieces"]):
                writer.write(event({"content": f"at {time.monotonic():.6f} {WORDS}"}, None))
                await writer.drain()
                await asyncio.sleep(wish["pause"])
            writer.write(END)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
