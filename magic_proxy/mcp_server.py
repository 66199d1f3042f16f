"""mcp-server: the tools that agents call."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from magic_proxy import health
from magic_proxy.stores import Stores


def create(stores: Stores) -> Starlette:
    """The application on :8002."""

    async def about(_: Request) -> JSONResponse:
        return JSONResponse({"service": "mcp-server", "tools": []})

    return Starlette(routes=[Route("/", about), health.route("mcp-server", stores)])
