"""proxy_config.yaml: read and checked as a whole; what is wrong is told with its line."""

import logging
import re
from collections.abc import Collection, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Text = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
Provider = Literal["google", "openai", "mistral", "anthropic", "deepseek", "openai_compatible", "local"]


# A file has a few hundred nodes; those that are reached by aliases and merges count each time.
LARGEST, MOST_NODES = 128 << 10, 20_000
IN_THE_CLEAR = "http:// would send a key in the clear: use https://, or a host of your own network"
_PLAIN_HOST = re.compile(r"http://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?(?:/|$)")

Place = tuple[str | int, ...]

log = logging.getLogger("magic_proxy.config")


class ConfigError(Exception):
    """What is wrong, and where: `FILE:LINE: WHAT`, one a line."""


class Part(BaseModel):
    """A part of the file, or whatever is as strict: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


class File(Part):
    """A whole file."""

    def contradictions(self) -> Iterator[tuple[Place, str]]:
        """What no single value shows: places and words."""
        raise NotImplementedError


Form = TypeVar("Form", bound=File)


class ModelParams(Part):
    model: Text
    api_base: Url | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)


class ProfileAgent(Part):
    reasoning_mode: str | bool | None = None


class Profile(Part):
    """One entry of the catalogue."""

    model_name: Text
    provider: Provider
    keys: Text | None = None
    """Of `openai_compatible` only: the file `keys_pool_<keys>.env` whose keys it uses."""
    model_params: ModelParams
    agent_settings: ProfileAgent = ProfileAgent()

    @property
    def pool(self) -> str:
        """Whose keys it uses."""
        return self.keys or self.provider


class Router(Part):
    model_group_alias: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    timeout: float = Field(default=60, gt=0)
    """Seconds that a provider may be silent."""
    total_timeout: float = Field(default=300, gt=0)
    """Seconds until an answer must have begun, however many are asked for it."""
    max_parallel_requests: int = Field(default=512, gt=0)
    """How many requests of clients may be answered at once; further ones get 429."""


class Agent(Part):
    mcp_server_url: Url = "http://localhost:8002"


class Streaming(Part):
    typewriter_mode: Literal["proxy", "client"] = "client"
    """`proxy` is an old word: text is paced by those who show it."""


class CacheRule(Part):
    models: list[str] = ["*"]
    """Patterns of what clients ask for (`*` and `?`)."""
    include: list[str] | None = None
    """The fields of a request that tell answers apart; without it all but `user`, `metadata` and the like."""
    ttl_seconds: int | None = Field(default=None, gt=0)


class Cache(Part):
    enabled: bool = False
    ttl_seconds: int = Field(default=3600, gt=0)
    rules: list[CacheRule] = []
    """The first that matches decides; what none matches is not cached."""


class KeyManagement(Part):
    enable_quarantine: bool = True
    quarantine_seconds: float = Field(default=60, gt=0)
    """How long, unless the provider says when to come back."""


class Config(File):
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
        names = [profile.model_name for profile in self.model_list]
        for place, profile in enumerate(self.model_list):
            at, params = ("model_list", place), profile.model_params
            if profile.model_name in names[:place]:
                yield (*at, "model_name"), f"{profile.model_name!r} is there twice"
            if params.model not in self.provider_model_lists.get(profile.provider, [params.model]):
                yield (*at, "model_params", "model"), f"is not in provider_model_lists.{profile.provider}"
            compatible = profile.provider == "openai_compatible"
            if compatible and not (profile.keys and params.api_base):
                yield at, "openai_compatible needs `keys` and `model_params.api_base`"
            if profile.keys and not compatible:
                yield (*at, "keys"), "is for openai_compatible: other providers have files of their own"
            if profile.provider != "local" and not _keeps_secrets(params.api_base):
                yield (*at, "model_params", "api_base"), IN_THE_CLEAR
        if not _keeps_secrets(self.agent_settings.mcp_server_url):
            yield ("agent_settings", "mcp_server_url"), IN_THE_CLEAR
        for alias, chain in self.router_settings.model_group_alias.items():
            for place, name in enumerate(chain):
                if name not in names:
                    what = f"names {name!r}, which is not in model_list"
                    yield ("router_settings", "model_group_alias", alias, place), what


def _keeps_secrets(url: str | None) -> bool:
    """Whether a key that is sent there is read by nobody on the way: HTTPS, or a machine at hand."""
    if url is None or url.startswith("https://"):
        return True
    # Whatever is not plainly a host could be read as another one.
    if not (found := _PLAIN_HOST.match(url)):
        return False
    host = found[1].strip("[]").lower()
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))
    return (address.is_loopback or address.is_private) and not (address.is_link_local or address.is_unspecified)


def load(path: Path) -> tuple[Config, str]:
    """The configuration and its text, or `ConfigError`."""
    text = read(path)
    config = parse(text, str(path))
    if config.streaming_settings.typewriter_mode == "proxy":
        log.warning("%s: typewriter_mode is taken for `client`: the gateway paces no text any more", path)
    return config, text


def read(path: Path) -> str:
    """The text, as much of it as may be and one more character; or `ConfigError`."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from error


