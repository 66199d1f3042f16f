"""What both servers have in common: what they are, how they are, and errors in one shape."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from magic_proxy.errors import HANDLERS, Json
from magic_proxy.stores import Stores

Missing = dict[str, str]
"""What is needed, by name: empty, or what is wrong with it."""


def create(
    service: str,
    stores: Stores,
    about: Callable[[], dict[str, Any]],
    routes: list[Route],
    missing: Callable[[str], Awaitable[Missing]],
) -> Starlette:
    """The application with `routes`, `GET /`, and how it is.

    `GET /health` is 200 when Kafka and Redis answered at most a second ago, `/health/live` while the process serves,
    `/health/ready` when nothing is missing, `/health/ready/chat` when nothing is that models are asked with; else they
    are 503.
    """

    async def root(_: Request) -> Json:
        return Json({"service": service, **about()})

    def told(missing: Missing) -> Json:
        well = not any(missing.values())
        body = {"service": service, "status": "ok" if well else "unavailable"}
        return Json(body | {name: why or "ok" for name, why in missing.items()}, 200 if well else 503)

    async def health(_: Request) -> Json:
        return told(await stores.recent_health())

    async def live(_: Request) -> Json:
        return told({})

    async def ready(request: Request) -> Json:
        return told(await missing(request.url.path.removeprefix("/health/ready")))

    pages = {"/": root, "/health": health, "/health/live": live, "/health/ready": ready, "/health/ready/chat": ready}
    return Starlette(routes=[*(Route(*page) for page in pages.items()), *routes], exception_handlers=HANDLERS)
