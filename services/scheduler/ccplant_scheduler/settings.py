"""The scheduler's own settings; what the bus, MongoDB and the log need is in `ccplant_platform.settings`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from ccplant_platform.settings import GROUP


class SchedulerSettings(BaseSettings):
    """How schedules are looked after."""

    model_config = GROUP

    scheduler_concurrency: int = Field(
        16, ge=1, le=64, description="Ticks that one scheduler writes at once."
    )
    scheduler_look_seconds: float = Field(
        5,
        ge=1,
        description="How often schedules are looked at where nothing is due before, should the news of a change be lost.",
    )
