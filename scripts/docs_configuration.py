"""The configuration page: every setting, as the code that reads it describes it."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from ccplant_api.principals.github.settings import GitHubSignInSettings
from ccplant_api.settings import ApiSettings
from ccplant_orchestrator.runtimes.kubernetes.settings import KubernetesSettings
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_platform.sealing import SealingSettings
from ccplant_platform.settings import (
    BusSettings,
    LimitSettings,
    LogSettings,
    MongoSettings,
    ProcessSettings,
    SettingRow,
    describe,
)
from ccplant_scheduler.settings import SchedulerSettings
from ccplant_webhook_ingest.settings import IngestSettings

GROUPS: tuple[tuple[str, str, type[BaseSettings]], ...] = (
    ("Bus", "Every service.", BusSettings),
    ("Database", "Every service.", MongoSettings),
    ("Log", "Every service.", LogSettings),
    ("Process", "Every service.", ProcessSettings),
    ("Limits", "`services/api` and `services/orchestrator`.", LimitSettings),
    ("API", "`services/api`: REST, WebSocket and SSE.", ApiSettings),
    ("Sign-in by GitHub token", "`services/api`.", GitHubSignInSettings),
    ("Owners' tokens", "`services/api` and `services/orchestrator`.", SealingSettings),
    ("Orchestrator", "`services/orchestrator`: runs sessions.", OrchestratorSettings),
    ("Scheduler", "`services/scheduler`.", SchedulerSettings),
    ("Webhook ingest", "`services/webhook-ingest`.", IngestSettings),
    (
        "Sessions as Pods",
        "`services/orchestrator`, where `CCPLANT_RUNTIME` is `kubernetes`.",
        KubernetesSettings,
    ),
)

INTRODUCTION = """# Configuration

Services read their settings from environment variables that begin with `CCPLANT_`. Secrets are never in a variable
themselves: it names a file (mode 0600) that holds them, because an environment shows in process lists and crash
reports and is inherited by every child.

`ccplant up` sets everything that its services need; what you set in its environment beside that is passed on to them. So
`CCPLANT_LOG_LEVEL=debug ccplant up` works, and so does `make up` with it.

This page is made from the code (`make docs`), and a check keeps it in step.

## Environment of the command line

| variable | what it is |
| --- | --- |
| `CCPLANT_URL` | Address of the server, as `--url`. Default: the running `ccplant up` of this machine. |
| `CCPLANT_TOKEN` | The token. Prefer it, or `--token-file`, to `--token`, which others see in the process list. |
| `XDG_DATA_HOME` | The data directory is `$XDG_DATA_HOME/ccplant`; default `~/.local/share/ccplant`. |
| `LC_ALL`, `LC_MESSAGES`, `LANG` | Japanese where the first of these that is set begins with `ja`, else English. |
| `NO_COLOR` | Set: no colours. |
"""


def _row(row: SettingRow) -> str:
    default = "required" if row.required else "–" if row.default is None else f"`{row.default}`"
    return f"| `{row.variable}` | {row.type} | {default} | {row.description.replace('|', chr(92) + '|')} |"


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for title, who, settings in GROUPS:
        rows = "\n".join(_row(row) for row in describe(settings))
        parts.append(
            f"## {title}\n\n{who}\n\n| variable | type | default | what it is |\n| --- | --- | --- | --- |\n{rows}\n"
        )
    return "\n".join(parts)
