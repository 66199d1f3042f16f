"""magic-proxy: the gateway's HTTP interface."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import admin, bodies, cache, events, health, tasks
from magic_proxy.errors import HANDLERS, Json
from magic_proxy.gateway import Gateway


def create(gateway: Gateway) -> Starlette:
    """The application on :8001."""

    async def about(_: Request) -> Response:
        return Json({"service": "magic-proxy", "models": len(gateway.config.model_list)})

    async def models(_: Request) -> Response:
        owner = {name: gateway.config.chain(name)[0].provider for name in gateway.config.models()}
        data = [{"id": name, "object": "model", "created": 0, "owned_by": owner[name]} for name in owner]
        return Json({"object": "list", "data": data})

    async def chat(request: Request) -> Response:
        return await answer(gateway, "/chat/completions", await bodies.read_json(request, bodies.Chat))

    async def embeddings(request: Request) -> Response:
        return await answer(gateway, "/embeddings", await bodies.read_json(request, bodies.Embeddings))

    return Starlette(
        routes=[
            Route("/", about),
            Route("/v1/models", models),
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            *tasks.routes(gateway),
            *admin.routes(gateway),
            health.route("magic-proxy", gateway.stores),
        ],
        exception_handlers=HANDLERS,
    )


async def answer(gateway: Gateway, path: str, body: dict[str, Any]) -> Response:
    """A provider's answer, or the one that is kept of the same question."""
    config = gateway.config
    kept = cache.place(config, path, body)
    found = await gateway.cache.get(kept[0]) if kept else None
    said: bytes | AsyncIterator[bytes]
    if found is not None:
        headers, said = {"x-magicproxy-cache": "hit"}, found
    else:
        answered = await gateway.router.send(config, path, body)
        headers, said = {"x-magicproxy-profile": answered.profile}, answered.body
    if isinstance(said, bytes) and not body.get("stream"):
        if kept and found is None:
            gateway.cache.put(*kept, said)
        return Response(said, headers=headers, media_type="application/json")
    blocks = _once(said) if isinstance(said, bytes) else said
    if kept and found is None:
        blocks = gateway.cache.keeping(*kept, blocks)
    if config.streaming_settings.typewriter_mode == "proxy":
        blocks = events.paced(blocks)
    return events.streamed(blocks, headers)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
