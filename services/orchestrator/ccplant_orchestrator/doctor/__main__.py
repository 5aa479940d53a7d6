"""``python -m ccplant_orchestrator.doctor``: one JSON object a line for each finding; exits with 1 where something is wrong.

It reads the orchestrator's own settings, so it sees what the orchestrator sees. `ccplant doctor` puts words to it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence

import structlog
from pydantic import ValidationError

from ccplant_orchestrator.doctor import bus, cluster, database, finalizers, ingest, local
from ccplant_orchestrator.doctor.finding import Finding, wrong
from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.settings import KubernetesSettings
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_platform.settings import BusSettings, MongoSettings

_BUS_SECONDS = 5.0


async def examine() -> AsyncIterator[Finding]:
    """Look at everything."""
    try:
        settings, bus_settings = OrchestratorSettings(), BusSettings()
        options = KubernetesSettings().options() if settings.runtime == "kubernetes" else None
    except ValidationError as error:
        yield wrong("settings", "settings_invalid", error=_told(error))
        return
    async for finding in bus.check(bus_settings, settings, seconds=_BUS_SECONDS):
        yield finding
    async for finding in database.check(MongoSettings()):
        yield finding
    found = await ingest.check(ingest.WebhookPlace(), seconds=_BUS_SECONDS)
    if found is not None:
        yield found
    if options is None:
        yield local.check(settings)
        return
    api = KubernetesApi(options)
    try:
        async for finding in cluster.check(api, options):
            yield finding
    finally:
        await api.aclose()


async def let_go(*, really: bool) -> AsyncIterator[Finding]:
    """Count the Pods that are held, or let them go."""
    try:
        options = KubernetesSettings().options()
    except ValidationError as error:
        yield wrong("settings", "settings_invalid", error=_told(error))
        return
    api = KubernetesApi(options)
    try:
        async for finding in (finalizers.release if really else finalizers.count)(api, options):
            yield finding
    finally:
        await api.aclose()


def _told(error: ValidationError) -> str:
    # the value is left out: it may be a secret
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())


async def report(findings: AsyncIterator[Finding]) -> int:
    """Write each finding as it is known; return the exit code."""
    code = 0
    async for finding in findings:
        sys.stdout.write(finding.model_dump_json() + "\n")
        sys.stdout.flush()
        if finding.state == "wrong":
            code = 1
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m ccplant_orchestrator.doctor", description=__doc__)
    verbs = parser.add_mutually_exclusive_group()
    verbs.add_argument("--count-finalizers", action="store_true", help="say how many Pods are held")
    verbs.add_argument("--release-finalizers", action="store_true", help="let these Pods go")
    chosen = parser.parse_args(arguments)
    # what libraries say of their tries would stand between the findings, which say the same
    logging.disable(logging.CRITICAL)
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )
    if chosen.count_finalizers or chosen.release_finalizers:
        return asyncio.run(report(let_go(really=chosen.release_finalizers)))
    return asyncio.run(report(examine()))


if __name__ == "__main__":
    sys.exit(main())
