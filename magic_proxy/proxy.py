"""magic-proxy: the gateway's HTTP interface."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import admin, application, bodies, cache, clients, events, tasks
from magic_proxy.errors import Json
from magic_proxy.gateway import Gateway


def create(gateway: Gateway) -> Starlette:
    """The application on :8001."""

    def about() -> dict[str, Any]:
        return {"models": len(gateway.config.model_list)}

    def card(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": 0, "owned_by": gateway.config.chain(name)[0].provider}

    async def models(_: Request) -> Response:
        names = filter(clients.current.get().may_ask_for, gateway.config.models())
        return Json({"object": "list", "data": [card(name) for name in names]})

    async def model(request: Request) -> Response:
        name = request.path_params["name"]
        gateway.allow(name)
        return Json(card(name))

    async def chat(request: Request) -> Response:
        return await answer(gateway, "/chat/completions", await bodies.read_json(request, bodies.Chat))

    async def embeddings(request: Request) -> Response:
        return await answer(gateway, "/embeddings", await bodies.read_json(request, bodies.Embeddings))

    routes = [
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        *tasks.routes(gateway),
        *admin.routes(gateway),
    ]
    return application.create("magic-proxy", gateway.stores, about, routes, gateway.missing)


async def answer(gateway: Gateway, path: str, body: dict[str, Any]) -> Response:
    """A provider's answer, or the one that is kept of the same question."""
    config = gateway.config
    await gateway.admit(body["model"])
    kept = cache.place(config, path, body)
    said: bytes | AsyncIterator[bytes] | None = await gateway.cache.get(kept[0]) if kept else None
    headers = {"x-magicproxy-cache": "hit"}
    if said is None:
        profile, said = await gateway.router.send(config, path, body)
        headers = {"x-magicproxy-profile": profile}
        if kept:
            said = gateway.cache.keeping(*kept, said)
    if isinstance(said, bytes) and not body.get("stream"):
        return Response(said, headers=headers, media_type="application/json")
    blocks = _once(said) if isinstance(said, bytes) else said
    if config.streaming_settings.typewriter_mode == "proxy":
        blocks = events.paced(blocks)
    return events.streamed(blocks, headers)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
