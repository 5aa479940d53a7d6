"""Sessions as real containers of a real node, through the real REST API: from the first request to the last trace."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.kubernetes.ground import Ground
from tests.support.scene import Scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]

FREE = {"permission_policy": "allow_all"}


@pytest.mark.smoke
async def test_a_session_runs_in_a_container_answers_and_leaves_nothing(stage: Scene, ground: Ground) -> None:
    session_id = await stage.running("echo hello from a Pod")
    pod = await ground.running(session_id)

    await stage.auditor.prompts_ended(session_id)
    assert (await stage.person.look(session_id))["resources"]["limits_enforced"]
    await stage.person.delete(session_id)
    ended = await stage.auditor.settled(session_id)

    assert (ended["status"], ended["status_reason"]) == ("terminated", "deleted")
    await ground.gone(pod)
    assert ground.traces(session_id) == []
    await stage.finish()
    assert "hello from a Pod" in "".join(stage.viewers_of(session_id)[0].texts().values())


async def test_a_forced_deletion_does_not_wait_for_a_runner_that_does_not_listen(
    stage: Scene, ground: Ground
) -> None:
    """Graceful, graceful with a runner that stands still, and forced: what each takes is in the journal."""
    took: dict[str, float] = {}
    for kind in ("listens", "stands still", "forced"):
        session_id = await stage.running("sleep 600", viewers=0)
        pod = await ground.running(session_id)
        if kind != "listens":
            ground.node.signal(pod, signal.SIGSTOP)
        began = stage.system.clock()
        await stage.person.delete(session_id, "?force=true" if kind == "forced" else "")
        await _stands_empty(ground, pod)
        took[kind] = stage.system.clock() - began
        await stage.auditor.settled(session_id, 90)
        await ground.gone(pod)
        stage.system.note(f"{kind}: nothing runs after {took[kind]:.2f} s")
        assert ground.traces(session_id) == []

    assert took["forced"] < took["stands still"]
    assert took["listens"] < took["stands still"]


async def _stands_empty(ground: Ground, pod: dict[str, Any]) -> None:
    await eventually(lambda: not ground.node.processes_of(pod), 60)


_ESCAPE = """
import asyncio, json, nats

spec = json.load(open("/run/ccplant/spec.json"))
other = json.load(open("/workspace/other.json"))["launch_id"]
tries = {
    "publish": [f"s.{other}.out.events", f"s.{other}.out.register", f"s.{other}.out.heartbeat", f"s.{other}.in.stop",
                f"s.{other}.in.prompt", "ccplant.commands", "ccplant.events.session", "$JS.API.STREAM.LIST",
                "$JS.API.STREAM.DELETE.SESSION_EVENTS", "$SYS.REQ.ACCOUNT.PING", "_INBOX.someone"],
    "subscribe": [f"s.{other}.in.>", f"s.{other}.out.>", "s.*.in.>", ">", "ccplant.>", "$JS.API.>", "_INBOX.>"],
}

def credentials(value):
    if isinstance(value, dict):
        if value.get("jwt") and value.get("seed"):
            yield value
        for item in value.values():
            yield from credentials(item)

async def attempt(access, kind, subject):
    refused = asyncio.Event()
    async def note(error):
        if "permissions violation" in str(error).lower():
            refused.set()
    file = "/workspace/escape.creds"
    with open(file, "w") as out:
        out.write(f"-----BEGIN NATS USER JWT-----\\n{access['jwt']}\\n------END NATS USER JWT------\\n\\n"
                  f"-----BEGIN USER NKEY SEED-----\\n{access['seed']}\\n------END USER NKEY SEED------\\n")
    client = await nats.connect(access["url"], user_credentials=file, error_cb=note, allow_reconnect=False)
    if kind == "publish":
        await client.publish(subject, b"{}")
    else:
        await client.subscribe(subject)
    await client.flush()
    try:
        # the library tells of an error some time after it read it
        await asyncio.wait_for(refused.wait(), 2)
    except TimeoutError:
        pass
    await client.close()
    return refused.is_set()

async def main():
    result = []
    for access in credentials(spec):
        for kind, subjects in tries.items():
            for subject in subjects:
                result.append([kind, subject, await attempt(access, kind, subject)])
    json.dump(result, open("/workspace/draft.json", "w"))

asyncio.run(main())
import os
os.replace("/workspace/draft.json", "/workspace/result.json")
"""


async def test_a_pod_that_tries_to_leave_its_subjects_on_the_bus_is_refused(
    stage: Scene, ground: Ground
) -> None:
    """With all that an agent finds in its Pod: the credentials of its own runner, and the id of another launch."""
    other = await stage.running("echo undisturbed")
    session_id = await stage.running("echo hello", config=FREE)
    workspace = ground.node.root_of(await ground.running(session_id)) / "workspace"
    launch = (await stage.auditor.session(other))["launch"]["id"]
    (workspace / "other.json").write_text(json.dumps({"launch_id": launch}))
    (workspace / "escape.py").write_text(_ESCAPE)

    await stage.person.say(session_id, "run python /workspace/escape.py > /workspace/log 2>&1")
    await stage.auditor.prompts_ended(session_id, 90)

    assert (workspace / "result.json").exists(), (workspace / "log").read_text()
    result: list[Any] = json.loads((workspace / "result.json").read_text())
    assert len(result) >= 18
    assert [attempt for attempt in result if not attempt[2]] == []
    await stage.person.say(other, "echo still here")
    await stage.finish()


async def test_a_volume_is_kept_and_the_conversation_goes_on_in_another_pod(
    stage: Scene, ground: Ground
) -> None:
    folder = ground.node.add_only_volume(ground.api, ground.storage_class)
    kept = {"pvc_enabled": True, "pvc_retain": True, "pvc_storage_size": "1Gi", **FREE}
    first = await stage.running("run echo written > note.txt", config=kept)
    pod = await ground.running(first)
    await stage.auditor.prompts_ended(first)
    await stage.person.stop(first)
    await stage.auditor.settled(first)
    await ground.gone(pod)
    assert [note.read_text() for note in folder.rglob("note.txt")] == ["written\n"]

    answer = await stage.person.ask("POST", f"/sessions/{first}/recreate", body={"resume": True})
    assert answer.status_code == 201, answer.text
    second = stage.person.created(f"again-{first}", answer.json(), None)
    stage.watch(second)
    await stage.person.say(second, "history")
    await stage.person.say(second, "run cat note.txt")
    await stage.auditor.prompts_ended(second)

    claims = ground.api.items(f"/api/v1/namespaces/{ground.namespace}/persistentvolumeclaims")
    assert [claim["metadata"]["name"] for claim in claims] == [first]
    await stage.finish()
    assert "run echo written" in "".join(stage.viewers_of(second)[0].texts().values())
