"""The keys of the providers, and what rests: a key at a host, maybe for one profile only, a profile, a whole host."""

import logging
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from magic_proxy import clients, secrets
from magic_proxy.config import KeyManagement
from magic_proxy.failures import Failed, Rests

# A profile rests after so many failures without an answer between, a key for a profile after two.
FAILURES, REST = 5, 5.0
# What a request itself may have caused: it rests for one client until another one sees it fail too.
MAY_BE_THE_REQUEST: dict[Rests, int] = {"profile": FAILURES, "use": 2}
EVERYBODY = ""

log = logging.getLogger("magic_proxy.keys")
Subject = tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """A key; `place` is what logs call it."""

    value: str = field(repr=False)
    place: str


NO_KEY = Key("", "")


class Target(NamedTuple):
    """What is asked: with a key of a pool, at a host, for `use`: a profile and a path."""

    pool: str
    host: str
    use: str

    def parts(self, key: Key) -> dict[Rests, Subject]:
        """What of it can rest."""
        of_key: dict[Rests, Subject] = {"key": (self.host, key.place), "use": (self.host, key.place, self.use)}
        return {"host": (self.host,), "profile": (self.use,), **of_key}


class KeyPool:
    """The keys of `keys_pool/keys_pool_<provider>.env`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: dict[str, list[Key]] = {}
        self._turns: dict[str, int] = {}
        self._rests: dict[tuple[Subject, str], tuple[float, Failed]] = {}
        """What rests and for whom: until when, and why."""
        self._failures = defaultdict[Subject, Counter[str]](Counter)
        """How many there were without an answer between, by the client that saw them."""

    def load(self) -> None:
        """Reads the files anew: each key gets another chance."""
        files = sorted(self.folder.glob("keys_pool_*.env"))
        self._keys = {path.stem.removeprefix("keys_pool_"): _read(path) for path in files}
        self._rests.clear()
        self._failures.clear()
        log.info("keys: %s", ", ".join(f"{name} {len(pool)}" for name, pool in self._keys.items()) or "none")

    def usable(self, target: Target) -> tuple[list[Key], list[Failed]]:
        """The keys that may be used now, and why others may not."""
        pool = [NO_KEY] if target.pool == "local" else self._keys.get(target.pool, [])
        why = [self._resting(target, key) for key in pool]
        return [key for key, rest in zip(pool, why, strict=True) if not rest], [rest for rest in why if rest]

    def in_turn(self, target: Target) -> tuple[list[Key], list[Failed]]:
        """The same, each request beginning with another key."""
        usable, resting = self.usable(target)
        # Profiles that share keys do not all begin with the same one.
        start = self._turns.setdefault(target.use, len(self._turns)) % max(1, len(usable))
        self._turns[target.use] += 1
        return usable[start:] + usable[:start], resting

    def _resting(self, target: Target, key: Key) -> Failed | None:
        subjects = target.parts(key).values() if self._rests else ()
        for place in [(subject, who) for subject in subjects for who in (EVERYBODY, clients.current.get().name)]:
            until, failed = self._rests.get(place, (0.0, None))
            if failed and (after := until - time.monotonic()) > 0:
                return replace(failed, after=after)
            self._rests.pop(place, None)
        return None

    def failed(self, failed: Failed, target: Target, key: Key, settings: KeyManagement) -> None:
        """Lets rest what the failure is of."""
        subject, whom, why = target.parts(key).get(failed.rests), EVERYBODY, failed
        if subject and failed.rests in MAY_BE_THE_REQUEST:
            who, seen = clients.current.get().name, self._failures[subject]
            seen[who] += 1
            if seen.total() < MAY_BE_THE_REQUEST[failed.rests]:
                return
            if len(seen) == 1:
                whom = who
            else:
                # What a provider said may quote the request that it refused.
                why = Failed(f"{target.use}: it failed a moment ago, and rests")
        seconds = settings.quarantine_seconds if failed.rests == "key" else REST
        seconds = seconds if failed.after is None else failed.after
        useless = seconds == math.inf
        # Where there is no key none is useless.
        if subject and (key.value if useless else settings.enable_quarantine):
            failed.after = seconds
            self._rests[subject, whom] = time.monotonic() + seconds, why
            name = " ".join(subject) + (f" for {whom}" if whom else "")
            how = "is retired" if useless else f"rests for {seconds:.0f} s"
            log.log(logging.ERROR if useless else logging.WARNING, "%s %s: %s", name, how, failed.why)

    def answered(self, target: Target, key: Key) -> None:
        """What failed before does not count any more."""
        for subject in target.parts(key).values():
            self._failures.pop(subject, None)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many keys are in each state, by provider; a key is in its worst one of all hosts."""
        now, none = time.monotonic(), dict.fromkeys(("active", "quarantined", "retired"), 0)
        ends = sorted((end, subject[1]) for (subject, _), (end, _) in self._rests.items() if len(subject) == 2)
        states = {key: "retired" if end == math.inf else "quarantined" for end, key in ends if end > now}
        found = {name: Counter(states.get(key.place, "active") for key in pool) for name, pool in self._keys.items()}
        return {name: none | states for name, states in found.items()}


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
