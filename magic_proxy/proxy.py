"""magic-proxy: the gateway's HTTP interface."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import admin, application, bodies, cache, events, tasks
from magic_proxy.errors import Json
from magic_proxy.gateway import Gateway
from magic_proxy.outcome import of


def create(gateway: Gateway) -> Starlette:
    """The application on :8001."""

    async def models(_: Request) -> Response:
        owner = {name: gateway.config.chain(name)[0].provider for name in gateway.config.models()}
        data = [{"id": name, "object": "model", "created": 0, "owned_by": owner[name]} for name in owner]
        return Json({"object": "list", "data": data})

    async def chat(request: Request) -> Response:
        return await answer(gateway, "/chat/completions", request, await bodies.read_json(request, bodies.Chat))

    async def embeddings(request: Request) -> Response:
        return await answer(gateway, "/embeddings", request, await bodies.read_json(request, bodies.Embeddings))

    routes = [
        Route("/v1/models", models),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        *tasks.routes(gateway),
        *admin.routes(gateway),
    ]
    return application.create("magic-proxy", gateway.stores, lambda: {"models": len(gateway.config.model_list)}, routes)


async def answer(gateway: Gateway, path: str, request: Request, body: dict[str, Any]) -> Response:
    """A provider's answer, or the one that is kept of the same question."""
    outcome, asks = of(request.scope), request.headers.get("cache-control", "").lower()
    outcome.asked = body["model"]
    place = None if "no-store" in asks else cache.place(gateway.config, path, body)
    kept, kind = None, "text/event-stream" if body.get("stream") else "application/json"
    if place:
        outcome.cache = "miss"
        kept = None if "no-cache" in asks else await gateway.cache.get(place[0])
    if kept:
        outcome.cache = "hit"
        return Response(kept, headers={"x-magicproxy-cache": "hit"}, media_type=kind)
    said = await gateway.router.send(gateway.config, path, body, outcome)
    headers = {"x-magicproxy-profile": outcome.profile}
    if not isinstance(said, bytes):
        return events.streamed(gateway.cache.keeping(*place, said, outcome) if place else said, headers)
    if place:
        gateway.cache.put(*place, said, outcome)
    return Response(said, headers=headers, media_type=kind)
