"""The configuration of the bus server of an embedded installation, as text.

Accounts are written into it (MEMORY resolver): the server's storage holds messages and nothing that lets anybody in, so
it may be wiped at any time. Strings are written as JSON, whose escapes the server's format shares.
"""

from __future__ import annotations

import json
from pathlib import Path

from ccplant_platform.bus.credentials import Operator

MAX_PAYLOAD_BYTES = 1024 * 1024
_FILE_STORE_BYTES = 4 * 1024**3
"""Above the sum of the streams' limits, which the server reserves."""
_MEMORY_STORE_BYTES = 64 * 1024**2


def server_config(
    operator: Operator,
    *,
    host: str,
    port: int,
    store_dir: Path,
    server_name: str = "ccplant",
    max_file_store_bytes: int = _FILE_STORE_BYTES,
) -> str:
    """Return the text of the server's configuration file."""
    preload = "\n".join(f"  {account}: {_text(jwt)}" for account, jwt in operator.account_jwts().items())
    return f"""\
server_name: {_text(server_name)}
listen: {_text(f"{host}:{port}")}
max_payload: {MAX_PAYLOAD_BYTES}
write_deadline: "10s"
operator: {_text(operator.operator_jwt())}
system_account: {operator.system_account}
resolver: MEMORY
resolver_preload: {{
{preload}
}}
jetstream {{
  store_dir: {_text(str(store_dir))}
  max_memory_store: {_MEMORY_STORE_BYTES}
  max_file_store: {max_file_store_bytes}
}}
"""


def _text(value: str) -> str:
    return json.dumps(value)
