"""Every key that was read, so that none is ever shown."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

MASK = "***"
# What samples have where a key is to come, as `magicctl check` sees it: not masked, as it may stand in any text.
_PLACEHOLDER = re.compile(
    r"[x*.…]{3,}|<.*>|.*(\.\.\.|…|-xxx|xxxxxxxx)|"
    r"(.*[^a-z0-9])?(your|change(me)?|placeholder|example|todo|insert|replace|dummy|mykey)([^a-z0-9].*)?",
    re.I | re.S,
)

# The longest first: one key may begin with another.
_known: list[str] = []


def remember(values: Iterable[str]) -> None:
    """From now on `mask` hides them, also after they are gone from their file."""
    real = [value for value in values if len(value) >= 4]
    # As it is, and as it stands inside of JSON.
    written = (form for value in real for form in (value, json.dumps(value)[1:-1], value.replace("/", "\\/")))
    known = {*_known, *written}
    _known[:] = sorted(known, key=len, reverse=True)


def mask(text: str) -> str:
    """`text` without keys."""
    for value in _known:
        if value in text:
            text = text.replace(value, MASK)
    return text


def mask_bytes(data: bytes) -> bytes:
    """The same for what is passed on as it came."""
    return mask(data.decode("latin-1")).encode("latin-1")


def read(path: Path) -> list[tuple[int, str, str]]:
    """Number, name and value of each line `VALUE` or `NAME=VALUE` without comments and quotes; from now on masked."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        name, equals, value = line.strip().removeprefix("export ").lstrip().partition("=")
        # A key may itself end in "=".
        if not (equals and name.isidentifier() and name.isupper() and value.strip("=")):
            name, value = "", line.strip()
        value = value.strip().strip("\"'")
        if value and not line.strip().startswith("#") and not _PLACEHOLDER.fullmatch(value):
            found.append((number, name.strip(), value))
    remember(value for _, _, value in found)
    return found
