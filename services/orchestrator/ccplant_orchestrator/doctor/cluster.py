"""The cluster: rights, a Pod as a session's would be (as a dry run: nothing is made), storage class and image."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ccplant_contracts.ids import random_text
from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.doctor.finding import Finding, ok, warning, wrong
from ccplant_orchestrator.doctor.rights import EXCESSIVE, EXPLAINING, NEEDED, Right, allowed
from ccplant_orchestrator.runtimes.kubernetes import manifests
from ccplant_orchestrator.runtimes.kubernetes.api import ApiError, Json, UnreachableError
from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef

CLUSTER, RIGHTS, POD, STORAGE, IMAGE = "cluster", "rights", "pod", "storage", "image"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


async def check(api: KubernetesApi, options: KubernetesOptions) -> AsyncIterator[Finding]:
    """Look at the cluster."""
    try:
        version = await api.ask("GET", "/version")
    except (ApiError, UnreachableError) as error:
        yield wrong(CLUSTER, "cluster_unreachable", error=error)
        return
    yield ok(CLUSTER, "cluster_ok", version=version.get("gitVersion", ""), namespace=options.namespace)
    try:
        missing = await _missing(api, options, NEEDED)
        yield _rights(options, missing)
        lesser = await _missing(api, options, EXPLAINING)
        if lesser:
            yield warning(RIGHTS, "rights_explaining", missing=_listed(lesser))
        more = [right for right in EXCESSIVE if right not in await _missing(api, options, EXCESSIVE)]
        if more:
            yield warning(RIGHTS, "rights_excessive", found=_listed(more))
        if Right("pods", "create") not in missing:
            yield await _pod(api, options)
        yield await _storage(api, options)
        yield await _image(api, options)
    except (ApiError, UnreachableError) as error:
        yield wrong(CLUSTER, "cluster_unreachable", error=error)


async def _missing(api: KubernetesApi, options: KubernetesOptions, rights: Sequence[Right]) -> list[Right]:
    return [
        right
        for right in rights
        if not allowed(await api.ask("POST", _REVIEWS, body=right.question(options.namespace)))
    ]


def _listed(rights: Sequence[Right]) -> str:
    return ", ".join(str(right) for right in rights)


def _rights(options: KubernetesOptions, missing: Sequence[Right]) -> Finding:
    if missing:
        return wrong(RIGHTS, "rights_missing", missing=_listed(missing), namespace=options.namespace)
    return ok(RIGHTS, "rights_ok", count=len(NEEDED), namespace=options.namespace)


async def _pod(api: KubernetesApi, options: KubernetesOptions) -> Finding:
    """Ask for a session's Pod without making it: quota, admission and Pod security judge it all the same."""
    name = f"ccplant-doctor-{random_text(8)}"
    ref = LaunchRef(session_id=name, launch_id=name, attempt=1, pod_name=name)
    body = manifests.pod(options, ref, "doctor", SessionConfig())
    path = f"/api/v1/namespaces/{options.namespace}/pods"
    try:
        await api.ask("POST", path, body=body, query={"dryRun": "All"})
    except ApiError as error:
        if error.not_found:
            return wrong(POD, "namespace_missing", namespace=options.namespace)
        return wrong(POD, "pod_refused", namespace=options.namespace, error=error.message)
    return ok(POD, "pod_ok", namespace=options.namespace)


async def _storage(api: KubernetesApi, options: KubernetesOptions) -> Finding:
    try:
        found = (await api.ask("GET", _CLASSES)).get("items") or ()
    except ApiError as error:
        if error.status == 403:
            return warning(STORAGE, "storage_unknown")
        raise
    names = {str(one["metadata"]["name"]) for one in found}
    defaults = [str(one["metadata"]["name"]) for one in found if _is_default(one)]
    if options.storage_class is None:
        if defaults:
            return ok(STORAGE, "storage_ok", storage_class=defaults[0])
        return warning(STORAGE, "storage_no_default", known=", ".join(sorted(names)) or "-")
    if options.storage_class in names:
        return ok(STORAGE, "storage_ok", storage_class=options.storage_class)
    known = ", ".join(sorted(names)) or "-"
    return wrong(STORAGE, "storage_missing", storage_class=options.storage_class, known=known)


def _is_default(storage_class: Json) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return bool(annotations.get(_DEFAULT_CLASS) == "true")


async def _image(api: KubernetesApi, options: KubernetesOptions) -> Finding:
    """Look whether a node has the image. One that no node has is pulled at the first session, and may not exist."""
    image = options.runner_image
    try:
        nodes = (await api.ask("GET", "/api/v1/nodes")).get("items") or ()
    except ApiError as error:
        if error.status == 403:
            return warning(IMAGE, "image_unknown", image=image)
        raise
    if not nodes:
        return wrong(IMAGE, "no_nodes")
    having = [node for node in nodes if _same(image, node)]
    if having:
        return ok(IMAGE, "image_ok", image=image, nodes=len(having), of=len(nodes))
    if options.image_pull_policy == "Never":
        return wrong(IMAGE, "image_never", image=image)
    return warning(IMAGE, "image_not_pulled", image=image)


def _same(image: str, node: Json) -> bool:
    wanted = full_name(image)
    images = node.get("status", {}).get("images") or ()
    return any(full_name(str(name)) == wanted for one in images for name in one.get("names") or ())


def full_name(image: str) -> str:
    """Return an image's name as nodes write it: with the registry and the tag that are meant when none is named."""
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"
