"""`GET /health`, the same on both servers."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from magic_proxy.stores import Stores


def route(service: str, stores: Stores) -> Route:
    """200 when Kafka and Redis answer now, 503 with the reason when one doesn't."""

    async def health(_: Request) -> JSONResponse:
        answers = await stores.health()
        well = all(answer == "ok" for answer in answers.values())
        body = {"service": service, "status": "ok" if well else "unavailable", **answers}
        return JSONResponse(body, status_code=200 if well else 503)

    return Route("/health", health)
