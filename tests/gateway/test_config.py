"""proxy_config.yaml: what is wrong is told with its line, and never a value that could be a key."""

from pathlib import Path

import pytest

from magic_proxy import config

ROOT = Path(__file__).parents[2]
MODEL = "model_list:\n- model_name: a\n  provider: openai\n  model_params:\n    model: m\n"


def test_the_sample_is_valid_and_its_models_are_known() -> None:
    sample, _ = config.load(ROOT / "proxy_config.yaml")
    assert [profile.provider for profile in sample.chain("default")] == ["google", "openai", "anthropic"]
    assert sample.chain("offline")[0].model_params.api_base is None
    assert sample.chain("nobody") == []
    assert sample.models()[:3] == ["default", "embeddings", "offline"]
    assert sample.chain("gemini-flash")[0].model_params.temperature == 0.7
    for refusing in ("gpt-mini", "claude-sonnet"):
        params = sample.chain(refusing)[0].model_params.model_dump(exclude_none=True)
        assert not {"temperature", "top_p", "max_tokens"} & params.keys()


def test_an_empty_file_is_a_gateway_without_models() -> None:
    assert config.parse("", "x").models() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model_list: [", "f:1: not valid YAML"),
        ("a: b: c", "f:1: not valid YAML"),
        ("x: !!python/object:os.system {}", "f:1: not valid YAML"),
        ("- 1", "f:1: the file: "),
        ("5", "f:1: the file: "),
        (MODEL + "unknown: 1", "f:6: unknown: "),
        (MODEL + "model_list: []", "f:6: not valid YAML: the key 'model_list' is there twice"),
        (MODEL.replace("openai", "opneai"), "f:3: model_list.0.provider: "),
        (MODEL.replace("    model: m\n", "    {}\n"), "f:4: model_list.0.model_params.model: field required"),
        (MODEL.replace("model: m", "model: m\n    temperature: hot"), "f:6: model_list.0.model_params.temperature: "),
        (MODEL.replace("model: m", "model: m\n    temperature: 3"), "f:6: "),
        (MODEL.replace("model: m", "model: m\n    max_tokens: '5'"), "f:6: "),
        (MODEL.replace("model: m", "model: m\n    api_base: not-a-url"), "f:6: "),
        (
            MODEL.replace("model: m", "model: m\n    api_key: sk-in-the-wrong-place"),
            "f:6: model_list.0.model_params.api_key",
        ),
        (MODEL + MODEL.split("\n", 1)[1], "f:6: model_list.1.model_name: 'a' is there twice"),
        (
            MODEL + "router_settings:\n  model_group_alias:\n    x:\n    - a\n    - b\n",
            "f:10: router_settings.model_group_alias.x.1: names 'b'",
        ),
        (MODEL + "router_settings:\n  model_group_alias:\n    x: []\n", "f:8: "),
        (MODEL + "router_settings:\n  timeout: 0\n", "f:7: "),
        (MODEL + "streaming_settings:\n  typewriter_mode: fast\n", "f:7: "),
        (MODEL + "cache_settings:\n  rules:\n  - include: messages\n", "f:8: "),
        (
            MODEL + "provider_model_lists:\n  openai: [n]\n",
            "f:5: model_list.0.model_params.model: is not in provider_model_lists.openai",
        ),
        ("definitions: &x\n  y: *x\nmodel_list: 1", "f:3: model_list: "),
        (
            "definitions: &x {temperature: hot}\n" + MODEL.replace("model: m", "model: m\n    <<: *x"),
            "f:1: model_list.0.model_params.temperature: ",
        ),
        ("a: " + "[" * 5000, "f:1: not valid YAML"),
        ("a: !!bool sk-in-the-wrong-place", "f:1: not valid YAML: a value is not what its tag"),
        ("a: !!int ''", "f:1: not valid YAML: a value is not what its tag"),
        ("a: !!int sk-in-the-wrong-place", "f:1: not valid YAML: a value is not what its tag"),
        ("a: !!float ''", "f:1: not valid YAML: a value is not what its tag"),
        ("a: !!float " + "1:" * 300 + "1.5", "f:1: not valid YAML: a value is not what its tag"),
        ("a: !!timestamp x", "f:1: not valid YAML: a value is not what its tag"),
        ("a: 2026-99-99", "f:1: not valid YAML: a value is not what its tag"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(config.ConfigError) as caught:
        config.parse(text, "f")
    assert str(caught.value).startswith(told)
    assert "sk-in-the-wrong-place" not in str(caught.value)


def test_aliases_of_aliases_cost_no_time() -> None:
    bomb = "definitions:\n  a0: &a0 [x, x]\n" + "".join(
        f"  a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)
    )
    with pytest.raises(config.ConfigError, match="too many nodes"):
        config.parse(bomb + MODEL, "f")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="can't be read"):
        config.load(tmp_path / "none.yaml")
    (tmp_path / "latin").write_bytes(b"a: \xe9")
    with pytest.raises(config.ConfigError, match="utf-8"):
        config.load(tmp_path / "latin")
