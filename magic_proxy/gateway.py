"""What the requests share: the configuration of the moment, keys, stores, cache and providers."""

import asyncio
import logging
import os
from pathlib import Path

from magic_proxy import clients, config, router
from magic_proxy.cache import Cache
from magic_proxy.clients import Client, env_key
from magic_proxy.errors import ApiError
from magic_proxy.keys import KeyPool
from magic_proxy.limits import Limits
from magic_proxy.router import Router
from magic_proxy.sessions import Sessions
from magic_proxy.stores import Stores

log = logging.getLogger("magic_proxy.gateway")


class Gateway:
    """One process's gateway; to be made where an event loop runs."""

    def __init__(self) -> None:
        self.path = Path(os.environ.get("PROXY_CONFIG", "proxy_config.yaml"))
        self.clients: dict[bytes, Client] = {}
        """By the digest of their keys; when there are none, no key is needed."""
        self.client_key: str | None = None
        """The first of those that may use models: what agents ask mcp-server with."""
        self.admin_key: str | None = None
        self._key_files: list[str] = []
        self.keys = KeyPool(Path(os.environ.get("KEYS_POOL", "keys_pool")))
        self.reload()
        redis = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
        self.stores = Stores(os.environ.get("KAFKA_BROKER", "localhost:9092"), redis)
        self.cache = Cache(self.stores.redis)
        self.limits = Limits(self.stores.redis)
        self.sessions = Sessions(self.stores.redis, self.stores.reading)
        self.router = Router(self.keys)

    def reload(self) -> None:
        """The file and the keys, read again; `ConfigError`, and nothing changes, when one of them is not valid."""
        read, text = config.load(self.path)
        client, admin = env_key("gateway.env", "GATEWAY_API_KEY"), env_key("admin.env", "ADMIN_API_KEY")
        named = clients.listed()
        files = [file for file, held in (("gateway.env", client), ("gateway.yaml", named)) if held]
        for file in self._key_files:
            if file not in files:
                raise config.ConfigError(f"env/{file} is gone: restart the gateway to do without its keys")
        everyone = ([clients.unlimited("gateway.env", client)] if client else []) + named
        keys = [*(one.key for one in everyone), *([admin] if admin else [])]
        if len({*keys}) < len(keys):
            raise config.ConfigError("two of env/gateway.env, gateway.yaml and admin.env hold the same key")
        self.config, self.text, self.admin_key, self._key_files = read, text, admin, files
        self.clients = {clients.digest(one.key.encode()): one for one in everyone}
        self.client_key = next((one.key for one in everyone if one.models), None)
        self.keys.load()
        log.info("the configuration was read: %s", ", ".join(self.config.models()))
        if everyone:
            log.info("clients need the key of %s", ", ".join(one.name for one in everyone))
        else:
            log.warning("clients need no key: there is no env/gateway.env with GATEWAY_API_KEY, nor env/gateway.yaml")
        log.info("/admin is %s", "there for the key of env/admin.env" if admin else "off: there is no env/admin.env")

    def client_named(self, name: str) -> Client:
        """Whose task it is. Who reaches Kafka may write any name: one that no file has may do nothing.

        Only where there are no clients at all it is anyone's.
        """
        other = clients.UNKNOWN if self.clients else clients.ANYONE
        return next((one for one in self.clients.values() if one.name == name), other)

    def allow(self, model: str) -> None:
        """404 when the current client may not ask for `model`."""
        router.known(self.config, model)
        if not clients.current.get().may_ask_for(model):
            told = f"the model {model!r} is not for this key; GET /v1/models lists those that are"
            raise ApiError(404, told, "model_not_found")

    async def admit(self, model: str, again: bool = False) -> None:
        """The same, and 429 when it may ask no more for now; `again` for a further step of what was admitted."""
        self.allow(model)
        await self.limits.admit(clients.current.get(), again)

    async def missing(self, part: str) -> dict[str, str]:
        """What keeps the whole gateway, or `/chat`, from its work: by name; empty where nothing does."""
        answers = any(self.router.answers(profile) for profile in self.config.model_list)
        needed = {"keys": "" if answers else "no profile has a key that may be used"}
        if part == "/chat" and not any(client.has_limits for client in self.clients.values()):
            return needed
        away = await self.stores.recent_health()
        # Only agents' sessions need Kafka.
        return needed | {name: why for name, why in away.items() if part != "/chat" or name != "kafka"}

    async def stop(self) -> None:
        """Closes what is open."""
        self.sessions.close()
        await self.limits.stop()
        await asyncio.gather(self.router.close(), self.stores.stop(), return_exceptions=True)
