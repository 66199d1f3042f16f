"""proxy_config.yaml: read and checked before anything starts."""

from dataclasses import dataclass
from pathlib import Path

import yaml

PROVIDERS = ("google", "openai", "mistral", "anthropic", "deepseek", "local")
TYPEWRITER_MODES = ("proxy", "client")


class ConfigError(Exception):
    """What is wrong with the file, and where in it."""


@dataclass(frozen=True)
class Config:
    """What the servers use of the file."""

    models: dict[str, dict]
    """The profiles of `model_list`, by name."""
    aliases: dict[str, list[str]]
    """What a client may ask for, and the profiles to try, in this order."""


def load(path: Path) -> Config:
    """The configuration, or `ConfigError`."""
    try:
        file = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    try:
        return _check({} if file is None else file)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _check(file: object) -> Config:
    file = _kind(file, dict, "the file")
    models = {}
    for place, profile in enumerate(_kind(file.get("model_list", []), list, "model_list")):
        name = _model(profile, f"model_list[{place}]")
        if name in models:
            raise ConfigError(f"model_list[{place}]: the model_name {name!r} is there twice")
        models[name] = profile
    router = _kind(file.get("router_settings", {}), dict, "router_settings")
    aliases = _kind(router.get("model_group_alias", {}), dict, "router_settings.model_group_alias")
    for alias, names in aliases.items():
        where = f"router_settings.model_group_alias.{alias}"
        for name in _kind(names, list, where):
            if name not in models:
                raise ConfigError(f"{where} names {name!r}, which is not in model_list")
    streaming = _kind(file.get("streaming_settings", {}), dict, "streaming_settings")
    _one_of(streaming.get("typewriter_mode", "proxy"), TYPEWRITER_MODES, "streaming_settings.typewriter_mode")
    return Config(models, aliases)


def _model(profile: object, where: str) -> str:
    """The name of one checked entry of `model_list`."""
    profile = _kind(profile, dict, where)
    name = _kind(profile.get("model_name"), str, f"{where}.model_name")
    _one_of(profile.get("provider"), PROVIDERS, f"{where}.provider ({name})")
    params = _kind(profile.get("model_params"), dict, f"{where}.model_params ({name})")
    _kind(params.get("model"), str, f"{where}.model_params.model ({name})")
    return name


def _kind(value, kind: type, where: str):
    names = {dict: "a mapping", list: "a list", str: "a string"}
    if not isinstance(value, kind):
        raise ConfigError(f"{where} must be {names[kind]}" if value is not None else f"{where} is missing")
    return value


def _one_of(value: object, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise ConfigError(f"{where} is {value!r}, must be one of {', '.join(allowed)}")
