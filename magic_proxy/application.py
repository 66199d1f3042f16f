"""What both servers have in common: what they are, how they are, and errors in one shape."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from magic_proxy.errors import HANDLERS, Json
from magic_proxy.stores import Stores

Missing = dict[str, str]
"""What is needed, by name: empty, or what is wrong with it."""


async def nothing(_: str = "") -> Missing:
    return {}


def create(
    service: str,
    stores: Stores,
    about: Callable[[], dict[str, Any]],
    routes: list[Route],
    missing: Callable[[str], Awaitable[Missing]] = nothing,
) -> Starlette:
    """The application with `routes`, `GET /`, and the health pages, each 200 when nothing is missing and else 503."""

    async def root(_: Request) -> Json:
        return Json({"service": service, **about()})

    def page(path: str, ask: Callable[[], Awaitable[Missing]]) -> Route:
        async def told(_: Request) -> Json:
            missing = await ask()
            well = not any(missing.values())
            body = {"service": service, "status": "ok" if well else "unavailable"}
            return Json(body | {name: why or "ok" for name, why in missing.items()}, 200 if well else 503)

        return Route(path, told)

    pages = [
        Route("/", root),
        page("/health", stores.recent_health),
        page("/health/live", nothing),
        page("/health/ready", partial(missing, "")),
        page("/health/ready/chat", partial(missing, "/chat")),
    ]
    return Starlette(routes=[*routes, *pages], exception_handlers=HANDLERS)
