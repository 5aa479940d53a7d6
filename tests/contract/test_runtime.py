"""What every runtime promises (S3, S4, S10, D2, D5), stated once and run against each with real processes."""

from __future__ import annotations

import asyncio
import json

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.protocol import LaunchRefusedError, StillRunningError, VolumeInUseError
from tests.contract.runtime_place import Place, new_ref, no_volumes, owned, recorded
from tests.contract.runtime_steps import anything, exited, next_of, runs, said, start

VOLUME = "session-tester-kept"


async def test_a_launch_runs_the_runner_and_is_seen(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime)
    seen = await runs(runtime, ref)
    assert (seen.ref, seen.exit) == (ref, None)
    assert seen.uid
    assert seen.started_at is not None
    assert seen.pod_status.phase == "Running"
    assert [one.ref for one in await runtime.list()] == [ref]
    assert place.processes(ref)


async def test_a_launch_that_was_never_made_is_not_there(place: Place) -> None:
    runtime = place.open()
    assert await runtime.get(new_ref()) is None
    assert await runtime.list() == []


async def test_launch_twice_runs_one_process(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime)
    before = await runs(runtime, ref)
    await start(runtime, ref=ref)
    await start(place.open(), ref=ref)
    assert place.starts(ref) == 1
    assert len(place.processes(ref)) == 1
    assert await runtime.get(ref) == before


async def test_launches_at_the_same_time_by_several_replicas_run_one_process(place: Place) -> None:
    replicas = [place.open() for _ in range(3)]
    ref = new_ref()
    await asyncio.gather(*(start(replica, ref=ref) for replica in replicas for _ in range(3)))
    await said(replicas[0], ref, "waiting")
    assert place.starts(ref) == 1
    assert len(place.processes(ref)) == 1


async def test_a_finished_launch_is_not_started_again(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "exit 3")
    first = await exited(runtime, ref)
    await start(runtime, "exit 3", ref=ref)
    await start(place.open(), "wait", ref=ref)
    assert place.starts(ref) == 1
    assert place.processes(ref) == []
    assert await runtime.get(ref) == first


async def test_a_launch_destroyed_before_it_began_never_begins(place: Place) -> None:
    runtime = place.open()
    ref = new_ref()
    await runtime.destroy(ref, force=True)
    await start(runtime, ref=ref)
    assert place.starts(ref) == 0
    assert place.processes(ref) == []
    assert await runtime.get(ref) is None


async def test_a_released_launch_never_begins_again(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "exit 0")
    await exited(runtime, ref)
    await runtime.release(ref)
    await start(place.open(), ref=ref)
    assert place.processes(ref) == []
    assert await runtime.get(ref) is None


async def test_exit_code_signal_and_log_tail_are_on_the_record(place: Place) -> None:
    runtime = place.open()
    failed = await exited(runtime, await start(runtime, "log 200;exit 7", ref=new_ref("session-tester-a")))
    assert failed.exit is not None
    assert (failed.exit.exit_code, failed.exit.signal, failed.exit.complete) == (7, None, True)
    assert len(failed.exit.log_tail) == 50
    assert failed.exit.log_tail[-1].startswith("line 199 ")
    assert failed.pod_status.phase == "Failed"
    assert failed.exited_at is not None
    assert failed.started_at is not None
    assert failed.exited_at >= failed.started_at
    clean = await exited(runtime, await start(runtime, "exit 0", ref=new_ref("session-tester-b")))
    assert clean.exit is not None
    assert clean.exit.exit_code == 0
    assert clean.pod_status.phase == "Succeeded"


async def test_the_runners_last_word_is_on_the_record(place: Place) -> None:
    runtime = place.open()
    word = '{"reason": "clone_failed", "detail": "no such branch", "log_tail": [], "last_seq": 4}'
    seen = await exited(runtime, await start(runtime, f"last-word {word};exit 1"))
    assert seen.exit is not None
    assert seen.exit.last_word is not None
    assert seen.exit.last_word.reason == "clone_failed"
    assert seen.exit.last_word.last_seq == 4


async def test_a_last_word_that_no_database_takes_is_made_one_that_it_takes(place: Place) -> None:
    """The session itself can write there: an end that cannot be recorded would never be one."""
    runtime = place.open()
    said = {
        "reason": "setup_failed",
        "exit_code": 2**70,
        "log_tail": ["def f():", "    return 1"],
        "last_seq": 2**70,
        "evidence": {"a\0b": {"c\0d": -(2**70)}, "of": [1.5, 2**63]},
    }
    seen = await exited(runtime, await start(runtime, f"last-word {json.dumps(said)};exit 1"))
    assert seen.exit is not None
    word = seen.exit.last_word
    assert word is not None
    assert (word.reason, word.exit_code, word.last_seq) == ("setup_failed", None, 0)
    assert word.evidence == {"ab": {"cd": None}, "of": [1.5, None]}
    assert word.log_tail == ("def f():", "    return 1"), "indentation says what belongs to what"


