"""What to enter at GitHub for a new webhook, word by word, and how to try it without GitHub."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from ccplant_cli.documents import Document
from ccplant_cli.webhooks.messages import text
from ccplant_cli.webhooks.secrets import VARIABLE

LABELS: MappingProxyType[str, str] = MappingProxyType(
    {
        "check_run": "Check runs",
        "check_suite": "Check suites",
        "commit_comment": "Commit comments",
        "create": "Branch or tag creation",
        "delete": "Branch or tag deletion",
        "deployment": "Deployments",
        "deployment_status": "Deployment statuses",
        "discussion": "Discussions",
        "discussion_comment": "Discussion comments",
        "fork": "Forks",
        "gollum": "Wiki",
        "issue_comment": "Issue comments",
        "issues": "Issues",
        "label": "Labels",
        "merge_group": "Merge groups",
        "milestone": "Milestones",
        "pull_request": "Pull requests",
        "pull_request_review": "Pull request reviews",
        "pull_request_review_comment": "Pull request review comments",
        "pull_request_review_thread": "Pull request review threads",
        "push": "Pushes",
        "release": "Releases",
        "repository": "Repositories",
        "star": "Stars",
        "status": "Statuses",
        "watch": "Watches",
        "workflow_job": "Workflow jobs",
        "workflow_run": "Workflow runs",
    }
)
"""What GitHub's form calls each event."""

_LOOPBACK = ("localhost", "::1")


def choice(events: Sequence[str]) -> str:
    """Return which events to tick in GitHub's form."""
    if list(events) == ["push"]:
        return "Just the push event."
    return f"Let me select individual events: {', '.join(LABELS.get(event, event) for event in events)}"


def unreachable(url: str) -> bool:
    """Tell whether an address is of this machine alone, so that GitHub cannot reach it."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.")


def settings(webhook: Document, secret: str, secret_at: Path | None) -> list[str]:
    """Return the lines of GitHub's form."""
    url = webhook.text("delivery_url")
    fields = [
        ("Payload URL", url),
        ("Content type", "application/json"),
        ("Secret", secret if secret_at is None else text("content_of", path=secret_at)),
        *([("SSL verification", "Enable SSL verification")] if url.startswith("https:") else []),
        ("Events", choice(webhook.texts("events"))),
        ("Active", "☑"),
    ]
    width = max(len(name) for name, _ in fields)
    return [f"  {name:<{width}}  {value}" for name, value in fields]


def example(url: str) -> str:
    """Return a shell line that signs a payload as GitHub does and sends it; the secret is taken from the environment."""
    signed = f'printf %s "$body" | openssl dgst -sha256 -hmac "${VARIABLE}" -r | cut -d " " -f 1'
    return "\n".join(
        (
            """  body='{"zen": "Keep it logically awesome."}'""",
            f"  curl -sS '{url}' -H 'Content-Type: application/json' -H 'X-GitHub-Event: ping' \\",
            '    -H "X-GitHub-Delivery: try-$(date +%s)" \\',
            f'    -H "X-Hub-Signature-256: sha256=$({signed})" --data-binary "$body"',
        )
    )


def told(webhook: Document, secret: str, secret_at: Path | None) -> str:
    """Return all that is said about a new webhook."""
    url = webhook.text("delivery_url")
    lines = [
        text("made", name=webhook.text("name")),
        *settings(webhook, secret, secret_at),
        text("secret_in_file", path=secret_at) if secret_at else text("secret_once"),
    ]
    if unreachable(url):
        lines.append(text("only_here"))
    option = f" --secret-file {shlex.quote(str(secret_at))}" if secret_at else ""
    sent = text("or_send", id=webhook.text("webhook_id"), secret=option)
    lines += [text("try_it", variable=VARIABLE), example(url), sent]
    return "\n".join(lines)
