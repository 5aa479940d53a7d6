"""A masked secret that comes back means "as it was": whoever edits what was shown does not lose its secrets.

Nor does it learn them: a secret stays one, and goes to the server that it was given for and to no other. A mask that
stands for nothing is refused, for it would be handed to an agent as if it were the secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ccplant_api.errors.validation import field_path, invalid_fields
from ccplant_contracts.session import MASK, SessionConfig

_NOTHING = '"***" stands for a secret that is stored here already, and there is none: give the value'


def unmasked(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration's parts with each ``"***"`` replaced by the secret that `known` holds at its place; pure.

    Masks that may not be lifted stay: `check_masks` refuses them.
    """
    parts = dict(wanted)
    if isinstance(wanted.get("env"), Mapping):
        before = _mapping(known.get("env"))
        parts["env"] = {name: _variable(item, before.get(name)) for name, item in wanted["env"].items()}
    if isinstance(wanted.get("mcp_servers"), Mapping):
        before = _mapping(known.get("mcp_servers"))
        parts["mcp_servers"] = {
            name: _server(server, before.get(name)) for name, server in wanted["mcp_servers"].items()
        }
    return parts


def check_masks(config: SessionConfig) -> None:
    """Check that no mask is left where a secret belongs.

    Raises:
        InvalidRequestError: a mask stands for nothing.
    """
    left = list(_masks(config))
    if left:
        raise invalid_fields((field_path(("config", *place)), _NOTHING) for place in left)


def _variable(wanted: Any, known: Any) -> Any:
    if not isinstance(known, Mapping):
        return wanted
    if wanted == MASK:
        return dict(known)  # the short form
    if not isinstance(wanted, Mapping) or wanted.get("value") != MASK:
        return wanted
    if known.get("secret", True) and wanted.get("secret", True) is not True:
        return wanted  # it would be shown from now on
    return {**known, **wanted, "value": known.get("value")}


def _server(wanted: Any, known: Any) -> Any:
    if not isinstance(wanted, Mapping) or not isinstance(known, Mapping) or _meant(wanted) != _meant(known):
        return wanted
    parts = dict(wanted)
    for kind in ("env", "headers"):
        if isinstance(wanted.get(kind), Mapping):
            before = _mapping(known.get(kind))
            parts[kind] = {
                name: before[name] if value == MASK and name in before else value
                for name, value in wanted[kind].items()
            }
    return parts


def _meant(server: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what its secrets were given to: a program, or a host; its arguments and paths may change."""
    url = server.get("url")
    try:
        place = urlsplit(url)[:2] if isinstance(url, str) else None
    except ValueError:
        place = None
    return (server.get("type", "stdio"), server.get("command"), place)


def _masks(config: SessionConfig) -> Iterator[tuple[str, ...]]:
    yield from (("env", name, "value") for name, item in config.env.items() if item.value == MASK)
    for name, server in config.mcp_servers.items():
        for kind, values in (("env", server.env), ("headers", server.headers)):
            yield from (("mcp_servers", name, kind, key) for key, value in values.items() if value == MASK)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
