"""A setting that makes no sense stops a service with one sentence that names it."""

from __future__ import annotations

import pytest
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplant_platform.process import settings_sentence


class SomeSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CCPLANT_", extra="ignore")

    some_seconds: float = Field(1, gt=0)
    some_names: str = ""

    @model_validator(mode="after")
    def _names(self) -> SomeSettings:
        if self.some_names:
            raise ValueError("CCPLANT_SOME_NAMES: not a name")
        return self


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("CCPLANT_SOME_SECONDS", "soon-sk-secret", "CCPLANT_SOME_SECONDS: Input should be a valid number"),
        ("CCPLANT_SOME_SECONDS", "0", "CCPLANT_SOME_SECONDS: Input should be greater than 0"),
        ("CCPLANT_SOME_NAMES", "x", "CCPLANT_SOME_NAMES: not a name"),
    ],
)
def test_the_sentence_names_the_setting_and_not_its_value(
    variable: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as refusal:
        SomeSettings()
    told = settings_sentence(refusal.value)
    assert told.startswith(sentence)
    assert "secret" not in told
    assert "\n" not in told
