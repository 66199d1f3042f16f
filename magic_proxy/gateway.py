"""What the requests share: the configuration of the moment, keys, stores, cache and providers."""

import asyncio
import logging
import os
from pathlib import Path

from magic_proxy import config, secrets
from magic_proxy.cache import Cache
from magic_proxy.keys import KeyPool
from magic_proxy.router import Router
from magic_proxy.sessions import Sessions
from magic_proxy.stores import Stores

log = logging.getLogger("magic_proxy.gateway")


class Gateway:
    """One process's gateway; to be made where an event loop runs."""

    def __init__(self) -> None:
        self.path = Path(os.environ.get("PROXY_CONFIG", "proxy_config.yaml"))
        self._on_disk: config.Config
        self.client_key: str | None = None
        self.admin_key: str | None = None
        self.keys = KeyPool(Path(os.environ.get("KEYS_POOL", "keys_pool")))
        self.reload()
        redis = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
        self.stores = Stores(os.environ.get("KAFKA_BROKER", "localhost:9092"), redis)
        self.cache = Cache(self.stores.redis)
        self.sessions = Sessions(self.stores.redis, self.stores.reading)
        self.router = Router(self.keys)

    async def replace(self, text: str, name: str) -> None:
        """Another configuration from the next request on; `ConfigError`, and nothing changes, when it is not valid."""
        # In a thread: nobody else waits for it.
        parsed = await asyncio.to_thread(config.parse, text, name)
        if told := [*parsed.leads_astray(self._on_disk)]:
            raise config.ConfigError("\n".join(f"{name}: {what}" for what in told))
        self.config, self.text = parsed, text
        log.info("the configuration was replaced by %s: %s", name, ", ".join(self.config.models()))

    def reload(self) -> None:
        """The file and the keys, read again; `ConfigError`, and nothing changes, when one of them is not valid."""
        read, text = config.load(self.path)
        client, admin = env_key("gateway.env", "GATEWAY_API_KEY"), env_key("admin.env", "ADMIN_API_KEY")
        if self.client_key and not client:
            raise config.ConfigError("env/gateway.env is gone: restart the gateway to ask clients for no key any more")
        if client and client == admin:
            raise config.ConfigError("env/gateway.env and env/admin.env hold the same key: take another one for admins")
        self.config, self._on_disk, self.text, self.client_key, self.admin_key = read, read, text, client, admin
        self.keys.load()
        log.info("the configuration was read: %s", ", ".join(self.config.models()))
        if client:
            log.info("clients need the key of env/gateway.env")
        else:
            log.warning("clients need no key: there is no env/gateway.env with GATEWAY_API_KEY")
        log.info("/admin is %s", "there for the key of env/admin.env" if admin else "off: there is no env/admin.env")

    async def stop(self) -> None:
        """Closes what is open."""
        self.sessions.close()
        await asyncio.gather(self.router.close(), self.stores.stop(), return_exceptions=True)


def env_key(file: str, name: str) -> str | None:
    """A key of the folder `env/`, read when it is asked for: a new one needs no restart.

    Only where there is no such file no key is wanted; whatever else stands there must be one, or it is `ConfigError`.
    """
    path = Path(os.environ.get("TOOL_KEYS", "env")) / file
    try:
        # Not what a link leads to: one that leads nowhere is no missing file.
        path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise config.ConfigError(f"{path} can't be read: {error.strerror}") from error
    try:
        if not path.is_file():
            raise config.ConfigError(f"{path} is no file: put `{name}=KEY` into one, or remove it")
        found = [(given, value) for _, given, value in secrets.read(path) if given in (name, "")]
    except OSError as error:
        raise config.ConfigError(f"{path} can't be read: {error.strerror}") from error
    given, value = found[0] if len(found) == 1 else ("", "")
    plain = value.isascii() and value.isprintable() and not set(value) & set(" \"'`")
    # A line that was not understood is taken for a bare key.
    whole = given or not ("=" in value.rstrip("=") or name in value.upper())
    if not (value and plain and whole):
        raise config.ConfigError(f"{path} should have one line `{name}=KEY`, the key without spaces and quotes")
    return value
