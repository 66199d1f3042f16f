"""proxy_config.yaml: read and checked as a whole; what is wrong is told with its line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Text = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
Provider = Literal["google", "openai", "mistral", "anthropic", "deepseek", "local"]


Place = tuple[str | int, ...]


class ConfigError(Exception):
    """What is wrong, and where: `FILE:LINE: WHAT`, one a line."""


class Part(BaseModel):
    """A part of the file, or whatever is as strict: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


class ModelParams(Part):
    model: Text
    api_base: Url | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)


class ProfileAgent(Part):
    reasoning_mode: str | bool | None = None


class Profile(Part):
    """One entry of the catalogue."""

    model_name: Text
    provider: Provider
    model_params: ModelParams
    agent_settings: ProfileAgent = ProfileAgent()


class Router(Part):
    model_group_alias: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    timeout: float = Field(default=60, gt=0)
    """Seconds that a provider may be silent."""
    max_parallel_requests: int = Field(default=512, gt=0)
    """How many requests of clients may be answered at once; further ones get 429."""


class Agent(Part):
    mcp_server_url: Url = "http://localhost:8002"


class Streaming(Part):
    typewriter_mode: Literal["proxy", "client"] = "proxy"


class CacheRule(Part):
    models: list[str] = ["*"]
    """Patterns of what clients ask for (`*` and `?`)."""
    include: list[str] | None = None
    """The fields of a request that tell answers apart; without it all but `user`, `metadata` and the like."""
    ttl_seconds: int | None = Field(default=None, gt=0)


class Cache(Part):
    enabled: bool = False
    ttl_seconds: int = Field(default=3600, gt=0)
    rules: list[CacheRule] = [CacheRule()]
    """The first that matches decides; what none matches is not cached."""


class KeyManagement(Part):
    enable_quarantine: bool = True
    quarantine_seconds: float = Field(default=60, gt=0)
    """How long, unless the provider says when to come back."""


class Config(Part):
    """The whole file."""

    definitions: Any = None
    model_list: list[Profile] = []
    router_settings: Router = Router()
    agent_settings: Agent = Agent()
    streaming_settings: Streaming = Streaming()
    cache_settings: Cache = Cache()
    key_management_settings: KeyManagement = KeyManagement()
    provider_model_lists: dict[Provider, list[str]] = {}

    def chain(self, model: str) -> list[Profile]:
        """The profiles to try for what a client asks for; empty when it is unknown."""
        names = self.router_settings.model_group_alias.get(model, [model])
        return [profile for name in names for profile in self.model_list if profile.model_name == name]

    def models(self) -> list[str]:
        """What a client may ask for: aliases first."""
        return list(dict.fromkeys([*self.router_settings.model_group_alias, *(p.model_name for p in self.model_list)]))

    def contradictions(self) -> Iterator[tuple[Place, str]]:
        """What no single value shows: places and words."""
        names = [profile.model_name for profile in self.model_list]
        for place, profile in enumerate(self.model_list):
            if profile.model_name in names[:place]:
                yield ("model_list", place, "model_name"), f"{profile.model_name!r} is there twice"
            known = self.provider_model_lists.get(profile.provider, [profile.model_params.model])
            if profile.model_params.model not in known:
                at = ("model_list", place, "model_params", "model")
                yield at, f"is not in provider_model_lists.{profile.provider}"
        for alias, chain in self.router_settings.model_group_alias.items():
            for place, name in enumerate(chain):
                if name not in names:
                    what = f"names {name!r}, which is not in model_list"
                    yield ("router_settings", "model_group_alias", alias, place), what


def load(path: Path) -> tuple[Config, str]:
    """The configuration and its text, or `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from error
    return parse(text, str(path)), text


def parse(text: str, name: str) -> Config:
    """The configuration that `text` holds, or `ConfigError` with its places in the file called `name`."""
    lines: dict[Place, int] = {(): 1}
    try:
        _walk(yaml.compose(text, Loader=yaml.SafeLoader), (), lines)
        config = Config.model_validate(yaml.safe_load(text) or {})
        problems = [*config.contradictions()]
    except ValidationError as error:
        # Without the value itself: it could be a key in the wrong place.
        problems = [(problem["loc"], problem["msg"][:1].lower() + problem["msg"][1:]) for problem in error.errors()]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", error)
        raise ConfigError(f"{name}:{mark.line + 1 if mark else 1}: not valid YAML: {what}") from error
    told = []
    for place, what in problems:
        nearest = next(place[:size] for size in range(len(place), -1, -1) if place[:size] in lines)
        told.append(f"{name}:{lines[nearest]}: {'.'.join(map(str, place)) or 'the file'}: {what}")
    if told:
        raise ConfigError("\n".join(told))
    return config


def _walk(node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> None:
    """Fills in every place's line; a key that is there twice, which YAML's reader takes as it comes, is refused."""
    # The limits are for aliases of aliases.
    if len(place) > 12 or len(lines) > 20_000:
        return
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines.setdefault((*place, index), item.start_mark.line + 1)
            _walk(item, (*place, index), lines)
    elif isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for index, (key, value) in enumerate(node.value):
            if key.value == "<<":
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    _walk(merged, place, lines)
                continue
            if key.value in keys[:index]:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark)
            lines.setdefault((*place, key.value), key.start_mark.line + 1)
            _walk(value, (*place, key.value), lines)
