"""`GET /health`, the same on both servers."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from magic_proxy.stores import Stores


def add_health(app: FastAPI, service: str, stores: Stores) -> None:
    """200 when Kafka and Redis answer now, 503 with the reason when one doesn't."""

    @app.get("/health")
    async def health() -> JSONResponse:
        answers = await stores.health()
        well = all(answer == "ok" for answer in answers.values())
        body = {"service": service, "status": "ok" if well else "unavailable", **answers}
        return JSONResponse(body, status_code=200 if well else 503)
