"""/admin: the configuration of the moment, swapped whole or not at all; how many keys are in which state."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import bodies, secrets
from magic_proxy.config import ConfigError
from magic_proxy.errors import ApiError, Json
from magic_proxy.gateway import Gateway


def routes(gateway: Gateway) -> list[Route]:
    async def config(_: Request) -> Response:
        return Response(secrets.mask(gateway.text), media_type="application/yaml")

    async def replace(request: Request) -> Response:
        try:
            gateway.replace((await bodies.read(request)).decode(), "the body")
        except (ConfigError, UnicodeDecodeError) as error:
            raise ApiError(400, f"the old configuration stays: {error}", "invalid_config") from error
        return Json({"models": gateway.config.models()})

    async def reload(_: Request) -> Response:
        try:
            gateway.reload()
        except ConfigError as error:
            raise ApiError(400, f"the old configuration stays: {error}", "invalid_config") from error
        return Json({"models": gateway.config.models(), "keys": gateway.keys.counts()})

    async def keys(_: Request) -> Response:
        return Json(gateway.keys.counts())

    return [
        Route("/admin/config", config),
        Route("/admin/config", replace, methods=["POST"]),
        Route("/admin/reload", reload, methods=["POST"]),
        Route("/admin/keys", keys),
    ]
