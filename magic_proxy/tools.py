"""The tools that agents call: each a checked body and a function."""

import ast
import asyncio
import json
import math
import os
from contextlib import aclosing
from datetime import datetime
from operator import add, floordiv, mod, mul, neg, pos, pow, sub, truediv
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from magic_proxy import bodies, secrets
from magic_proxy.clients import env_key
from magic_proxy.config import ConfigError, Part
from magic_proxy.errors import ApiError

LARGEST_BITS, LARGEST_ANSWER, SEARCH_WITHIN = 4096, 4 << 20, 20
OPERATORS: dict[type, Any] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv, ast.FloorDiv: floordiv}
OPERATORS |= {ast.Mod: mod, ast.Pow: pow, ast.USub: neg, ast.UAdd: pos}


class Tool(Part):
    """Its arguments are its fields; what a model is told of it is its docstring."""

    async def run(self) -> str:
        raise NotImplementedError


class Calculator(Tool):
    """Calculates an arithmetic expression"""

    expression: Annotated[str, Field(min_length=1, max_length=500, description="such as (2 + 3) * 7 ** 2")]

    async def run(self) -> str:
        try:
            return str(_value(ast.parse(self.expression.strip(), mode="eval").body))
        except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
            raise ApiError(400, f"that can't be calculated: {error}", "tool_failed") from error


def _value(node: ast.expr) -> int | float:
    """Numbers and arithmetic; nothing is evaluated that could do more, or could take long."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            result: Any = number
        case ast.UnaryOp() if type(node.op) in OPERATORS:
            result = OPERATORS[type(node.op)](_value(node.operand))
        case ast.BinOp() if type(node.op) in OPERATORS:
            left, right = _value(node.left), _value(node.right)
            if isinstance(node.op, ast.Pow) and abs(right) * max(1, _bits(left)) > LARGEST_BITS:
                raise ValueError("the result is too large")
            result = OPERATORS[type(node.op)](left, right)
        case _:
            raise ValueError("only numbers, + - * / // % ** and parentheses")
    if isinstance(result, complex) or _bits(result) > LARGEST_BITS:
        raise ValueError("the result is too large, or no real number")
    return result  # type: ignore[no-any-return]


def _bits(number: int | float) -> float:
    return number.bit_length() if isinstance(number, int) else 1 if math.isfinite(number) else math.inf


class Clock(Tool):
    """Tells date and time in a time zone"""

    timezone: Annotated[str, Field(max_length=64, description="an IANA name such as Europe/Paris")] = "UTC"

    async def run(self) -> str:
        try:
            return datetime.now(ZoneInfo(self.timezone)).isoformat(timespec="seconds")
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ApiError(400, f"there is no time zone {self.timezone!r}", "tool_failed") from error


class WebSearch(Tool):
    """Searches the web (Tavily)"""

    query: Annotated[str, Field(min_length=1, max_length=400)]
    max_results: Annotated[int, Field(ge=1, le=10)] = 5

    async def run(self) -> str:
        try:
            key = env_key("tavily.env", "TAVILY_API_KEY")
        except ConfigError as error:
            raise ApiError(503, str(error), "no_key") from error
        if key is None:
            raise ApiError(503, "web_search needs TAVILY_API_KEY in env/tavily.env", "no_key")
        from magic_proxy.upstream import ERRORS, Upstream

        url = os.environ.get("TAVILY_API_BASE", "https://api.tavily.com") + "/search"
        try:
            async with asyncio.timeout(SEARCH_WITHIN), aclosing(Upstream()) as upstream:
                headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
                asks = upstream.ask("POST", url, headers, self.model_dump_json().encode(), SEARCH_WITHIN)
                async with asks as answer:
                    if answer.status != 200:
                        raise ApiError(502, f"the search failed: its provider answers {answer.status}", "tool_failed")
                    found = json.loads(await bodies.up_to(LARGEST_ANSWER, answer.body))["results"]
                lines = [f"{one['title']}\n{one['url']}\n{one['content']}" for one in found]
        except (*ERRORS, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise ApiError(502, f"the search failed: {type(error).__name__}: {error}", "tool_failed") from error
        return secrets.mask("\n\n".join(lines)) or "nothing was found"


TOOLS: dict[str, type[Tool]] = {"web_search": WebSearch, "calculator": Calculator, "clock": Clock}


def described() -> list[dict[str, Any]]:
    """What a model is told of them."""
    return [
        {"name": name, "description": tool.__doc__, "input_schema": tool.model_json_schema()}
        for name, tool in TOOLS.items()
    ]


async def call(name: str, arguments: object) -> str:
    """What the tool says; else `ApiError`."""
    tool = TOOLS.get(name)
    if tool is None:
        raise ApiError(404, f"there is no tool {name!r}; there are {', '.join(TOOLS)}", "tool_not_found")
    return await bodies.checked(arguments, tool).run()