def parse(text: str, name: str) -> Config:
    """The configuration that `text` holds, or `ConfigError` with its places in the file called `name`."""
    return parse_as(Config, text, name)


def parse_as(form: type[Form], text: str, name: str, words: Collection[str] | None = None) -> Form:
    """The same for a file of another form; of one that holds keys only `words` are told: any other may be a key."""
    try:
        root, value = _yaml(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = error.problem if words is None else type(error).__name__
        raise ConfigError(f"{name}:{line}: not valid YAML: {what}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{name}:1: not valid YAML: {error}") from None
    try:
        file = form.model_validate(value)
        problems = [*file.contradictions()]
    except ValidationError as error:
        # Without the value itself: it could be a key in the wrong place.
        problems = [(problem["loc"], problem["msg"][:1].lower() + problem["msg"][1:]) for problem in error.errors()]
    told = []
    for place, what in problems:
        known = ".".join(str(word) for word in place if words is None or word in words)
        told.append(f"{name}:{_line(root, place)}: {known or 'the file'}: {what}")
    if told:
        raise ConfigError("\n".join(told))
    return file


def _yaml(text: str) -> tuple[yaml.Node | None, Any]:
    """The nodes and what they stand for, once these are known to be few."""
    if len(text) > LARGEST:
        raise ValueError(f"it is longer than {LARGEST} characters")
    loader = yaml.SafeLoader(text)
    root = loader.get_single_node()
    if _size(root, {}) > MOST_NODES:
        raise ValueError("it has too many nodes")
    try:
        return root, (root and loader.construct_document(root)) or {}
    except (ValueError, LookupError, AttributeError, ArithmeticError) as error:
        # PyYAML takes whatever has a tag for what the tag says; its own words would tell the value, maybe a key.
        raise ValueError("a value is not what its tag or form says") from error


def _parts(node: yaml.Node | None) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """What is directly inside of a node: its name or number, what gives it that name, and itself."""
    if isinstance(node, yaml.MappingNode):
        return [(key.value, key, value) for key, value in node.value]
    entries = node.value if isinstance(node, yaml.SequenceNode) else []
    return [(str(number), entry, entry) for number, entry in enumerate(entries)]


def _size(node: yaml.Node | None, sizes: dict[yaml.Node | None, int]) -> int:
    """How many nodes it has with all aliases followed: whatever reads it may have to look at each of them.

    A key that is there twice, which YAML's reader takes as it comes, is refused, and so is one that is no plain text.
    """
    if node not in sizes:
        parts, names = _parts(node), set[str]()
        # What is inside of itself is not followed, but a merge may copy it.
        sizes[node] = len(parts)
        for name, key, _ in parts:
            if not isinstance(name, str):
                raise yaml.MarkedYAMLError(problem="a key is no plain text", problem_mark=key.start_mark)
            if name in names:
                raise yaml.MarkedYAMLError(problem=f"the key {name!r} is there twice", problem_mark=key.start_mark)
            names.add(name)
        sizes[node] = 1 + sum(_size(part, sizes) for _, _, part in parts)
    return sizes[node]


def _line(node: yaml.Node | None, place: Place) -> int:
    """Where the nearest of what a place names begins; merges have been made, and of two keys the last holds."""
    line = 1
    for name in map(str, place):
        parts = {given: (key, part) for given, key, part in _parts(node)}
        if name not in parts:
            break
        key, node = parts[name]
        line = key.start_mark.line + 1
    return line
