"""mcp-server: the tools that agents call."""

from fastapi import FastAPI

from magic_proxy.health import add_health
from magic_proxy.stores import Stores


def create(stores: Stores) -> FastAPI:
    """The application on :8002."""
    app = FastAPI(title="mcp-server", openapi_url=None)
    add_health(app, "mcp-server", stores)

    @app.get("/")
    async def about() -> dict:
        return {"service": "mcp-server", "tools": []}

    return app
