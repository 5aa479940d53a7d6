"""What a webhook reacts to, as options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from ccplant_cli.commands.trigger_options import present
from ccplant_cli.webhooks.messages import text


def listed(values: Sequence[str] | None) -> list[str] | None:
    """Return the names of an option that may be repeated, or name several with commas between."""
    if values is None:
        return None
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Which deliveries start something."""

    event: Annotated[
        list[str] | None, typer.Option("--event", "-e", metavar="EVENT", help=text("help.event"))
    ] = None
    action: Annotated[
        list[str] | None, typer.Option("--action", metavar="ACTION", help=text("help.action"))
    ] = None
    only_repo: Annotated[
        list[str] | None, typer.Option("--only-repo", metavar="PATTERN", help=text("help.only_repo"))
    ] = None
    only_branch: Annotated[
        list[str] | None, typer.Option("--only-branch", metavar="PATTERN", help=text("help.only_branch"))
    ] = None
    only_label: Annotated[
        list[str] | None, typer.Option("--only-label", metavar="PATTERN", help=text("help.only_label"))
    ] = None
    only_path: Annotated[
        list[str] | None, typer.Option("--only-path", metavar="PATTERN", help=text("help.only_path"))
    ] = None
    only_sender: Annotated[
        list[str] | None, typer.Option("--only-sender", metavar="PATTERN", help=text("help.only_sender"))
    ] = None
    ignore_bots: Annotated[
        bool | None, typer.Option("--ignore-bots/--with-bots", help=text("help.ignore_bots"))
    ] = None
    condition: Annotated[
        str | None, typer.Option("--condition", metavar="TEMPLATE", help=text("help.condition"))
    ] = None
    reuse_key: Annotated[
        str | None, typer.Option("--reuse-key", metavar="TEMPLATE", help=text("help.reuse_key"))
    ] = None
    per_hour: Annotated[
        int | None, typer.Option("--per-hour", metavar="COUNT", help=text("help.per_hour"))
    ] = None

    def fields(self) -> dict[str, object]:
        """Return the fields that were given."""
        return present(
            {
                "events": listed(self.event),
                "actions": listed(self.action),
                "repositories": self.only_repo,
                "branches": self.only_branch,
                "pull_request_labels": self.only_label,
                "paths": self.only_path,
                "senders": self.only_sender,
                "ignore_bots": self.ignore_bots,
                "condition": self.condition,
                "reuse_key": self.reuse_key,
                "max_dispatches_per_hour": self.per_hour,
            }
        )
