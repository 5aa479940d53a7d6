"""Volume claims: made for the session that has the volume first, used by one launch at a time, removed on request alone.

Who holds a volume is decided on its record, before anything is asked here. What is looked for here is what a record
cannot know: the Pod of an earlier launch that is not gone yet, on a node that does not answer say. Two writers on one
workspace would spoil it, so a volume is free only when the last Pod that names it is gone.
"""

from __future__ import annotations

import asyncio

import structlog

from ccplant_orchestrator.runtimes.kubernetes import manifests, names
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, pages
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.claims import in_use
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.refusals import name_taken, refusable
from ccplant_orchestrator.runtimes.protocol import LaunchRef, RuntimeFailedError, Volume, VolumeInUseError
from ccplant_platform.faults import fault_point

_log = structlog.get_logger(__name__)

_GONE_SECONDS = 10.0


class Volumes:
    """The claims of one namespace."""

    def __init__(self, api: Api, options: KubernetesOptions) -> None:
        self._api = api
        self._options = options

    async def prepare(self, volume: Volume, ref: LaunchRef) -> None:
        """Have the claim there and free for this launch.

        Raises:
            VolumeInUseError: the Pod of another launch has it.
            LaunchRefusedError: it cannot be made, or its name is somebody else's.
        """
        try:
            with refusable("PersistentVolumeClaim"):
                await self._api.create(Kind.CLAIM, manifests.claim(self._options, volume))
        except ApiError as error:
            if not error.already_exists:
                raise
            await self._free(volume, ref)
            return
        fault_point("kube.pvc.created")

    async def _free(self, volume: Volume, ref: LaunchRef) -> None:
        found = await self._api.read(Kind.CLAIM, volume.id)
        if found is None:
            raise RuntimeFailedError(f"volume {volume.id} was there and is gone")
        if not self._is(found, volume.id):
            raise name_taken("PersistentVolumeClaim", found)
        if found["metadata"].get("deletionTimestamp"):
            raise RuntimeFailedError(f"volume {volume.id} is being deleted")
        await self._refuse_others(volume.id, ref)

    async def _refuse_others(self, volume_id: str, ref: LaunchRef | None) -> None:
        labels = names.selector(self._options, volume=volume_id)
        async for page in pages(self._api, Kind.POD, labels=labels, metadata_only=True):
            for pod in page.items:
                if ref is None or not names.belongs_to(self._options, pod, ref):
                    raise await self._in_use(volume_id, str(pod["metadata"]["name"]))

    async def _in_use(self, volume_id: str, pod_name: str) -> VolumeInUseError:
        """Say who has the volume, and on which node: it may be one that somebody has to look after."""
        pod = await self._api.read(Kind.POD, pod_name)
        node = str((pod or {}).get("spec", {}).get("nodeName") or "")
        found = in_use(volume_id, pod_name, node)
        return VolumeInUseError(f"the volume {volume_id} is used by the Pod {pod_name}", diagnosis=found)

    async def delete(self, volume_id: str) -> None:
        """Have the claim removed; what is not ours is left alone.

        Raises:
            VolumeInUseError: a Pod that is not gone uses it.
        """
        found = await self._api.read(Kind.CLAIM, volume_id)
        if found is None:
            return
        if not self._is(found, volume_id):
            _log.warning("volume_is_not_ours", volume_id=volume_id)
            return
        await self._refuse_others(volume_id, None)
        await self._delete(volume_id, names.uid_of(found))

    async def _delete(self, volume_id: str, uid: str) -> None:
        try:
            await self._api.delete(Kind.CLAIM, volume_id, uid=uid)
        except ApiError as error:
            if not error.not_found and not error.conflict:
                raise
            return
        fault_point("kube.pvc.deleted")
        ends = asyncio.get_running_loop().time() + _GONE_SECONDS
        delay = 0.05
        while asyncio.get_running_loop().time() < ends:
            found = await self._api.read(Kind.CLAIM, volume_id)
            if found is None or names.uid_of(found) != uid:
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, 1.0)
        # its deletion is written and cannot be taken back: whoever makes it go will
        _log.info("volume_still_going", volume_id=volume_id)

    def _is(self, claim: Json, volume_id: str) -> bool:
        return names.is_ours(self._options, claim) and names.labels_of(claim).get(names.VOLUME) == volume_id
