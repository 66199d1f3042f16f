"""`provider: local` without `api_base`: answers offline and always the same, for demos and tests.

It echoes the last message of the user. A line `TOOL: TEXT` of that message calls the offered tool of that name; once
all such lines have their results it tells them.
"""

import base64
import hashlib
import json
import re
import struct
from collections.abc import AsyncIterator
from typing import Any

from magic_proxy import events
from magic_proxy.outcome import Outcome, objects

Body = dict[str, Any]


def answer(path: str, body: Body, outcome: Outcome) -> events.Said:
    """What it says to a request to one of `ANSWERS`."""
    whole = ANSWERS[path](body)
    outcome.saw(whole)
    return _pieces(whole, events.wants_usage(body)) if body.get("stream") else json.dumps(whole).encode()


def _chat(body: Body) -> Body:
    texts = [(message["role"], _text(message.get("content"))) for message in body["messages"]]
    last = max((place for place, (role, _) in enumerate(texts) if role == "user"), default=-1)
    asked = texts[last][1] if last >= 0 else ""
    results = [text for role, text in texts[last + 1 :] if role == "tool"]
    calls, digest = _calls(asked, body), hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]
    message: Body = {"role": "assistant", "content": None}
    reason = "stop"
    if len(results) < len(calls):
        name, arguments = calls[len(results)]
        function = {"name": name, "arguments": json.dumps(arguments)}
        message["tool_calls"] = [{"index": 0, "id": f"local-{digest}", "type": "function", "function": function}]
        reason = "tool_calls"
    else:
        told = [f"{name} says: {result}" for (name, _), result in zip(calls, results, strict=False)]
        words = ("\n".join(told) or asked).split(" ")
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or len(words)
        message["content"], reason = " ".join(words[:limit]), "length" if len(words) > limit else "stop"
    prompt, completion = sum(len(text.split()) for _, text in texts), len((message["content"] or "").split())
    return {
        "id": f"local-{digest}",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    }


async def _pieces(whole: Body, with_usage: bool) -> AsyncIterator[bytes]:
    """The answer to a chat request as a stream, in which each word is an event."""
    [choice], usage = whole["choices"], whole["usage"]
    words = re.split(r"(?<= )", choice["message"]["content"] or "")
    for delta in ({**choice["message"], "content": words[0]}, *({"content": word} for word in words[1:]), {}):
        reason = None if delta else choice["finish_reason"]
        part = {"index": 0, "delta": delta, "finish_reason": reason}
        yield events.event({**whole, "object": "chat.completion.chunk", "choices": [part], "usage": None})
    if with_usage:
        yield events.event({**whole, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield events.DONE


def _embeddings(body: Body) -> Body:
    """A vector of 64 numbers and length 1 for each input, from its digest's bits."""
    given, data = body["input"], []
    inputs = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    for place, text in enumerate(inputs):
        bits = int.from_bytes(hashlib.sha256(json.dumps(text).encode()).digest()[:8])
        vector: Any = [(bits >> bit & 1) / 4 - 1 / 8 for bit in range(64)]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack("<64f", *vector)).decode()
        data.append({"object": "embedding", "index": place, "embedding": vector})
    tokens = sum(len(str(text).split()) for text in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}


def _text(content: object) -> str:
    """A message's content as text: it may be a list of parts."""
    parts = " ".join(str(part.get("text", "")) for part in objects(content))
    return parts if isinstance(content, list) else str(content or "")


def _calls(asked: str, body: Body) -> list[tuple[str, Body]]:
    """The offered tools that lines of what was asked name, each with the line's text as its first argument."""
    tools = [] if body.get("tool_choice") == "none" else objects(body.get("tools"))
    functions = objects([tool.get("function", tool) for tool in tools])
    offered = {str(tool.get("name")): tool.get("parameters") or {} for tool in functions}
    calls = []
    for line in asked.splitlines():
        name, colon, text = map(str.strip, line.partition(":"))
        if colon and name in offered:
            first = next(iter(offered[name].get("required") or offered[name].get("properties") or []), None)
            calls.append((name, {first: text} if first and text else {}))
    return calls


ANSWERS = {"/chat/completions": _chat, "/embeddings": _embeddings}
