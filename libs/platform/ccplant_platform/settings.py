"""Settings come from the environment (``CCPLANT_…``) and secrets from files that it names.

A secret in an environment variable shows in process lists, crash reports and every child's environment; a path does
not. Each group is a class of its own and a service composes those that it needs. Every field says what it is for, because
the configuration page of the documentation is made from `describe`.
"""

from __future__ import annotations

import base64
import json
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, Union, get_args, get_origin

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplant_contracts.base import Message
from ccplant_contracts.launch import BusAccess
from ccplant_contracts.subjects import inbox_prefix

M = TypeVar("M", bound=Message)

PREFIX = "CCPLANT_"

GROUP = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")
"""The `model_config` of every settings class."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and never shows a secret."""


class BusCredentials(Message):
    """The content of a credentials file: JWT and seed, or user and password."""

    jwt: str | None = None
    seed: str | None = None
    user: str | None = None
    password: str | None = None


class BusSettings(BaseSettings):
    """How a service reaches the bus."""

    model_config = GROUP

    nats_url: str = Field(
        "nats://127.0.0.1:4222",
        description="Address of the bus (NATS); several, separated by commas, for a cluster.",
    )
    nats_credentials_file: Path | None = Field(
        None,
        description="Private JSON file with this service's bus credential: `{jwt, seed}` or `{user, password}`.",
    )
    nats_signing_file: Path | None = Field(
        None,
        description="Private JSON file `{account, signing_seed, renewal_seed}`: the keys that sign the credentials of "
        "launches (orchestrator only).",
    )
    nats_connect_timeout_seconds: float = Field(
        10.0, gt=0, description="How long a service tries to reach the bus before its start fails."
    )
    nats_stream_replicas: int = Field(
        1, ge=1, le=5, description="Copies of each stream; 3 for a cluster of three bus servers."
    )

    def access(self, name: str) -> BusAccess:
        """Read the credential; `name` is the user's where the credential does not say it.

        Raises:
            SettingsError: the file is missing or not what it should be.
        """
        credentials = BusCredentials()
        if self.nats_credentials_file is not None:
            credentials = read_secret(
                self.nats_credentials_file, "CCPLANT_NATS_CREDENTIALS_FILE", BusCredentials
            )
        # a bus user may listen below its own inbox alone, whatever the connection is called
        user = _user_of(credentials.jwt) or credentials.user or name
        return BusAccess(url=self.nats_url, inbox_prefix=inbox_prefix(user), **credentials.model_dump())


class MongoSettings(BaseSettings):
    """How a service reaches MongoDB."""

    model_config = GROUP

    mongodb_url: str | None = Field(
        None,
        description="Address of MongoDB (a replica set), where it holds no password.",
    )
    mongodb_url_file: Path | None = Field(
        None, description="Private file that holds the address of MongoDB, password included."
    )
    mongodb_database: str = Field("ccplant", description="Name of the database.")

    def url(self) -> str:
        """Return the address, from the file where one is named.

        Raises:
            SettingsError: the file cannot be read or is empty.
        """
        if self.mongodb_url_file is None:
            return self.mongodb_url or "mongodb://127.0.0.1:27017/?replicaSet=rs0"
        text = _text(self.mongodb_url_file, "CCPLANT_MONGODB_URL_FILE").strip()
        if not text:
            raise SettingsError(f"CCPLANT_MONGODB_URL_FILE: {self.mongodb_url_file} is empty")
        return text


class LimitSettings(BaseSettings):
    """What an owner may have; gateways and orchestrators need the same."""

    model_config = GROUP

    max_sessions_per_owner: int | None = Field(
        None,
        ge=1,
        description="How many sessions an owner may have at once, pending ones included; unset: no limit. Beyond it "
        "creating one is refused, and what webhooks and schedules want waits in a queue.",
    )


class LogSettings(BaseSettings):
    """What a service writes to its log."""

    model_config = GROUP

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="`json`: one object per line; `console`: for people."
    )


class ProcessSettings(BaseSettings):
    """What a service shows of itself to whoever runs it."""

    model_config = GROUP

    alive_file: Path | None = Field(
        None,
        description="File that the service touches every few seconds; `python -m ccplant_platform.alive` "
        "says whether it is young.",
    )


@dataclass(frozen=True)
class SettingRow:
    """One line of the configuration page."""

    variable: str
    type: str
    default: str | None
    """As it would be written in the environment; None: the variable must be given, or there is no default."""
    required: bool
    description: str


def describe(settings: type[BaseSettings]) -> list[SettingRow]:
    """Return what a settings class reads from the environment, in the order of its fields."""
    return list(_rows(settings))


def _rows(settings: type[BaseSettings]) -> Iterator[SettingRow]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        yield SettingRow(
            variable=f"{prefix}{name}".upper(),
            type=_type_name(field.annotation),
            default=_default(field),
            required=field.is_required(),
            description=field.description or "",
        )


def _type_name(annotation: object) -> str:
    origin = get_origin(annotation)
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if origin is Literal:
        return " \\| ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        return " \\| ".join(_type_name(argument) for argument in arguments)
    known: dict[object, str] = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true/false",
        Path: "path",
    }
    return known.get(annotation, re.sub(r"\b\w+\.", "", getattr(annotation, "__name__", str(annotation))))


def _default(field: FieldInfo) -> str | None:
    default = field.get_default(call_default_factory=False)
    if default is None or default is PydanticUndefined:
        return None
    return str(default).lower() if isinstance(default, bool) else str(default)


def _text(path: Path, variable: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {error.strerror}") from error


def _user_of(jwt: str | None) -> str | None:
    try:
        part = (jwt or "").split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["name"])
    except (IndexError, KeyError, ValueError):
        # not a JWT of ours: the server will say what it thinks of it
        return None


def read_secret(path: Path, variable: str, model: type[M]) -> M:
    """Read a private JSON file that a setting names.

    Raises:
        SettingsError: it cannot be read, or is not what it should be; its content is never shown.
    """
    try:
        return model.model_validate(json.loads(_text(path, variable)))
    except (ValueError, ValidationError):
        # the content is a secret, and a validation error would quote it
        raise SettingsError(f"{variable}: {path} is not the JSON object that it should be") from None
