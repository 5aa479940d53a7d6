"""Headers of an answer that is to be kept as a file and never shown: what people and agents made may be a page."""

from __future__ import annotations

import re
from urllib.parse import quote

_UNPLAIN = re.compile(r"[^A-Za-z0-9 ._()+-]")


def as_download(name: str) -> dict[str, str]:
    """Return the headers under which a browser keeps an answer under this name, whatever it holds; pure."""
    plain = _UNPLAIN.sub("_", name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
