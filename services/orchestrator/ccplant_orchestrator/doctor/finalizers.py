"""Lets go of the Pods of an installation that is being removed.

Each Pod of a session carries a finalizer, so that it stays readable until its end is on record. Without an orchestrator
nobody takes it away, and neither the Pods nor their namespace could be deleted any more. Only Pods with the labels of
this installation are touched, and only this one finalizer is taken.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from ccplant_orchestrator.doctor.finding import Finding, ok, wrong
from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, UnreachableError, pages
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions

NAME = "finalizers"
_TRIES = 5


async def held(api: Api, options: KubernetesOptions) -> list[str]:
    """Return the names of the Pods that the finalizer holds."""
    found: list[str] = []
    async for page in pages(api, Kind.POD, labels=names.selector(options), metadata_only=True):
        found += [str(pod["metadata"]["name"]) for pod in page.items if _is_held(options, pod)]
    return found


async def count(api: Api, options: KubernetesOptions) -> AsyncIterator[Finding]:
    """Say how many Pods would be let go."""
    try:
        number = len(await held(api, options))
    except (ApiError, UnreachableError) as error:
        yield wrong(NAME, "cluster_unreachable", error=error)
        return
    yield ok(NAME, "finalizers_held", count=number, namespace=options.namespace, instance=options.instance)


async def release(api: Api, options: KubernetesOptions) -> AsyncIterator[Finding]:
    """Take the finalizer from each of them."""
    done = 0
    try:
        for name in await held(api, options):
            done += await _release(api, options, name)
    except (ApiError, UnreachableError) as error:
        yield wrong(NAME, "finalizers_failed", count=done, error=error)
        return
    yield ok(NAME, "finalizers_released", count=done, namespace=options.namespace, instance=options.instance)


async def _release(api: Api, options: KubernetesOptions, name: str) -> bool:
    for attempt in range(_TRIES):
        pod = await api.read(Kind.POD, name)
        if pod is None or not _is_held(options, pod):
            return False
        rest = [one for one in pod["metadata"]["finalizers"] if one != names.FINALIZER]
        change = {
            "metadata": {
                "uid": names.uid_of(pod),
                # somebody else's finalizer that came meanwhile must not go with ours
                "resourceVersion": pod["metadata"]["resourceVersion"],
                "finalizers": rest or None,
            }
        }
        try:
            await api.merge(Kind.POD, name, change)
        except ApiError as error:
            if error.not_found:
                return False
            if not error.conflict or attempt == _TRIES - 1:
                raise
        else:
            return True
    return False


def _is_held(options: KubernetesOptions, pod: Json) -> bool:
    return names.is_ours(options, pod) and names.FINALIZER in (pod["metadata"].get("finalizers") or ())
