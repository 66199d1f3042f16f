"""The keys of the providers, and what rests: a key at a host, maybe for one profile only, a profile, a whole host."""

import logging
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from magic_proxy import clients, secrets
from magic_proxy.config import KeyManagement
from magic_proxy.failures import Failed, Rests

# A profile rests after so many failures in so many seconds with no answer between, a key for a profile after two.
FAILURES, WINDOW, REST = 5, 60.0, 5.0
# What a request itself may have caused: it rests for one client until another one sees it fail too.
MAY_BE_THE_REQUEST: dict[Rests, int] = {"profile": FAILURES, "use": 2}

log = logging.getLogger("magic_proxy.keys")


@dataclass(frozen=True)
class Key:
    """A key; `place` is what logs call it."""

    value: str = field(repr=False)
    place: str


NO_KEY = Key("", "")
# Host, place of the key, profile with the path; empty where it does not matter.
Subject = tuple[str, str, str]


class KeyPool:
    """The keys of `keys_pool/keys_pool_<provider>.env`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: dict[str, list[Key]] = {}
        self._turns = Counter[tuple[str, str]]()
        self._rests: dict[tuple[Subject, str], tuple[float, Failed, str]] = {}
        """For whom (empty: for everybody), until when, why, and who saw it fail."""
        self._failures = defaultdict[Subject, list[tuple[float, str]]](list)

    def load(self) -> None:
        """Reads the files anew: each key gets another chance."""
        files = sorted(self.folder.glob("keys_pool_*.env"))
        self._keys = {path.stem.removeprefix("keys_pool_"): _read(path) for path in files}
        self._rests.clear()
        self._failures.clear()
        log.info("keys: %s", ", ".join(f"{name} {len(pool)}" for name, pool in self._keys.items()) or "none")

    def in_turn(self, provider: str, host: str, profile: str, turns: dict[str, int]) -> tuple[list[Key], list[Failed]]:
        """The keys that may be used, each request beginning with another one, and why others may not.

        `turns` is the request's own: however many profiles of its chain share a host, it takes one turn there.
        """
        pool = [NO_KEY] if provider == "local" else self._keys.get(provider, [])
        why = [self._resting(host, key, profile) for key in pool]
        usable = [key for key, rest in zip(pool, why, strict=True) if not rest]
        if host not in turns:
            turns[host] = self._turns[provider, host]
            self._turns[provider, host] += 1
        start = turns[host] % max(1, len(usable))
        return usable[start:] + usable[:start], [rest for rest in why if rest]

    def _resting(self, host: str, key: Key, profile: str) -> Failed | None:
        now, who = time.monotonic(), clients.current.get().name
        subjects = _subjects(host, key, profile).values() if self._rests else ()
        for place in [(subject, whose) for subject in subjects for whose in ("", who)]:
            until, failed, by = self._rests.get(place, (0.0, None, ""))
            if failed and until > now:
                # What a provider said may quote the request that it refused.
                if failed.rests in MAY_BE_THE_REQUEST and by != who:
                    return Failed(f"{profile}: it failed a moment ago, and rests", after=until - now)
                return Failed(failed.why, status=failed.status, error=failed.error, after=until - now)
            self._rests.pop(place, None)
        return None

    def failed(self, failed: Failed, host: str, key: Key, profile: str, settings: KeyManagement) -> None:
        """Lets rest what the failure is of."""
        now, subject = time.monotonic(), _subjects(host, key, profile).get(failed.rests)
        who, whose = clients.current.get().name, ""
        if subject and failed.rests in MAY_BE_THE_REQUEST:
            recent = [*(seen for seen in self._failures[subject] if seen[0] > now - WINDOW), (now, who)]
            self._failures[subject] = recent
            if len(recent) < MAY_BE_THE_REQUEST[failed.rests]:
                return
            whose = who if {name for _, name in recent} == {who} else ""
        seconds = settings.quarantine_seconds if failed.rests == "key" else REST
        seconds = seconds if failed.after is None else failed.after
        useless = seconds == math.inf
        # Where there is no key none is useless.
        if subject and (key.value if useless else settings.enable_quarantine):
            failed.after = seconds
            self._rests[subject, whose] = (now + seconds, failed, who)
            name = " ".join(filter(None, subject)) + (f" for {whose}" if whose else "")
            how = "is retired" if useless else f"rests for {seconds:.0f} s"
            log.log(logging.ERROR if useless else logging.WARNING, "%s %s: %s", name, how, failed.why)

    def answered(self, host: str, key: Key, profile: str) -> None:
        """What failed before does not count any more."""
        for subject in _subjects(host, key, profile).values():
            self._failures.pop(subject, None)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many keys are in each state, by provider; a key is in its worst one of all hosts."""
        now, none = time.monotonic(), dict.fromkeys(("active", "quarantined", "retired"), 0)
        rests = [(end, subject) for (subject, _), (end, *_) in self._rests.items() if end > now]
        ends = sorted((end, key) for end, (_, key, profile) in rests if not profile)
        states = {key: "retired" if end == math.inf else "quarantined" for end, key in ends}
        found = {name: Counter(states.get(key.place, "active") for key in pool) for name, pool in self._keys.items()}
        return {name: none | states for name, states in found.items()}


def _subjects(host: str, key: Key, profile: str) -> dict[Rests, Subject]:
    of_key: dict[Rests, Subject] = {"key": (host, key.place, ""), "use": (host, key.place, profile)}
    return {"host": (host, "", ""), "profile": ("", "", profile), **of_key}


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
