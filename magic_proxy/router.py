"""From what a client asks for to the first provider that answers: profiles in their order, keys in turn."""

import asyncio
import errno
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from magic_proxy import bodies, events, failures, local, secrets, tracing
from magic_proxy.config import Config, Profile
from magic_proxy.config import Router as Settings
from magic_proxy.errors import ApiError
from magic_proxy.events import Said, StreamFailed
from magic_proxy.failures import Failed
from magic_proxy.keys import Key, KeyPool
from magic_proxy.outcome import Outcome, choices

if TYPE_CHECKING:
    from magic_proxy.upstream import Answer, Upstream

API_BASES = {
    "openai": "https://api.openai.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "anthropic": "https://api.anthropic.com/v1",
}
LARGEST_ANSWER, LARGEST_ERROR = 64 << 20, 64 << 10
LIMITS = {"max_tokens", "max_completion_tokens"}
DEFAULTS = {"/chat/completions": {"temperature", "top_p", *LIMITS}}
# What an answer has, by the end of what was asked.
HOLDS = {"completions": "choices", "embeddings": "data", "responses": "id"}
# They say what a stream took only when they are asked; others do anyway, or may refuse to be asked.
COUNT_STREAMS = {"openai", "google", "anthropic", "deepseek"}

Body = dict[str, Any]

log = logging.getLogger("magic_proxy.router")
_ENCODER = json.JSONEncoder(separators=(",", ":"))


class Router:
    """Asks providers; what it needs to know of the configuration comes with each request."""

    def __init__(self, keys: KeyPool) -> None:
        self.keys = keys

    @cached_property
    def upstream(self) -> "Upstream":
        """Made at first use: importing it and reading the certificates takes longer than the rest of the start."""
        from magic_proxy.upstream import Upstream

        return Upstream()

    async def close(self) -> None:
        if "upstream" in vars(self):
            await self.upstream.close()

    async def send(self, config: Config, path: str, body: Body, outcome: Outcome) -> Said:
        """What the first profile says that answers; else `ApiError`."""
        failed, turns = list[Failed](), dict[str, int]()
        for profile in known(config, body["model"]):
            name, provider, params = profile.model_name, profile.provider, profile.model_params
            outcome.profile, outcome.provider, outcome.model = name, provider, params.model
            asked, own = _asked(profile, path, body)
            if provider == "local" and params.api_base is None:
                if path == "/responses":
                    failed.append(Failed(f"{name}: it answers chat and embeddings only", status=404))
                    continue
                return _locally(profile, path, asked, outcome)
            host = (params.api_base or API_BASES[provider]).rstrip("/")
            # What fails on one path may well answer on another.
            use = name + path
            keys, resting = self.keys.in_turn(profile.pool, host, use, turns)
            if not keys:
                failed += resting or [Failed(f"{name}: no usable key in keys_pool/keys_pool_{profile.pool}.env")]
            for tried, key in enumerate(keys, 1):
                outcome.key, outcome.tries = key.place, outcome.tries + 1
                try:
                    with tracing.span(f"ask {provider} for {params.model}"):
                        said = await self._try(config.router_settings, provider, host + path, key, asked, own, outcome)
                except Failed as failure:
                    failure.why = secrets.mask(f"{name}: {failure.why}")
                    log.warning("%s", failure.why)
                    failed.append(failure)
                    self.keys.failed(failure, host, key, use, config.key_management_settings)
                    if not failure.keys:
                        raise failures.told(body["model"], [failure]) from failure
                    if tried >= failure.keys:
                        break
                else:
                    self.keys.answered(host, key, use)
                    return said
        error = failures.told(body["model"], failed)
        log.error("%s", error)
        raise error

    async def _try(
        self, settings: Settings, provider: str, url: str, key: Key, body: Body, own: set[str], outcome: Outcome
    ) -> Said:
        from magic_proxy import upstream

        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if key.value:
            headers["authorization"] = f"Bearer {key.value}"
        content = _ENCODER.encode(body).encode()
        ends = asyncio.timeout_at(outcome.began + settings.total_timeout)
        try:
            async with AsyncExitStack() as stack, ends:
                asks = self.upstream.ask("POST", url, headers, content, settings.timeout)
                response = await stack.enter_async_context(asks)
                outcome.request_id = failures.request_id(response.headers)
                if response.status != 200:
                    said = (await _read(response, LARGEST_ERROR)).decode("utf-8", "replace")
                    raise failures.of(provider, response.status, response.headers, said, own)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise StreamFailed("it answered in an encoding that was not asked for")
                if not body.get("stream"):
                    return await _whole(response, HOLDS[url.rsplit("/", 1)[1]], outcome)
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise StreamFailed("it answered with something that is no stream")
                blocks = events.checked(response.body, outcome.saw)
                # Only once something came is it an answer: until then the next profile may still take over.
                first = await events.first(blocks)
                return _rest(stack.pop_all(), first, blocks)
        except TimeoutError as error:
            why = f"no answer had begun within {settings.total_timeout:g} s"
            raise Failed(why, keys=0, status=504, error={"code": "timeout"}) from error
        except (*upstream.ERRORS, StreamFailed) as error:
            why, sent = f"{provider} failed: {type(error).__name__}: {error}", getattr(error, "error", None)
            if isinstance(error, upstream.NOT_REACHED):
                raise Failed(why, "" if _is_our_own_lack(error) else "host") from error
            raise Failed(why, "profile", 2, 502 if sent else None, failures.fields(sent)) from error


