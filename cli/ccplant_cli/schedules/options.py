"""When a schedule runs, as options."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from ccplant_cli.commands.trigger_options import present
from ccplant_cli.schedules.messages import text


class Overlap(StrEnum):
    """As the API names them."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class TimeOptions:
    """Its times, and what happens to those that come at the wrong one."""

    cron: Annotated[str | None, typer.Option("--cron", "-c", metavar="CRON", help=text("help.cron"))] = None
    timezone: Annotated[
        str | None, typer.Option("--timezone", "-z", metavar="ZONE", help=text("help.timezone"))
    ] = None
    overlap: Annotated[Overlap | None, typer.Option("--overlap", help=text("help.overlap"))] = None
    catch_up: Annotated[
        int | None, typer.Option("--catch-up", metavar="SECONDS", min=0, help=text("help.catch_up"))
    ] = None
    jitter: Annotated[
        int | None, typer.Option("--jitter", metavar="SECONDS", min=0, help=text("help.jitter"))
    ] = None
    starts_at: Annotated[
        str | None, typer.Option("--starts-at", metavar="TIME", help=text("help.starts_at"))
    ] = None
    ends_at: Annotated[str | None, typer.Option("--ends-at", metavar="TIME", help=text("help.ends_at"))] = (
        None
    )

    def fields(self) -> dict[str, object]:
        """Return the fields that were given."""
        return present(
            {
                "cron": self.cron,
                "timezone": self.timezone,
                "overlap": self.overlap,
                "catch_up_seconds": self.catch_up,
                "jitter_seconds": self.jitter,
                "starts_at": self.starts_at,
                "ends_at": self.ends_at,
            }
        )
