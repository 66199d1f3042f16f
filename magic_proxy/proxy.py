"""magic-proxy: the gateway's HTTP interface."""

from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from magic_proxy import admin, application, bodies, cache, clients, events, tasks
from magic_proxy.errors import Json
from magic_proxy.gateway import Gateway
from magic_proxy.outcome import of

FORMS: dict[str, type[bodies.Body]] = {
    "/chat/completions": bodies.Chat,
    "/embeddings": bodies.Embeddings,
    "/responses": bodies.Responses,
}


def create(gateway: Gateway) -> Starlette:
    """The application on :8001."""

    def card(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": 0, "owned_by": gateway.config.chain(name)[0].provider}

    async def models(_: Request) -> Response:
        names = filter(clients.current.get().may_ask_for, gateway.config.models())
        return Json({"object": "list", "data": [card(name) for name in names]})

    async def model(request: Request) -> Response:
        name = request.path_params["name"]
        gateway.allow(name)
        return Json(card(name))

    def asks(path: str, form: type[bodies.Body]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await answer(gateway, path, request, await bodies.read_json(request, form))

        return Route(f"/v1{path}", endpoint, methods=["POST"])

    routes = [
        # The first ones are found first.
        *(asks(path, form) for path, form in FORMS.items()),
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
        *tasks.routes(gateway),
        *admin.routes(gateway),
    ]
    return application.create(
        "magic-proxy", gateway.stores, lambda: {"models": len(gateway.config.model_list)}, routes, gateway.missing
    )


async def answer(gateway: Gateway, path: str, request: Request, body: dict[str, Any]) -> Response:
    """A provider's answer, or the one that is kept of the same question."""
    if path == "/embeddings":
        # There is no stream of them, whatever is asked for.
        body.pop("stream", None)
    outcome, asks = of(request.scope), ",".join(request.headers.getlist("cache-control")).lower()
    outcome.asked = body["model"]
    await gateway.admit(outcome.asked)
    # What is kept could be known to its provider by an id.
    place = None if "no-store" in asks or path == "/responses" else cache.place(gateway.config, path, body)
    kept, kind = None, "text/event-stream" if body.get("stream") else "application/json"
    if place:
        outcome.cache = "miss"
        kept = None if "no-cache" in asks else await gateway.cache.get(place[0])
    if kept:
        outcome.cache = "hit"
        return Response(kept, headers={"x-magicproxy-cache": "hit"}, media_type=kind)
    said = await gateway.router.send(gateway.config, path, body, outcome)
    # A header holds no other letters, nor the ends of lines.
    headers = {"x-magicproxy-profile": quote(outcome.profile, safe=" /:@+,=")}
    if not isinstance(said, bytes):
        return events.streamed(gateway.cache.keeping(*place, said, outcome) if place else said, headers)
    # An answer that does not say how it ended may be none.
    if place and (outcome.finish_reasons or path == "/embeddings"):
        gateway.cache.put(*place, said, outcome)
    return Response(said, headers=headers, media_type=kind)
