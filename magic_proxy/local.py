"""`provider: local` without `api_base`: answers offline and always the same, for demos and tests.

It echoes the last message of the user. A line `TOOL: TEXT` of that message calls the offered tool of that name; once
all such lines have their results it tells them.
"""

import base64
import hashlib
import json
import struct
from collections.abc import AsyncIterator
from itertools import takewhile
from typing import Any

from magic_proxy import events
from magic_proxy.config import Profile

DIMENSIONS = 64

Body = dict[str, Any]


def chat(profile: Profile, body: Body) -> Body:
    """The answer to a chat request."""
    messages: list[Body] = body["messages"]
    since = [*takewhile(lambda message: message["role"] != "user", reversed(messages))][::-1]
    asked = next((text_of(message) for message in reversed(messages) if message["role"] == "user"), "")
    results = [text_of(message) for message in since if message["role"] == "tool"]
    calls = _calls(asked, body)
    message: Body = {"role": "assistant", "content": None}
    reason = "stop"
    if len(results) < len(calls):
        name, arguments = calls[len(results)]
        function = {"name": name, "arguments": json.dumps(arguments)}
        message["tool_calls"], reason = [{"id": _id(body), "type": "function", "function": function}], "tool_calls"
    else:
        told = [f"{name} says: {result}" for (name, _), result in zip(calls, results, strict=False)]
        words = ("\n".join(told) if told else asked).split(" ")
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        if limit and len(words) > limit:
            words, reason = words[:limit], "length"
        message["content"] = " ".join(words)
    prompt = sum(len(text_of(message).split()) for message in messages)
    completion = len((message["content"] or "").split())
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**_head(profile, body, "chat.completion"), "choices": [choice], "usage": usage}


async def stream(whole: Body, body: Body) -> AsyncIterator[bytes]:
    """The same answer in pieces: a word each."""
    choice = whole["choices"][0]
    message = choice["message"]
    words = (message["content"] or "").split(" ")
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word if place == 0 else " " + word} for place, word in enumerate(words) if word or place]
    if calls := message.get("tool_calls"):
        deltas = [{"role": "assistant", "content": None, "tool_calls": [{"index": 0, **calls[0]}]}]
    head = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    for delta in deltas:
        yield events.event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield events.event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        yield events.event({**head, "choices": [], "usage": whole["usage"]})
    yield events.DONE


def embeddings(profile: Profile, body: Body) -> Body:
    """A vector of length 1 for each input, from its digest."""
    given = body["input"]
    inputs = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    data = []
    for index, text in enumerate(inputs):
        raw = hashlib.shake_256(json.dumps(text).encode()).digest(DIMENSIONS)
        length = sum((byte - 127.5) ** 2 for byte in raw) ** 0.5
        vector: Any = [(byte - 127.5) / length for byte in raw]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = sum(len(str(text).split()) for text in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": profile.model_params.model, "data": data, "usage": usage}


def text_of(message: Body) -> str:
    """The text of a message, whose content may be a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def _calls(asked: str, body: Body) -> list[tuple[str, Body]]:
    tools = [tool.get("function", tool) for tool in body.get("tools") or [] if isinstance(tool, dict)]
    offered = {str(tool.get("name")): tool.get("parameters") or {} for tool in tools if isinstance(tool, dict)}
    if body.get("tool_choice") == "none":
        return []
    calls: list[tuple[str, Body]] = []
    for line in asked.splitlines():
        name, colon, text = line.partition(":")
        if colon and name.strip() in offered:
            fields = offered[name.strip()]
            first = next(iter(fields.get("required") or fields.get("properties") or []), None)
            calls.append((name.strip(), {first: text.strip()} if first and text.strip() else {}))
    return calls


def _head(profile: Profile, body: Body, kind: str) -> Body:
    return {"id": _id(body), "object": kind, "created": 0, "model": profile.model_params.model}


def _id(body: Body) -> str:
    return "local-" + hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]
