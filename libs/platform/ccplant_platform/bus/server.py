"""The configuration of a bus server, as text: a whole one, and the part that a server of one's own needs to trust us.

Accounts are written into it (MEMORY resolver): the server's storage holds messages and nothing that lets anybody in, so
it may be wiped at any time. Strings are written as JSON, whose escapes the server's format shares.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ccplant_platform.bus.credentials import Operator

MAX_PAYLOAD_BYTES = 1024 * 1024
FILE_STORE_BYTES = 4 * 1024**3
LEAST_FILE_STORE_BYTES = 1024**3
"""Above the sum of the streams' limits, which the server reserves."""
_MEMORY_STORE_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Tls:
    """Files on the server's machine, as the server is to read them."""

    certificate: Path
    key: Path


def trust_config(operator: Operator) -> str:
    """Return the part that says whom the server lets in; every server of a cluster has the same."""
    preload = "\n".join(f"  {account}: {_text(jwt)}" for account, jwt in operator.account_jwts().items())
    return f"""\
operator: {_text(operator.operator_jwt())}
system_account: {operator.system_account}
resolver: MEMORY
resolver_preload: {{
{preload}
}}
"""


def server_config(
    operator: Operator,
    *,
    host: str,
    port: int,
    store_dir: Path,
    server_name: str = "ccplant",
    max_file_store_bytes: int = FILE_STORE_BYTES,
    tls: Tls | None = None,
) -> str:
    """Return the text of the server's configuration file."""
    listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"""\
server_name: {_text(server_name)}
listen: {_text(listen)}
max_payload: {MAX_PAYLOAD_BYTES}
write_deadline: "10s"
{trust_config(operator)}jetstream {{
  store_dir: {_text(str(store_dir))}
  max_memory_store: {_MEMORY_STORE_BYTES}
  max_file_store: {max_file_store_bytes}
}}
{_tls(tls)}"""


def _tls(tls: Tls | None) -> str:
    if tls is None:
        return ""
    return f"""\
tls {{
  cert_file: {_text(str(tls.certificate))}
  key_file: {_text(str(tls.key))}
}}
"""


def _text(value: str) -> str:
    return json.dumps(value)
