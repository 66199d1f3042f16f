"""mcp-server: the tools over plain HTTP (`POST /tools/NAME`) and over MCP (streamable HTTP at /mcp)."""

import asyncio
import importlib
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from magic_proxy import application, bodies, tools
from magic_proxy.errors import ApiError, Json
from magic_proxy.stores import Stores


def create(stores: Stores) -> Starlette:
    """The application on :8002."""

    async def call(request: Request) -> Response:
        arguments = await bodies.read_json(request, bodies.Body)
        return Json({"result": await tools.call(request.path_params["name"], arguments)})

    routes = [Route("/tools/{name}", call, methods=["POST"]), Route("/mcp", mcp, methods=["POST"])]
    return application.create("mcp-server", stores, lambda: {"tools": tools.described()}, routes)


async def mcp(_: Request) -> ASGIApp:
    """What the SDK answers; it is imported at the first request, in a thread, because that takes half a second."""
    await asyncio.to_thread(importlib.import_module, "mcp.server.lowlevel")
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    server = Server("magicproxy", on_list_tools=_list, on_call_tool=_call)
    # Without sessions: a restart is nothing to a client.
    manager = StreamableHTTPSessionManager(server, stateless=True, json_response=True)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    return answer


async def _list(_context: Any, _params: Any) -> Any:
    from mcp import types

    return types.ListToolsResult(tools=[types.Tool(**tool) for tool in tools.described()])


async def _call(_context: Any, params: Any) -> Any:
    from mcp import types

    try:
        text, failed = await tools.call(params.name, params.arguments or {}), False
    except ApiError as error:
        text, failed = error.body()["error"]["message"], True
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)
