"""A webhook's or schedule's definition: changed field by field, and checked against what this installation has.

What a change leaves is checked as a whole, because fields that are right by themselves can contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_api.gateway import Gateway
from ccplant_api.sessions.creation import check_config
from ccplant_api.sessions.unmasking import unmasked
from ccplant_api.volumes.mounting import wanted_volume
from ccplant_contracts.session import SessionConfig


def patched(definition: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition with changes: null takes a field back to what it is where nobody gives it; pure."""
    kept = {name: value for name, value in definition.items() if name not in changes}
    given = {name: value for name, value in changes.items() if value is not None}
    if "config" in given:
        given["config"] = patched_config(definition.get("config", {}), given["config"])
    return {**kept, **given}


def patched_config(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with changes: a preset brings its sizes, ``"***"`` means as it was; pure."""
    kept = {name: value for name, value in config.items() if name not in changes}
    if "preset" in changes:
        kept.pop("cpu_limit", None)
        kept.pop("memory_limit", None)
    given = {name: value for name, value in unmasked(changes, config).items() if value is not None}
    return {**kept, **given}


async def checked_config(gateway: Gateway, owner: str, config: SessionConfig) -> SessionConfig:
    """Return the configuration of sessions to come, with the agent filled in, as at the creation of one.

    Raises:
        InvalidRequestError: it asks for something that this installation or this owner does not have.
    """
    checked = check_config(config, gateway.settings)
    if checked.pvc_from is None:
        return checked
    volume = await wanted_volume(gateway, owner, checked.pvc_from)
    return checked.model_copy(update={"pvc_storage_size": volume.size})
