"""The keys of the providers: which may be used, which rest, which are useless."""

import asyncio
import itertools
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from magic_proxy import secrets

State = Literal["active", "quarantined", "retired"]

log = logging.getLogger("magic_proxy.keys")


@dataclass(eq=False)
class Key:
    """A key and how it stands; `place` is what logs call it."""

    value: str = field(repr=False)
    place: str
    state: State = "active"
    until: float = 0
    """When the quarantine ends, on the event loop's clock."""


class KeyPool:
    """The keys of `keys_pool/keys_pool_<provider>.env`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: dict[str, list[Key]] = {}
        self._turn = 0

    def load(self) -> None:
        """Reads the files anew: each key gets another chance."""
        for key in itertools.chain(*self._keys.values()):
            # So that none of these is told to be back.
            key.state = "retired"
        files = sorted(self.folder.glob("keys_pool_*.env"))
        self._keys = {path.stem.removeprefix("keys_pool_"): _read(path) for path in files}
        log.info("keys: %s", ", ".join(f"{name} {len(pool)}" for name, pool in self._keys.items()) or "none")

    def in_turn(self, provider: str) -> list[Key]:
        """The active keys, each time beginning with another one."""
        pool = self._keys.get(provider, [])
        start = self._turn % max(1, len(pool))
        self._turn += 1
        return [key for key in pool[start:] + pool[:start] if key.state == "active"]

    def retire(self, key: Key, why: str) -> None:
        """Not used again until the files are read anew."""
        key.state = "retired"
        log.error("key %s is retired: %s", key.place, why)

    def quarantine(self, key: Key, seconds: float, why: str) -> None:
        """Not used for a while; a timer returns it."""
        if key.state == "active":
            key.state = "quarantined"
            key.until = asyncio.get_running_loop().call_later(seconds, self._return, key).when()
            log.warning("key %s is in quarantine for %.0f s: %s", key.place, seconds, why)

    def _return(self, key: Key) -> None:
        if key.state == "quarantined":
            key.state = "active"
            log.info("key %s is back from quarantine", key.place)

    def back_in(self, providers: set[str]) -> float | None:
        """Seconds until the first quarantined key of `providers` returns."""
        keys = [key for name in providers for key in self._keys.get(name, []) if key.state == "quarantined"]
        return min(key.until for key in keys) - asyncio.get_running_loop().time() if keys else None

    def counts(self) -> dict[str, dict[str, int]]:
        """How many keys are in each state, by provider."""
        return {
            name: {state: sum(key.state == state for key in pool) for state in get_args(State)}
            for name, pool in self._keys.items()
        }


def _read(path: Path) -> list[Key]:
    keys: dict[str, Key] = {}
    try:
        for number, _, value in secrets.read(path):
            place = f"{path.name}:{number}"
            if value.isascii() and value.isprintable() and " " not in value:
                keys.setdefault(value, Key(value, place))
            else:
                log.warning("%s is left out: a key has no spaces and only printable ASCII", place)
    except OSError as error:
        log.error("%s can't be read: %s", path.name, error.strerror)
    return list(keys.values())
