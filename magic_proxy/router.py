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
from magic_proxy.events import Said
from magic_proxy.failures import Failed
from magic_proxy.keys import Key, KeyPool, Target
from magic_proxy.outcome import Outcome, objects

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
CHAT = "/chat/completions"
# What an answer has, by what was asked.
HOLDS = {CHAT: "choices", "/embeddings": "data", "/responses": "id"}
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
            await self.upstream.aclose()

    def answers(self, profile: Profile) -> bool:
        """Whether it can be asked for chat now."""
        return _is_offline(profile) or bool(self.keys.usable(_target(profile, CHAT))[0])

    async def send(self, config: Config, path: str, body: Body, outcome: Outcome) -> Said:
        """What the first profile says that answers; else `ApiError`."""
        failed = list[Failed]()
        for profile in known(config, body["model"]):
            name, model = profile.model_name, profile.model_params.model
            outcome.profile, outcome.model = name, model
            asked, own = _asked(profile, path, body)
            if _is_offline(profile):
                if path in local.ANSWERS:
                    return local.answer(path, asked, outcome)
                failed.append(Failed(f"{name}: it answers chat and embeddings only", status=404))
                continue
            target = _target(profile, path)
            keys, resting = self.keys.in_turn(target)
            if not keys:
                failed += resting or [Failed(f"{name}: no usable key in keys_pool/keys_pool_{target.pool}.env")]
            for tried, key in enumerate(keys, 1):
                outcome.key, outcome.tries = key.place, outcome.tries + 1
                try:
                    with tracing.span(f"ask {profile.provider} for {model}"):
                        said = await self._try(config.router_settings, target.host, path, key, asked, own, outcome)
                except Failed as failure:
                    failure.why = secrets.mask(f"{name}: {failure.why}")
                    log.warning("%s", failure.why)
                    failed.append(failure)
                    self.keys.failed(failure, target, key, config.key_management_settings)
                    if not failure.keys:
                        raise failures.told(body["model"], [failure]) from failure
                    if tried >= failure.keys:
                        break
                else:
                    self.keys.answered(target, key)
                    return said
        error = failures.told(body["model"], failed)
        log.error("%s", error)
        raise error

    async def _try(
        self, settings: Settings, host: str, path: str, key: Key, body: Body, own: set[str], outcome: Outcome
    ) -> Said:
        """What a provider says; else `Failed`. `own` are the parameters of the body that the profile put in."""
        from magic_proxy import upstream

        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if key.value:
            headers["authorization"] = f"Bearer {key.value}"
        content = _ENCODER.encode(body).encode()
        ends = asyncio.timeout_at(outcome.began + settings.total_timeout)
        try:
            async with AsyncExitStack() as stack, ends:
                asks = self.upstream.ask("POST", host + path, headers, content, settings.timeout)
                response = await stack.enter_async_context(asks)
                outcome.request_id = failures.request_id(response.headers)
                if response.status != 200:
                    said = (await _read(response, LARGEST_ERROR)).decode("utf-8", "replace")
                    raise failures.of(response.status, response.headers, said, own)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise failures.garbled("it answered in an encoding that was not asked for")
                if not body.get("stream"):
                    return await _whole(response, HOLDS[path], outcome)
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise failures.garbled("it answered with something that is no stream")
                # What the client did not ask for is taken out again.
                with_usage = events.wants_usage(body) and "stream_options" not in own
                blocks = events.checked(response.body, outcome.saw, with_usage)
                # Only once something came is it an answer: until then the next profile may still take over.
                return _rest(stack.pop_all(), await anext(blocks), blocks)
        except TimeoutError as error:
            why = f"no answer had begun within {settings.total_timeout:g} s"
            raise Failed(why, keys=0, status=504, error={"code": "timeout"}) from error
        except upstream.NOT_REACHED as error:
            raise Failed(f"{type(error).__name__}: {error}", "" if _is_our_own_lack(error) else "host") from error
        except upstream.ERRORS as error:
            raise failures.garbled(f"{type(error).__name__}: {error}") from error


def known(config: Config, model: str) -> list[Profile]:
    """The profiles to try for what a client asks for; 404 when it is unknown."""
    if chain := config.chain(model):
        return chain
    raise ApiError(404, f"the model {model!r} does not exist; GET /v1/models lists all", "model_not_found")


def _is_offline(profile: Profile) -> bool:
    return profile.provider == "local" and profile.model_params.api_base is None


def _target(profile: Profile, path: str) -> Target:
    """What fails on one path may well answer on another."""
    base = profile.model_params.api_base or API_BASES.get(profile.provider, "")
    return Target(profile.pool, base.rstrip("/"), profile.model_name + path)


def _asked(profile: Profile, path: str, body: Body) -> tuple[Body, set[str]]:
    """The request with the profile's model and its parameters where the client gave none, and the names of these."""
    asked, params = {**body, "model": profile.model_params.model}, Body()
    if path == CHAT:
        params = profile.model_params.model_dump(exclude={"model", "api_base"}, exclude_none=True)
        if LIMITS & body.keys():
            params = {name: value for name, value in params.items() if name not in LIMITS}
        if isinstance(mode := profile.agent_settings.reasoning_mode, str):
            params["reasoning_effort"] = mode
        if body.get("stream") and profile.provider in COUNT_STREAMS and not events.wants_usage(body):
            params["stream_options"] = {**(asked.pop("stream_options", None) or {}), "include_usage": True}
    return params | asked, params.keys() - asked.keys()


def _is_our_own_lack(error: BaseException | None) -> bool:
    """Whether there was no descriptor left to connect with: the host has no part in that."""
    while error and getattr(error, "errno", None) not in (errno.EMFILE, errno.ENFILE):
        # A host with several addresses fails at each of them.
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__ or error.__context__
    return error is not None


async def _rest(stack: AsyncExitStack, first: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    from magic_proxy.upstream import ERRORS

    try:
        async with stack:
            yield first
            async for block in blocks:
                yield block
    except ERRORS as error:
        raise failures.garbled(f"{type(error).__name__}: {error}") from error


async def _read(response: "Answer", most: int) -> bytes:
    """The body, or as much of it, without keys."""
    return secrets.mask_bytes(await bodies.up_to(most, response.body))


async def _whole(response: "Answer", holds: str, outcome: Outcome) -> bytes:
    """The body, once it is known to have what was asked for."""
    body = await _read(response, LARGEST_ANSWER)
    if len(body) > LARGEST_ANSWER:
        raise failures.garbled("it answered with more than can be")
    said = events.parsed(body)
    if said.get(holds) is None:
        raise failures.garbled(f"it answered without {holds}")
    if holds == "choices" and said[holds] != [choice for choice in objects(said[holds]) if choice]:
        raise failures.garbled("it answered with choices that are none")
    outcome.saw(said)
    return body
