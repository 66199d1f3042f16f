"""`GET /health`, the same on both servers."""

from starlette.requests import Request
from starlette.routing import Route

from magic_proxy.errors import Json
from magic_proxy.stores import Stores


def route(service: str, stores: Stores) -> Route:
    """200 when Kafka and Redis answer now, 503 with the reason when one doesn't."""

    async def health(_: Request) -> Json:
        away = await stores.health()
        well = not any(away.values())
        body = {"service": service, "status": "ok" if well else "unavailable"}
        return Json(body | {name: why or "ok" for name, why in away.items()}, 200 if well else 503)

    return Route("/health", health)
