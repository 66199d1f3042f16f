"""What both servers have in common: what they are, how they are, and errors in one shape."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from magic_proxy.errors import HANDLERS, Json
from magic_proxy.stores import Stores


def create(service: str, stores: Stores, about: Callable[[], dict[str, Any]], routes: list[Route]) -> Starlette:
    """The application with `routes`, `GET /`, and `GET /health`: 200 when Kafka and Redis answer now, else 503."""

    async def root(_: Request) -> Json:
        return Json({"service": service, **about()})

    async def health(_: Request) -> Json:
        away = await stores.health()
        well = not any(away.values())
        body = {"service": service, "status": "ok" if well else "unavailable"}
        return Json(body | {name: why or "ok" for name, why in away.items()}, 200 if well else 503)

    return Starlette(routes=[Route("/", root), Route("/health", health), *routes], exception_handlers=HANDLERS)
