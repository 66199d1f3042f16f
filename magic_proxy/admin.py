"""/admin: the configuration of the moment, its files read again, how many keys are in which state. /metrics."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import metrics, secrets
from magic_proxy.errors import Json
from magic_proxy.gateway import Gateway


def routes(gateway: Gateway) -> list[Route]:
    async def config(_: Request) -> Response:
        return Response(secrets.mask(gateway.text), media_type="application/yaml")

    async def reload(_: Request) -> Response:
        gateway.reload()
        return Json({"models": gateway.config.models(), "keys": gateway.keys.counts()})

    async def keys(_: Request) -> Response:
        return Json(gateway.keys.counts())

    async def numbers(_: Request) -> Response:
        return Response(metrics.page(gateway.keys.counts()), media_type="text/plain; version=0.0.4")

    return [
        Route("/metrics", numbers),
        Route("/admin/config", config),
        Route("/admin/reload", reload, methods=["POST"]),
        Route("/admin/keys", keys),
    ]
