"""What a person reads when `ccplant up` cannot go on: one sentence that names the remedy."""

from __future__ import annotations

from ccplant_cli.up.messages import text


class UpError(Exception):
    """Ends `ccplant up` with one sentence from the catalogue."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(text(key, **facts))
        self.key = key
