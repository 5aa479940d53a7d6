"""Makes the objects of a launch, each at most once: Secret, volume claim, Pod, and then the Secret's owner.

The Secret comes first, because it is also the gate: whoever ends a launch empties it (see `fencing`), and a Pod whose
Secret is empty never starts. So an orchestrator that was frozen between any two of these lines and goes on after the
end makes at most a Pod that starts nothing, and the sweep collects it. An object that is there already and is this
launch's own is a success, whoever made it; one of somebody else's is an error and stays as it is.
"""

from __future__ import annotations

import structlog

from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes import manifests, names
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.refusals import name_taken, refusable, refused
from ccplant_orchestrator.runtimes.kubernetes.volumes import Volumes
from ccplant_orchestrator.runtimes.protocol import LaunchRef, RuntimeFailedError, Volume
from ccplant_platform.faults import fault_point

_log = structlog.get_logger(__name__)

_MOST_SPEC = 1 << 20


class Launching:
    """Starts launches in one namespace."""

    def __init__(self, api: Api, options: KubernetesOptions, volumes: Volumes) -> None:
        self._api = api
        self._options = options
        self._volumes = volumes

    async def launch(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> None:
        """Make what is not there yet; a launch that was ended already is left as it is."""
        fault_point("kube.launch.begun")
        secret = await self._secret(spec, ref)
        if secret is None:
            _log.info("launch_fenced", session_id=ref.session_id, launch_id=ref.launch_id)
            return
        if volume is not None:
            await self._volumes.prepare(volume, ref)
        pod = await self._pod(spec, ref, config, volume)
        await self._own(secret, pod)
        _log.info("launched", session_id=ref.session_id, launch_id=ref.launch_id)

    async def _secret(self, spec: LaunchSpec, ref: LaunchRef) -> Json | None:
        """Return the launch's Secret; None: the launch is over."""
        body = manifests.secret(self._options, ref, spec)
        size = len(body["stringData"][names.SPEC_KEY].encode())
        if size > _MOST_SPEC:
            raise refused(f"its configuration has {size} bytes, and a Secret holds {_MOST_SPEC} at most")
        try:
            with refusable("Secret"):
                made = await self._api.create(Kind.SECRET, body)
        except ApiError as error:
            if not error.already_exists:
                raise
            return await self._found_secret(ref)
        fault_point("kube.secret.created")
        return made

    async def _found_secret(self, ref: LaunchRef) -> Json | None:
        found = await self._found(Kind.SECRET, ref)
        return found if names.SPEC_KEY in (found.get("data") or {}) else None

    async def _pod(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> Json:
        body = manifests.pod(self._options, ref, spec.owner, config, volume)
        try:
            with refusable("Pod"):
                made = await self._api.create(Kind.POD, body)
        except ApiError as error:
            if not error.already_exists:
                raise
            return await self._found(Kind.POD, ref)
        fault_point("kube.pod.created")
        return made

    async def _found(self, kind: Kind, ref: LaunchRef) -> Json:
        """Read the object that has the launch's name.

        Raises:
            LaunchRefusedError: it is somebody else's.
            RuntimeFailedError: it is gone again, or the rest of another launch of ours.
        """
        found = await self._api.read(kind, ref.pod_name)
        if found is None:
            raise RuntimeFailedError(f"{kind} {ref.pod_name} was there and is gone")
        if not names.is_ours(self._options, found):
            raise name_taken("Pod" if kind is Kind.POD else "Secret", found)
        if not names.belongs_to(self._options, found, ref):
            raise RuntimeFailedError(f"{kind} {ref.pod_name} still belongs to another launch")
        return found

    async def _own(self, secret: Json, pod: Json) -> None:
        """Let the Secret go with its Pod; one that changed meanwhile was fenced, and a fence belongs to nobody."""
        if secret["metadata"].get("ownerReferences"):
            return
        version = str(secret["metadata"]["resourceVersion"])
        change = manifests.owning(str(pod["metadata"]["name"]), names.uid_of(pod), version)
        try:
            await self._api.merge(Kind.SECRET, str(secret["metadata"]["name"]), change)
        except ApiError as error:
            if not error.conflict and not error.not_found:
                raise
            return
        fault_point("kube.secret.owned")
