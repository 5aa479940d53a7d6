"""What must be true of deliveries, ticks and what came of them, as pure functions: each returns all that is not so."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.support.github_sender import Sent
from tests.support.verdicts import ENDS

Raw = dict[str, Any]

PATIENCE = timedelta(seconds=2)
"""How long a number of a queue that nobody used holds up those behind it."""
_CLOCK = timedelta(seconds=1)
"""A session's beginning is the moment of the decision to make it, a little before it is written."""


def delivery_findings(
    sent: Sequence[Sent], deliveries: Sequence[Raw], dispatches: Sequence[Raw]
) -> list[str]:
    """Each delivery that was answered 2xx is on record once, with one outcome and one dispatch."""
    findings: list[str] = []
    firsts, repeats = defaultdict[str, list[Raw]](list), Counter[str]()
    for row in deliveries:
        if row["outcome"] == "duplicate":
            repeats[row["github_delivery"]] += 1
        else:
            firsts[row["github_delivery"]].append(row)
    made = defaultdict[str, list[Raw]](list)
    for dispatch in dispatches:
        if dispatch["source"]["kind"] == "webhook":
            made[dispatch["source"]["delivery_id"]].append(dispatch)
    for each in sent:
        rows = firsts.pop(each.guid, [])
        if len(rows) != (1 if each.taken else len(rows)) or len(rows) > 1:
            findings.append(f"{each.guid} was answered {each.answers} and is on record {len(rows)} times")
        told = {body["delivery_id"] for body in each.taken}
        if told and told != {row["_id"] for row in rows}:
            findings.append(f"{each.guid} was told to be {told}, on record is {[row['_id'] for row in rows]}")
        # a repeat is one that was told so, or one whose answer was lost
        certain = sum(bool(body.get("duplicate")) for body in each.taken)
        if not certain <= repeats[each.guid] <= certain + each.unanswered + len(each.answers):
            findings.append(f"{each.guid} was told {certain} repeats, {repeats[each.guid]} are on record")
        for row in rows:
            findings += _one_delivery(row, made.pop(row["_id"], []))
    findings += [f"nobody sent {guid}" for guid in firsts]
    findings += [
        f"{len(rows)} dispatches are of {name}, which is not on record" for name, rows in made.items()
    ]
    return findings


def _one_delivery(row: Raw, dispatches: Sequence[Raw]) -> list[str]:
    name = row["_id"]
    if (row["state"], row["outcome"]) != ("processed", "handed"):
        return [f"{name} is {row['state']}, {row['outcome']} ({row['reason']}) and not handed on"]
    if [dispatch["_id"] for dispatch in dispatches] != [row["dispatch_id"]]:
        found = [dispatch["_id"] for dispatch in dispatches]
        return [f"{name} was handed on as {row['dispatch_id']}, and its dispatches are {found}"]
    return []


def tick_findings(
    due: Mapping[str, Sequence[datetime]], runs: Sequence[Raw], dispatches: Sequence[Raw]
) -> list[str]:
    """Each tick that was due has one outcome, and each that was handed on one dispatch."""
    findings: list[str] = []
    made = Counter(row["source"]["run_id"] for row in dispatches if row["source"]["kind"] == "schedule")
    decided = Counter[tuple[str, datetime]]()
    for run in runs:
        if run["trigger"] == "tick":
            decided.update((run["schedule_id"], tick) for tick in _ticks(run))
        if run["outcome"] == "handed" and run["fired_at"] < run["due_at"]:
            findings.append(f"{run['_id']} was due at {run['due_at']} and fired at {run['fired_at']}")
        wanted = 1 if run["outcome"] == "handed" else 0
        if (found := made.pop(run["_id"], 0)) != wanted:
            findings.append(f"{run['_id']} is {run['outcome']} and made {found} dispatches")
    for schedule_id, ticks in due.items():
        findings += [
            f"the tick {tick} of {schedule_id} has {count} outcomes"
            for tick in ticks
            if (count := decided.pop((schedule_id, tick), 0)) != 1
        ]
    findings += [f"{tick} of {schedule_id} was not due" for schedule_id, tick in decided]
    findings += [
        f"{count} dispatches are of the run {name}, which is not there" for name, count in made.items()
    ]
    return findings


def _ticks(run: Raw) -> Iterable[datetime]:
    """Return the minutes that a run stands for."""
    if run["outcome"] != "missed" or run["missed_until"] is None:
        return [run["tick_at"]]
    count = round((run["missed_until"] - run["tick_at"]) / timedelta(minutes=1)) + 1
    return [run["tick_at"] + timedelta(minutes=number) for number in range(count)]


def dispatch_findings(dispatches: Sequence[Raw], prompts: Sequence[Raw]) -> list[str]:
    """Each dispatch has an end, and is one prompt that was delivered, or says why not."""
    findings: list[str] = []
    by_trigger = Counter(row["trigger"] for row in dispatches)
    findings += [f"{name} made {count} dispatches" for name, count in by_trigger.items() if count > 1]
    placed = defaultdict[str, list[Raw]](list)
    for prompt in prompts:
        if prompt["dispatch_id"] is not None:
            placed[prompt["dispatch_id"]].append(prompt)
    for dispatch in dispatches:
        findings += _one_dispatch(dispatch, placed.pop(dispatch["_id"], []))
    return findings + [f"{name} has prompts and is not on record" for name in placed]


