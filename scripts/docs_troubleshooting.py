"""The page of everything that a session can be said to have: each code, its sentence and its hint, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ccplant_contracts import cluster_messages, dispatch_messages, trigger_messages
from ccplant_contracts.messages import CATALOGUE
from ccplant_contracts.sentences import Entry
from ccplant_contracts.status import Reason

INTRODUCTION = """# Troubleshooting

A session that does not run says why: `ccplant session show SESSION`, `GET /api/v1/sessions/{id}` and
`GET /api/v1/sessions/{id}/diagnosis` have a code, a sentence, what to do, and the evidence, while it waits and after it
has ended (the evidence stays when the Pod is gone). This page lists every code. Words in `<angle brackets>` are filled in:
names, figures, and the cluster's own words.

On Kubernetes, `kubectl get pods,secrets,pvc -l ccplant.dev/session=SESSION` shows everything of a session, and
`ccplant doctor` checks what ccplant itself needs.

## How long a start is waited for

A start that can never work (an image that is not there, a volume that is lost) fails at once. One that may still work
(no room on any node, a registry that does not answer) waits until `CCPLANT_POD_START_TIMEOUT_SECONDS` and fails with the
same code then. An image that the registry refuses is pulled a second time first.
"""
_SECTIONS = (
    ("A start under way", ("queued", "starting", "cloning", "setting_up", "starting_agent", "registering")),
    ("A start that does not go on, on Kubernetes", tuple(cluster_messages.ENTRIES)),
    ("An end", tuple(reason.value for reason in Reason)),
    ("While it runs", ("unreachable", "tool_oom_killed")),
    (
        "A delivery or a run that waits or came to nothing",
        (*trigger_messages.ENTRIES, *dispatch_messages.ENTRIES),
    ),
)
_FACT = re.compile(r"\{(\w+)\}")


def page() -> str:
    """Return the page."""
    told = {code for _, codes in _SECTIONS for code in codes}
    left = tuple(code for code in CATALOGUE if code not in told)
    sections = [_section(title, codes) for title, codes in _SECTIONS]
    if left:
        sections.append(_section("Others", left))
    return "\n".join([INTRODUCTION, *sections])


def _section(title: str, codes: Iterable[str]) -> str:
    parts = [f"## {title}\n"]
    for code in codes:
        entry = CATALOGUE.get(code)
        if entry is None:
            continue
        lines = [f"{message} **{hint}**" for message, hint in _languages(entry)]
        parts.append(f"### {code}\n\n{lines[0]}\n\n{lines[1]}\n")
    return "\n".join(parts)


def _languages(entry: Entry) -> Iterable[tuple[str, str]]:
    for language in ("en", "ja"):
        yield _plain(getattr(entry.message, language)), _plain(getattr(entry.hint, language))


def _plain(text: str) -> str:
    return _FACT.sub(r"`<\1>`", text)