async def test_a_last_word_that_makes_no_sense_costs_nothing_else(place: Place) -> None:
    runtime = place.open()
    seen = await exited(runtime, await start(runtime, "last-word {oh no;exit 1"))
    assert seen.exit is not None
    assert seen.exit.last_word is None
    assert seen.exit.exit_code == 1


async def test_signal_stop_asks_the_runner(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "leave-on-term;wait")
    await said(runtime, ref, "waiting")
    await runtime.signal_stop(ref, grace_seconds=5)
    seen = await exited(runtime, ref)
    assert seen.exit is not None
    assert seen.exit.exit_code == 0
    assert "asked to stop" in seen.exit.log_tail
    await runtime.signal_stop(ref, grace_seconds=5)
    await runtime.signal_stop(new_ref(), grace_seconds=5)


@pytest.mark.parametrize("force", [False, True])
async def test_destroy_leaves_no_process_even_in_own_sessions(place: Place, force: bool) -> None:
    runtime = place.open()
    ref = await start(runtime, "ignore-term;child;own-session;own-session-bare;wait")
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 4
    await runtime.destroy(ref, force=force)
    assert place.processes(ref) == []
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.phase == "exited"
    assert seen.exit is not None
    assert seen.exit.signal == 9
    assert not seen.exit.oom_killed
    assert not seen.exit.node_shutdown


async def test_destroy_without_force_lets_the_runner_end_itself(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "leave-on-term;wait")
    await said(runtime, ref, "waiting")
    await runtime.destroy(ref, force=False)
    seen = await runtime.get(ref)
    assert seen is not None
    assert seen.exit is not None
    assert seen.exit.exit_code == 0
    assert "asked to stop" in seen.exit.log_tail


async def test_destroy_ends_frozen_processes(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "own-session;child;freeze;wait")
    await said(runtime, ref, "freezing")
    await runtime.destroy(ref, force=True)
    assert place.processes(ref) == []


async def test_destroy_outruns_a_process_that_forks_and_leaves(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "forker;wait")
    await said(runtime, ref, "waiting")
    await runtime.destroy(ref, force=True)
    assert place.processes(ref) == []


async def test_destroy_may_be_repeated_and_come_from_all_sides(place: Place) -> None:
    runtime, other = place.open(), place.open()
    ref = await start(runtime, "ignore-term;own-session;wait")
    await said(runtime, ref, "waiting")
    await asyncio.gather(
        runtime.destroy(ref, force=False), other.destroy(ref, force=True), runtime.destroy(ref, force=True)
    )
    assert place.processes(ref) == []
    await other.destroy(ref, force=False)
    assert (await exited(other, ref)).exit is not None


async def test_a_runner_that_ends_takes_everything_with_it(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "child;own-session;own-session-bare;exit 0")
    await exited(runtime, ref)
    assert place.processes(ref) == []


async def test_a_killed_runner_takes_everything_with_it_and_is_recorded(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "child;own-session;own-session-bare;wait")
    await said(runtime, ref, "waiting")
    assert len(place.processes(ref)) == 4
    place.kill_runner(ref)
    seen = await exited(runtime, ref)
    assert place.processes(ref) == []
    assert seen.exit is not None
    assert (seen.exit.exit_code, seen.exit.signal, seen.exit.oom_killed) == (None, 9, False)
    assert "waiting" in seen.exit.log_tail


async def test_observe_lists_then_follows(place: Place) -> None:
    runtime, other = place.open(), place.open()
    early = await start(runtime, "leave-on-term;wait", ref=new_ref("session-tester-a"))
    await said(runtime, early, "waiting")
    changes = runtime.changes()
    assert (await next_of(changes, anything)).ref == early
    late = await start(other, ref=new_ref("session-tester-b"))
    await next_of(changes, lambda seen: seen.ref == late and seen.phase == "running")
    await other.signal_stop(early, grace_seconds=1)
    ended = await next_of(changes, lambda seen: seen.ref == early and seen.phase == "exited")
    assert ended.exit is not None
    assert ended.exit.exit_code == 0
    place.kill_runner(late)
    await next_of(changes, lambda seen: seen.ref == late and seen.phase == "exited")


async def test_following_ends_when_the_runtime_is_closed(place: Place) -> None:
    runtime = place.open()
    changes = runtime.changes()
    ref = await start(runtime)
    await next_of(changes, lambda seen: seen.ref == ref)
    rest = asyncio.create_task(anext(changes, None))
    await runtime.aclose()
    async with asyncio.timeout(20):
        while await rest is not None:
            rest = asyncio.create_task(anext(changes, None))


async def test_a_launch_survives_the_runtime_object_and_is_found_by_the_next(place: Place) -> None:
    first = place.open()
    ref = await start(first)
    before = await runs(first, ref)
    await first.aclose()
    second = place.open()
    assert await second.get(ref) == before
    assert (await next_of(second.changes(), anything)) == before
    await second.destroy(ref, force=True)
    assert place.processes(ref) == []


