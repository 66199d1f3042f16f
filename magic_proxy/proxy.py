"""magic-proxy: the gateway's HTTP interface."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from magic_proxy import health
from magic_proxy.config import Config
from magic_proxy.stores import Stores


def create(config: Config, stores: Stores) -> Starlette:
    """The application on :8001."""

    async def about(_: Request) -> JSONResponse:
        return JSONResponse({"service": "magic-proxy", "models": len(config.models)})

    async def models(_: Request) -> JSONResponse:
        names = [*config.aliases, *config.models]
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})

    return Starlette(
        routes=[Route("/", about), Route("/v1/models", models), health.route("magic-proxy", stores)],
    )