def _one_dispatch(dispatch: Raw, prompts: Sequence[Raw]) -> list[str]:
    name, state, findings = dispatch["_id"], dispatch["state"], []
    shown = [(prompt["_id"], prompt["session_id"], prompt["state"]) for prompt in prompts]
    delivered = [prompt for prompt in prompts if prompt["state"] != "undelivered"]
    tried = {each["session_id"] for each in dispatch["tried"]}
    if lost := {prompt["session_id"] for prompt in prompts if prompt["state"] == "undelivered"} - tried:
        findings.append(f"{name} was in {lost}, and says that it tried {tried}")
    if any(prompt["text"] != dispatch["text"] for prompt in prompts):
        findings.append(f"{name} says another thing than its prompts {shown}")
    if dispatch["open"] or state == "waiting":
        return [
            *findings,
            f"{name} waits for {dispatch['waiting_for']} and has no end; its prompts are {shown}",
        ]
    if state != "dispatched":
        if delivered:
            findings.append(f"{name} is {state}, and its prompts are {shown}")
        if state == "failed" and not dispatch["failure"]:
            findings.append(f"{name} failed and does not say why")
        return findings
    if len(delivered) != 1:
        return [*findings, f"{name} is dispatched, and its prompts are {shown}"]
    [prompt] = delivered
    if (prompt["_id"], prompt["session_id"]) != (dispatch["prompt_id"], dispatch["session_id"]):
        findings.append(f"{name} points to {dispatch['prompt_id']}, and its prompts are {shown}")
    if prompt["state"] not in ENDS:
        findings.append(f"{name}: its prompt has no end, it is {prompt['state']}")
    return findings


def slot_findings(
    dispatches: Sequence[Raw], prompts: Sequence[Raw], sessions: Mapping[str, Raw]
) -> list[str]:
    """A place has one session at a time, and its prompts come in the order of their numbers."""
    findings: list[str] = []
    queue_of = {row["_id"]: row for row in dispatches if row["target_kind"] != "new"}
    places = defaultdict[str, list[Raw]](list)
    for prompt in prompts:
        if prompt["dispatch_id"] in queue_of:
            places[queue_of[prompt["dispatch_id"]]["queue"]].append(prompt)
    for queue, found in places.items():
        used = sorted({prompt["session_id"] for prompt in found}, key=lambda name: _begin(sessions[name]))
        for earlier, later in itertools.pairwise(used):
            end = _end(sessions[earlier])
            if end is None or end > _begin(sessions[later]) + _CLOCK:
                findings.append(f"{queue}: {later} began before {earlier} took its end, {end}")
        delivered = sorted(
            (prompt for prompt in found if prompt["state"] != "undelivered"),
            key=lambda prompt: (used.index(prompt["session_id"]), prompt["number"]),
        )
        findings += _disorder(queue, [queue_of[prompt["dispatch_id"]] for prompt in delivered])
    return findings


def _begin(session: Raw) -> datetime:
    begin: datetime = session["created_at"]
    return begin


def _end(session: Raw) -> datetime | None:
    """Return since when a session takes no prompts any more."""
    stop = session["stop_requested"]
    known = [at for at in (session["ended_at"], stop and stop["at"]) if at is not None]
    return min(known) if known else None


def _disorder(queue: str, dispatches: Sequence[Raw]) -> list[str]:
    """Numbers ascend; a smaller one may come late whose maker was held up for longer than it is waited for."""
    findings, highest = [], 0
    numbers = Counter(dispatch["number"] for dispatch in dispatches)
    findings += [
        f"{queue}: number {number} came {count} times" for number, count in numbers.items() if count > 1
    ]
    given_up_on = {row["number"] for row in dispatches if row["resolved_at"] - row["created_at"] >= PATIENCE}
    for dispatch in dispatches:
        number = dispatch["number"]
        if number < highest and not any(number < passed <= highest for passed in given_up_on):
            findings.append(f"{queue}: number {number} ({dispatch['_id']}) came after {highest}")
        highest = max(highest, number)
    return findings


def event_findings(events: Sequence[Raw], aggregates: Mapping[str, int]) -> list[str]:
    """The events of deliveries, dispatches and schedules are numbered without a hole, and published."""
    findings: list[str] = []
    numbers = defaultdict[str, list[int]](list)
    for event in events:
        numbers[event["session_id"]].append(event["sequence"])
        if event["session_id"] in aggregates and not event["published"]:
            findings.append(f"{event['type']} of {event['session_id']} is not published")
    for name, last in aggregates.items():
        if sorted(numbers[name]) != list(range(1, last + 1)):
            findings.append(f"{name} has the events {sorted(numbers[name])}, the last is {last}")
    return findings
