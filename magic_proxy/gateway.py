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
        self.keys = KeyPool(Path(os.environ.get("KEYS_POOL", "keys_pool")))
        self.reload()
        redis = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
        self.stores = Stores(os.environ.get("KAFKA_BROKER", "localhost:9092"), redis)
        self.cache = Cache(self.stores.redis)
        self.sessions = Sessions(self.stores.redis, self.stores.reading)
        self.router = Router(self.keys)

    def replace(self, text: str, name: str) -> None:
        """Another configuration from the next request on; `ConfigError`, and nothing changes, when it is not valid."""
        self.config, self.text = config.parse(text, name), text
        log.info("the configuration was replaced by %s: %s", name, ", ".join(self.config.models()))

    def reload(self) -> None:
        """The file and the keys anew; `ConfigError`, and nothing changes, when the file is not valid."""
        self.config, self.text = config.load(self.path)
        self.keys.load()
        self.client_key = env_key("gateway.env", "GATEWAY_API_KEY")
        log.info("the configuration was read: %s", ", ".join(self.config.models()))

    async def stop(self) -> None:
        """Closes what is open."""
        self.sessions.close()
        await asyncio.gather(self.router.close(), self.stores.stop(), return_exceptions=True)


def env_key(file: str, name: str) -> str | None:
    """A key of the folder `env/`, read when it is asked for: a new one needs no restart."""
    path = Path(os.environ.get("TOOL_KEYS", "env")) / file
    try:
        return next((value for _, given, value in secrets.read(path) if given in (name, "")), None)
    except OSError:
        return None