def _is_our_own_lack(error: BaseException | None) -> bool:
    """Whether there was no descriptor left to connect with: the host has no part in that."""
    while error and getattr(error, "errno", None) not in (errno.EMFILE, errno.ENFILE):
        # A host with several addresses fails at each of them.
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__ or error.__context__
    return error is not None


def _asked(profile: Profile, path: str, body: Body) -> tuple[Body, set[str]]:
    """The request with the profile's model and its parameters where the client gave none, and the names of these."""
    params = profile.model_params.model_dump(include=DEFAULTS.get(path, set()), exclude_none=True)
    if LIMITS & body.keys():
        params = {name: value for name, value in params.items() if name not in LIMITS}
    if path == "/chat/completions" and isinstance(mode := profile.agent_settings.reasoning_mode, str):
        params["reasoning_effort"] = mode
    if body.get("stream") and path == "/chat/completions" and profile.provider in COUNT_STREAMS:
        params["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
        body = {name: value for name, value in body.items() if name != "stream_options"}
    return {**params, **body, "model": profile.model_params.model}, params.keys() - body.keys()


def known(config: Config, model: str) -> list[Profile]:
    """The profiles to try for what a client asks for; 404 when it is unknown."""
    if chain := config.chain(model):
        return chain
    raise ApiError(404, f"the model {model!r} does not exist; GET /v1/models lists all", "model_not_found")


def _locally(profile: Profile, path: str, body: Body, outcome: Outcome) -> Said:
    chats = path == "/chat/completions"
    said = local.chat(profile, body) if chats else local.embeddings(profile, body)
    outcome.saw(said)
    return local.stream(said, body) if chats and body.get("stream") else json.dumps(said).encode()


async def _rest(stack: AsyncExitStack, first: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    from magic_proxy.upstream import ERRORS

    try:
        async with stack:
            yield first
            async for block in blocks:
                yield block
    except ERRORS as error:
        raise StreamFailed(f"{type(error).__name__}: {error}") from error


async def _read(response: "Answer", most: int) -> bytes:
    """The body, or as much of it, without keys."""
    return secrets.mask_bytes(await bodies.up_to(most, response.body))


async def _whole(response: "Answer", holds: str, outcome: Outcome) -> bytes:
    """The body, once it is known to be a JSON object that has what was asked for."""
    body = await _read(response, LARGEST_ANSWER)
    try:
        value = json.loads(body) if len(body) <= LARGEST_ANSWER else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise StreamFailed("it answered with something that is no JSON object, or more than can be")
    events.refuse_error(value)
    if value.get(holds) is None:
        raise StreamFailed(f"it answered without {holds}")
    if holds == "choices" and value[holds] != [choice for choice in choices(value) if choice]:
        raise StreamFailed("it answered with choices that are none")
    outcome.saw(value)
    return body