async def test_release_removes_everything(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime, "write note;events 1,3;exit 0")
    await exited(runtime, ref)
    assert place.traces(ref)
    await runtime.release(ref)
    assert place.traces(ref) == []
    assert await runtime.get(ref) is None
    assert await runtime.list() == []
    await runtime.release(ref)


async def test_release_by_several_at_once_removes_everything(place: Place) -> None:
    runtime, other = place.open(), place.open()
    ref = await start(runtime, "exit 0")
    await exited(runtime, ref)
    await asyncio.gather(*(one.release(ref) for one in (runtime, other) * 8))
    assert place.traces(ref) == []


async def test_release_refuses_what_runs(place: Place) -> None:
    runtime = place.open()
    ref = await start(runtime)
    await said(runtime, ref, "waiting")
    with pytest.raises(StillRunningError):
        await runtime.release(ref)
    assert len(place.processes(ref)) == 1


async def test_a_volume_is_there_for_a_launch_of_another_session(place: Place) -> None:
    runtime = place.open()
    first = await start(runtime, "write note;exit 0", volume=VOLUME)
    await exited(runtime, first)
    await runtime.release(first)
    second = await start(runtime, "show;wait", ref=new_ref("session-tester-other"), volume=VOLUME)
    await said(runtime, second, 'workspace ["note"]')


async def test_a_volume_in_use_cannot_be_deleted_and_a_free_one_is_gone(place: Place) -> None:
    runtime = place.open()
    first = await start(runtime, "write note;wait", volume=VOLUME)
    await said(runtime, first, "waiting")
    with pytest.raises(VolumeInUseError):
        await runtime.delete_volume(VOLUME)
    await runtime.destroy(first, force=True)
    await runtime.release(first)
    await runtime.delete_volume(VOLUME)
    await runtime.delete_volume(VOLUME)
    second = await start(runtime, "show;wait", ref=new_ref("session-tester-other"), volume=VOLUME)
    await said(runtime, second, "workspace []")


async def test_a_volume_serves_one_launch_and_the_next_when_that_is_released(place: Place) -> None:
    runtime = place.open()
    first = await start(runtime, "write note;wait", volume=VOLUME)
    await said(runtime, first, "waiting")
    late = new_ref("session-tester-other")
    with pytest.raises(VolumeInUseError):
        await start(runtime, "show;wait", ref=late, volume=VOLUME)
    assert place.processes(late) == []
    # the same launch again is no other
    await start(runtime, "write note;wait", ref=first, volume=VOLUME)
    await runtime.destroy(first, force=True)
    await runtime.release(first)
    await start(runtime, "show;wait", ref=late, volume=VOLUME)
    await said(runtime, late, 'workspace ["note"]')


async def test_sweep_spares_recorded_volumes_and_takes_the_others(place: Place) -> None:
    runtime = place.open()
    first = await start(runtime, "write note;exit 0", volume=VOLUME)
    await exited(runtime, first)
    await runtime.release(first)
    assert await runtime.sweep(owned(), recorded(VOLUME)) == 0
    second = await start(runtime, "show;exit 0", ref=new_ref("session-tester-other"), volume=VOLUME)
    await said(runtime, second, 'workspace ["note"]')
    await exited(runtime, second)
    await runtime.release(second)
    assert await runtime.sweep(owned(), no_volumes) == 1
    third = await start(runtime, "show;wait", ref=new_ref("session-tester-third"), volume=VOLUME)
    await said(runtime, third, "workspace []")


async def test_sweep_collects_what_no_current_launch_owns_and_spares_the_rest(place: Place) -> None:
    runtime = place.open()
    kept = await start(runtime, "own-session;wait", ref=new_ref("session-tester-kept"))
    left = await start(runtime, "ignore-term;own-session;wait", ref=new_ref("session-tester-left"))
    dead = await start(runtime, "exit 0", ref=new_ref("session-tester-dead"))
    for ref in (kept, left):
        await said(runtime, ref, "waiting")
    await exited(runtime, dead)
    assert place.processes(left)
    assert await runtime.sweep(owned(kept.launch_id), no_volumes) == 2
    assert place.processes(left) == []
    assert place.traces(left) == place.traces(dead) == []
    assert len(place.processes(kept)) == 2
    assert await runtime.sweep(owned(kept.launch_id), no_volumes) == 0


async def test_what_can_never_start_is_refused_with_a_diagnosis(place: Place) -> None:
    runtime = place.open()
    if runtime.kind != "local":
        pytest.skip("a cluster has images")
    with pytest.raises(LaunchRefusedError) as refused:
        await start(runtime, config=SessionConfig(image="example/runner:1"))
    assert refused.value.diagnosis.code == "start_failed"
    assert refused.value.diagnosis.message["ja"]
