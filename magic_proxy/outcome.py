"""What came of one request to the providers: filled in as it happens, read once its answer has gone out whole."""

import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

WHOLE = {"stop", "tool_calls", "function_call"}


@dataclass
class Outcome:
    """Who answered, with which key, after how many tries, for how many tokens."""

    asked: str = ""  # The model that the client asked for: an alias or a profile.
    profile: str = ""
    model: str = ""  # The provider's own name of it; these two are of the last one tried until one answers.
    key: str = ""  # Its place, as `keys_pool_openai.env:3`; empty without one.
    tries: int = 0  # How many requests providers got.
    request_id: str = ""  # The provider's, of its last answer or refusal.
    cache: Literal["off", "miss", "hit"] = "off"
    usage: dict[str, Any] = field(default_factory=dict)  # As the provider counts it; empty when it did not say.
    finish_reasons: set[str] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    first: float | None = None  # When the first of the answer came, on the same clock.

    def saw(self, said: dict[str, Any]) -> None:
        """Takes down what an answer, or an event of a stream, says of itself."""
        self.first = self.first or time.monotonic()
        # What an event of /v1/responses says is inside.
        inner = said.get("response")
        if isinstance(usage := (inner if isinstance(inner, dict) else said).get("usage"), dict):
            self.usage = usage
        reasons = (choice.get("finish_reason") for choice in objects(said.get("choices")))
        self.finish_reasons |= {reason for reason in reasons if isinstance(reason, str)}

    @property
    def is_whole(self) -> bool:
        """Whether the answer may stand for others: neither cut off at a limit nor filtered."""
        return self.finish_reasons <= WHOLE


def objects(value: object) -> list[dict[str, Any]]:
    """Those of a list that somebody else sent, as `choices`."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def of(scope: MutableMapping[str, Any]) -> Outcome:
    """The outcome of the request with this ASGI scope."""
    outcome: Outcome = scope.setdefault("outcome", Outcome())
    return outcome
