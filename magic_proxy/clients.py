"""Who may use the gateway, and how much of it: env/gateway.env has one key, env/gateway.yaml several with names."""

import hashlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from magic_proxy import config, secrets
from magic_proxy.config import ConfigError


class Client(config.Part):
    """One key and what it may do."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    key: Annotated[str, Field(pattern=r"^[!#-&(-_a-~]{8,512}$", repr=False)]
    models: list[str] = Field(default=["*"])
    """Patterns of what it may ask for (`*` and `?`); who may ask for none may use no tools either."""
    requests_per_minute: PositiveInt | None = None
    tokens_per_day: PositiveInt | None = None
    tokens_per_month: PositiveInt | None = None
    """Days and months of UTC."""
    metrics: bool = False
    """Whether it may read /metrics, which tells of all clients."""

    def may_ask_for(self, model: str) -> bool:
        return any(fnmatchcase(model, pattern) for pattern in self.models)

    @property
    def has_limits(self) -> bool:
        """Whether Redis counts what it does."""
        return bool(self.requests_per_minute or self.tokens_per_day or self.tokens_per_month)


class Clients(config.File):
    """env/gateway.yaml."""

    clients: Annotated[list[Client], Field(min_length=1)]

    def contradictions(self) -> Iterator[tuple[config.Place, str]]:
        for field in ("name", "key"):
            given = [getattr(client, field) for client in self.clients]
            for place, value in enumerate(given):
                if value in given[:place]:
                    yield ("clients", place, field), "another client has the same"
        for place, client in enumerate(self.clients):
            if client.name in (ANYONE.name, UNKNOWN.name):
                yield ("clients", place, "name"), "is what the gateway calls those that are in no file"


def unlimited(name: str, key: str = "") -> Client:
    """Where no file says more of it; a client of a file has no dot in its name."""
    return Client.model_construct(name=name, key=key)


# Who asks where no key is needed; whose key is none of these; who may change the configuration.
ANYONE, UNKNOWN, ADMIN = map(unlimited, ("anyone", "unknown", "admin.env"))
current: ContextVar[Client] = ContextVar("client", default=ANYONE)
"""Whose request, or whose session, is being worked on."""


def digest(key: bytes) -> bytes:
    """What keys are looked up by: how long that takes tells nothing of them."""
    return hashlib.sha256(key).digest()


def listed() -> list[Client]:
    """Those of env/gateway.yaml; none only where there is no such file."""
    path = there("gateway.yaml")
    if path is None:
        return []
    words = {*Clients.model_fields, *Client.model_fields}
    clients = config.parse_as(Clients, config.read(path), str(path), words).clients
    secrets.remember(client.key for client in clients)
    return clients


def env_key(file: str, name: str) -> str | None:
    """A key of the folder `env/`, read when it is asked for: a new one needs no restart.

    Only where there is no such file no key is wanted; whatever else stands there must be one, or it is `ConfigError`.
    """
    path = there(file)
    if path is None:
        return None
    try:
        found = [(given, value) for _, given, value in secrets.read(path) if given in (name, "")]
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    given, value = found[0] if len(found) == 1 else ("", "")
    plain = value.isascii() and value.isprintable() and not set(value) & set(" \"'`")
    # A line that was not understood is taken for a bare key.
    whole = given or not ("=" in value.rstrip("=") or name in value.upper())
    if not (value and plain and whole):
        raise ConfigError(f"{path} should have one line `{name}=KEY`, the key without spaces and quotes")
    return value


def there(file: str) -> Path | None:
    """A file of the folder `env/`; `None` only where there is nothing of that name."""
    folder = Path(os.environ.get("TOOL_KEYS", "env"))
    path = folder / file
    try:
        if folder.is_symlink() and not folder.exists():
            raise ConfigError(f"{folder} is a link that leads nowhere: put a folder in its place, or remove it")
        # Not what a link leads to: one that leads nowhere is no missing file.
        path.lstat()
        if path.is_file():
            return path
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    raise ConfigError(f"{path} is not a file: put one in its place, or remove it")
