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
from magic_proxy.outcome import of


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
        return await answer(gateway, "/chat/completions", request, await bodies.read_json(request, bodies.Chat))

    async def embeddings(request: Request) -> Response:
        return await answer(gateway, "/embeddings", request, await bodies.read_json(request, bodies.Embeddings))

    async def responses(request: Request) -> Response:
        return await answer(gateway, "/responses", request, await bodies.read_json(request, bodies.Responses))

    routes = [
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/responses", responses, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        *tasks.routes(gateway),
        *admin.routes(gateway),
    ]
    return application.create("magic-proxy", gateway.stores, about, routes, gateway.missing)


async def answer(gateway: Gateway, path: str, request: Request, body: dict[str, Any]) -> Response:
    """A provider's answer, or the one that is kept of the same question."""
    config, outcome, asks = gateway.config, of(request.scope), request.headers.get("cache-control", "").lower()
    outcome.asked = body["model"]
    await gateway.admit(outcome.asked)
    kept = None if "no-store" in asks or path == "/responses" else cache.place(config, path, body)
    said: bytes | AsyncIterator[bytes] | None = None
    if kept:
        outcome.cache = "miss"
        said = None if "no-cache" in asks else await gateway.cache.get(kept[0])
    headers = {"x-magicproxy-cache": "hit"}
    if said:
        outcome.cache = "hit"
    else:
        said = await gateway.router.send(config, path, body, outcome)
        headers = {"x-magicproxy-profile": outcome.profile}
        if not isinstance(said, bytes) and not (body.get("stream_options") or {}).get("include_usage"):
            said = events.without_usage(said)
        if kept:
            said = gateway.cache.keeping(*kept, said, outcome)
    if isinstance(said, bytes) and not body.get("stream"):
        return Response(said, headers=headers, media_type="application/json")
    return events.streamed(_once(said) if isinstance(said, bytes) else said, headers)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
