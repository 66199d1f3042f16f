"""What one would write without thinking of keys, fallbacks, caches or traces: FastAPI and httpx, bytes passed through.

`CLIENT` names the client's package: httpx, or httpx2, which is httpx as its author goes on with it.
"""

import importlib
import os

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

httpx = importlib.import_module(os.environ["CLIENT"])
app = FastAPI()
limits = httpx.Limits(max_connections=None, max_keepalive_connections=256)
client = httpx.AsyncClient(limits=limits, timeout=60, trust_env=False)


@app.post("/v1/chat/completions")
async def chat(request: Request) -> Response:
    headers = {"content-type": "application/json", "authorization": "Bearer sk-bench-0001"}
    url = os.environ["PROVIDER"] + "/chat/completions"
    asked = client.build_request("POST", url, content=await request.body(), headers=headers)
    response = await client.send(asked, stream=True)
    kind = response.headers["content-type"]
    # What comes whole also goes whole, which is quicker.
    if kind != "text/event-stream":
        return Response(await response.aread(), response.status_code, media_type=kind)
    done = BackgroundTask(response.aclose)
    return StreamingResponse(response.aiter_raw(), media_type=kind, background=done)
