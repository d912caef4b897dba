"""Settings come from the environment, and a bad one is one clear line."""

import pytest

from boxgauge.frames import InvalidInputError
from boxgauge.server.settings import read_settings


def test_the_environment_is_read_and_what_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXGAUGE_PORT", "9000")
    monkeypatch.setenv("BOXGAUGE_PROVIDERS", "cuda, cpu")
    monkeypatch.setenv("BOXGAUGE_MAX_MODELS", "3")
    settings = read_settings(max_models=5)
    assert (settings.port, settings.providers, settings.max_models) == (9000, ("cuda", "cpu"), 5)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"port": "x"}, "BOXGAUGE_PORT: "),
        ({"port": 70000}, "got 70000"),
        ({"providers": "cpu,npu"}, "BOXGAUGE_PROVIDERS: "),
        ({"providers": ""}, "BOXGAUGE_PROVIDERS: "),
        ({"providers": "cpu,cpu"}, "providers must be distinct: got cpu,cpu"),
        ({"max_held_boxes": 0}, "BOXGAUGE_MAX_HELD_BOXES: "),
        ({"drain_s": 10}, "BOXGAUGE_DRAIN_S: "),
        ({"prot": 1}, "BOXGAUGE_PROT: "),
    ],
)
def test_a_bad_setting_is_one_line_with_its_name_and_value(
    given: dict[str, object], shown: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_settings(**given)
    text = str(refused.value)
    assert shown in text
    assert "\n" not in text
