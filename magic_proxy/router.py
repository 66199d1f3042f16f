"""From what a client asks for to the first provider that answers: profiles in their order, keys in turn."""

import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from magic_proxy import bodies, events, local, secrets, tracing
from magic_proxy.config import Config, Profile
from magic_proxy.errors import ApiError
from magic_proxy.keys import Key, KeyPool

if TYPE_CHECKING:
    import httpx2

API_BASES = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "anthropic": "https://api.anthropic.com/v1",
}
CONNECT_WITHIN = 5
# Each that is idle is looked at with every request: what a burst leaves must not slow the rest.
KEPT_OPEN = 16
LARGEST_ANSWER, LARGEST_ERROR = 64 << 20, 64 << 10
LONGEST_QUARANTINE = 3600
DEFAULTS = {"/chat/completions": ("temperature", "top_p", "max_tokens"), "/embeddings": ()}

_MESSAGE = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)"')

log = logging.getLogger("magic_proxy.router")


class Answer(NamedTuple):
    """What a provider said, whole or as blocks of whole events."""

    profile: str
    body: bytes | AsyncIterator[bytes]


class Failed(Exception):
    """Why one attempt came to nothing."""


class KeyFailed(Failed):
    """The same, and another key could do better."""


class Router:
    """Asks providers; what it needs to know of the configuration comes with each request."""

    def __init__(self, keys: KeyPool) -> None:
        self.keys = keys

    @cached_property
    def client(self) -> "httpx2.AsyncClient":
        """Made at first use: importing it and reading the certificates takes longer than the rest of the start."""
        import httpx2

        return httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None, max_keepalive_connections=KEPT_OPEN))

    async def close(self) -> None:
        if "client" in vars(self):
            await self.client.aclose()

    async def send(self, config: Config, path: str, body: dict[str, Any]) -> Answer:
        """The answer of the first profile that has one; else `ApiError`."""
        model, reasons = body["model"], []
        chain = known(config, model)
        for profile in chain:
            asked = self._asked(profile, path, body)
            if profile.provider == "local" and profile.model_params.api_base is None:
                return _locally(profile, path, asked)
            keys: list[Key | None] = [None] if profile.provider == "local" else [*self.keys.in_turn(profile.provider)]
            if not keys:
                reasons.append(f"{profile.model_name}: no usable key in keys_pool/keys_pool_{profile.provider}.env")
            for key in keys:
                try:
                    with tracing.span(f"ask {profile.provider} for {profile.model_params.model}"):
                        return await self._try(config, profile, key, path, asked)
                except Failed as failure:
                    reasons.append(secrets.mask(f"{profile.model_name}: {failure}"))
                    log.warning("%s", reasons[-1])
                    if not isinstance(failure, KeyFailed):
                        break
        log.error("nobody could answer for %s: %s", model, "; ".join(reasons))
        back = self.keys.back_in({profile.provider for profile in chain})
        told = f"no provider could answer for {model!r}: {'; '.join(reasons)}"
        raise ApiError(503, told, "no_provider", retry_after=back)

    def _asked(self, profile: Profile, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The request with the profile's model, and its parameters where the client gave none."""
        params = profile.model_params.model_dump(include=set(DEFAULTS[path]), exclude_none=True)
        if "max_completion_tokens" in body:
            params.pop("max_tokens", None)
        if path == "/chat/completions" and isinstance(mode := profile.agent_settings.reasoning_mode, str):
            params["reasoning_effort"] = mode
        return {**params, **body, "model": profile.model_params.model}

    async def _try(self, config: Config, profile: Profile, key: Key | None, path: str, body: dict[str, Any]) -> Answer:
        import httpx2

        url = (profile.model_params.api_base or API_BASES[profile.provider]).rstrip("/") + path
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if key:
            headers["authorization"] = f"Bearer {key.value}"
        timeout = httpx2.Timeout(config.router_settings.timeout, connect=CONNECT_WITHIN)
        content = json.dumps(body, separators=(",", ":")).encode()
        try:
            async with AsyncExitStack() as stack:
                asks = self.client.stream("POST", url, headers=headers, content=content, timeout=timeout)
                response = await stack.enter_async_context(asks)
                if response.status_code != 200:
                    await self._refused(config, profile, key, response)
                if not body.get("stream"):
                    return Answer(profile.model_name, await _whole(response))
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise Failed(f"{profile.provider} answered with something that is no stream")
                blocks = events.checked(response.aiter_raw())
                # Only once something came is it an answer: until then the next profile may still take over.
                first = await anext(blocks)
                return Answer(profile.model_name, _rest(stack.pop_all(), first, blocks))
        except (httpx2.HTTPError, httpx2.InvalidURL, events.StreamFailed) as error:
            raise Failed(f"{profile.provider} failed: {type(error).__name__}: {error}") from error

    async def _refused(self, config: Config, profile: Profile, key: Key | None, response: "httpx2.Response") -> None:
        """Raises what another status than 200 means for the key and the client."""
        status, said = response.status_code, (await _read(response, LARGEST_ERROR)).decode("utf-8", "replace")
        # In whatever it is wrapped: Google's comes in a list, a proxy's as HTML.
        found = _MESSAGE.search(said)
        why = f"{profile.provider} answered {status}: {found[1][:1000] if found else said[:200].strip()}"
        if status == 401 or (status == 400 and ("API_KEY_INVALID" in said or "API key not valid" in said)):
            if key:
                self.keys.retire(key, why)
            raise KeyFailed(why)
        if status in (402, 403, 429) or status >= 500:
            settings, after = config.key_management_settings, response.headers.get("retry-after", "")
            if key and settings.enable_quarantine:
                pause = min(int(after), LONGEST_QUARANTINE) if after.isdecimal() else settings.quarantine_seconds
                self.keys.quarantine(key, pause, why)
            raise KeyFailed(why)
        # Neither the key nor the client can help it.
        if status in (404, 405, 408, 409) or status < 400:
            raise Failed(why)
        raise ApiError(status, why, "provider_refused")


def known(config: Config, model: str) -> list[Profile]:
    """The profiles to try for what a client asks for; 404 when it is unknown."""
    if chain := config.chain(model):
        return chain
    raise ApiError(404, f"the model {model!r} does not exist; GET /v1/models lists all", "model_not_found")


def _locally(profile: Profile, path: str, body: dict[str, Any]) -> Answer:
    if path == "/chat/completions" and body.get("stream"):
        return Answer(profile.model_name, local.stream(profile, body))
    answer = local.chat if path == "/chat/completions" else local.embeddings
    return Answer(profile.model_name, json.dumps(answer(profile, body)).encode())


async def _rest(stack: AsyncExitStack, first: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    import httpx2

    try:
        async with stack:
            yield first
            async for block in blocks:
                yield block
    except httpx2.HTTPError as error:
        raise events.StreamFailed(f"{type(error).__name__}: {error}") from error


async def _read(response: "httpx2.Response", most: int) -> bytes:
    """The body, or as much of it, without keys."""
    return secrets.mask_bytes(await bodies.up_to(most, response.aiter_bytes()))


async def _whole(response: "httpx2.Response") -> bytes:
    """The body, once it is known to be a JSON object."""
    body = await _read(response, LARGEST_ANSWER)
    try:
        if len(body) <= LARGEST_ANSWER and isinstance(json.loads(body), dict):
            return body
    except (ValueError, RecursionError):
        pass
    raise Failed("it answered with something that is no JSON object, or more than can be")
