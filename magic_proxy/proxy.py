"""magic-proxy: the gateway's HTTP interface."""

from fastapi import FastAPI

from magic_proxy.health import add_health
from magic_proxy.stores import Stores


def create(config: dict, stores: Stores) -> FastAPI:
    """The application on :8001."""
    app = FastAPI(title="magic-proxy", openapi_url=None)
    add_health(app, "magic-proxy", stores)

    @app.get("/v1/models")
    async def models() -> dict:
        aliases = (config.get("router_settings") or {}).get("model_group_alias") or {}
        names = [profile["model_name"] for profile in config.get("model_list") or []]
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in [*aliases, *names]]}

    return app
