"""proxy_config.yaml: read and checked before anything starts."""

from pathlib import Path

import yaml

PROVIDERS = {"google", "openai", "mistral", "anthropic", "deepseek", "local"}


class ConfigError(Exception):
    """What is wrong with the file, in one sentence."""


def load(path: Path) -> dict:
    """The configuration, or `ConfigError`."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {error}") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{path} must be a mapping")
    names = set()
    for profile in config.get("model_list") or []:
        name = profile.get("model_name")
        if not name or name in names:
            raise ConfigError(f"model_list: the model_name {name!r} is missing or there twice")
        if profile.get("provider") not in PROVIDERS:
            raise ConfigError(f"model_list: {name} has the unknown provider {profile.get('provider')!r}")
        if not (profile.get("model_params") or {}).get("model"):
            raise ConfigError(f"model_list: {name} has no model_params.model")
        names.add(name)
    aliases = (config.get("router_settings") or {}).get("model_group_alias") or {}
    for alias, profiles in aliases.items():
        for name in profiles:
            if name not in names:
                raise ConfigError(f"router_settings: the alias {alias} names {name!r}, which is not in model_list")
    return config
