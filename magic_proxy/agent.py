"""An agent's next step. It follows from what is recorded of its session and from nothing else: so anyone can go on."""

import asyncio
import json
import socket
from itertools import chain
from typing import Any, cast
from urllib.parse import quote

from magic_proxy import bodies, clients, spend, tracing
from magic_proxy.errors import ApiError
from magic_proxy.gateway import Gateway
from magic_proxy.outcome import Outcome
from magic_proxy.sessions import ANSWER, Event

LARGEST_ANSWER = 8 << 20


class Agent:
    """One task: think, act, observe, until there is an answer."""

    def __init__(self, gateway: Gateway, task: dict[str, Any]) -> None:
        self._gateway, self._task = gateway, task
        self._tools: list[dict[str, Any]] | None = None

    async def next(self, recorded: list[Event]) -> Event:
        """What happens after what is recorded, the task first; `ApiError` when nothing can."""
        if clients.current.get() is clients.UNKNOWN:
            raise ApiError(401, "the client that began this session is no longer there", "client_gone")
        last = recorded[-1]
        if last.name == "task":
            return Event("worker_ack", {"session": self._task["id"], "worker": socket.gethostname()})
        if last.name == "Action":
            return Event("Observation", {**last.data, "result": await self._act(last.data)})
        thoughts = [event.data["calls"] for event in recorded if event.name == "Thought"]
        acted = sum(event.name == "Action" for event in recorded)
        if calls := [*chain(*thoughts)][acted:]:
            return Event("Action", calls[0])
        if len(thoughts) >= self._task["max_steps"]:
            raise ApiError(422, f"no answer after {len(thoughts)} steps", "too_many_steps")
        return await self._think(recorded)

    async def _think(self, recorded: list[Event]) -> Event:
        if self._tools is None:
            offered = (await self._ask("GET", "/"))["tools"]
            self._tools = [_function(name=t["name"], parameters=t["input_schema"]) for t in offered]
        messages: list[dict[str, Any]] = [{"role": "user", "content": self._task["input"]}]
        for event in recorded:
            if event.name == "Thought":
                calls = [
                    {"id": call["id"], **_function(name=call["tool"], arguments=call["arguments"])}
                    for call in event.data["calls"]
                ]
                messages.append({"role": "assistant", "content": event.data["content"], "tool_calls": calls})
            if event.name == "Observation":
                messages.append({"role": "tool", "tool_call_id": event.data["id"], "content": event.data["result"]})
        body = {"model": self._task["model"], "messages": messages, "tools": self._tools}
        gateway, outcome, said = self._gateway, Outcome(self._task["model"]), b""
        left = False
        await gateway.admit(outcome.asked, again=True)
        try:
            said = cast("bytes", await gateway.router.send(gateway.config, "/chat/completions", body, outcome))
        except asyncio.CancelledError:
            # A provider goes on with it: what was asked is not free because nobody wants the answer any more.
            left = outcome.tries > 0
            raise
        finally:
            line, estimate = f"a step of session {self._task['id']}", (len(str(messages)) // 4, len(said) // 4)
            status, estimate = 200 if said else 0, estimate if said or left else (0, 0)
            await spend.settle(gateway.limits, gateway.config, line, outcome, status, estimate)
        try:
            message = json.loads(said)["choices"][0]["message"]
            content = message.get("content") or ""
            asked = [(call["id"], call["function"]) for call in message.get("tool_calls") or []]
            calls = [{"id": id, "tool": str(it["name"]), "arguments": str(it["arguments"])} for id, it in asked]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ApiError(502, f"{outcome.profile} answered without a message", "garbled") from error
        return Event("Thought", {"content": content, "calls": calls}) if calls else Event(ANSWER, {"answer": content})

    async def _act(self, call: dict[str, Any]) -> str:
        """What the tool says; its errors are told to the model, which may do better."""
        try:
            return str((await self._ask("POST", f"/tools/{quote(call['tool'], safe='')}", call["arguments"]))["result"])
        except ApiError as error:
            return f"error: {error}"

    async def _ask(self, method: str, path: str, body: str = "") -> dict[str, Any]:
        """mcp-server's answer; else `ApiError`."""
        from magic_proxy.upstream import ERRORS

        gateway, url = self._gateway, self._gateway.config.agent_settings.mcp_server_url.rstrip("/") + path
        headers = {"traceparent": tracing.traceparent()}
        if gateway.client_key:
            headers["authorization"] = f"Bearer {gateway.client_key}"
        content = body.encode("utf-8", "replace")
        try:
            ask = gateway.router.upstream.ask(method, url, headers, content, 30)
            async with asyncio.timeout(30), ask as answer:
                value: dict[str, Any] = json.loads(await bodies.up_to(LARGEST_ANSWER, answer.body))
            if answer.status != 200:
                raise ApiError(502, value["error"]["message"], "tool_failed")
        except (*ERRORS, TimeoutError, ValueError, LookupError, TypeError) as error:
            raise ApiError(502, f"mcp-server: {type(error).__name__}: {error}", "tool_failed") from error
        return value


def _function(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": function}
