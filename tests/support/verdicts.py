"""What must be true of an ended session, as pure functions: each returns what is not so, all of it.

The one thing that goes wrong first is seldom the only one, and all findings together tell what happened.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccplant_contracts.stream import StreamEvent
from tests.support.stream_viewer import StreamViewer

Raw = dict[str, Any]

ENDS = frozenset({"done", "failed", "interrupted", "cancelled", "removed", "undelivered"})
NEVER_RUN = frozenset({"removed", "undelivered"})


@dataclass
class Runs:
    """What the stream says about each prompt."""

    told: Counter[str | None] = field(default_factory=Counter)
    started: Counter[str | None] = field(default_factory=Counter)
    ended: dict[str | None, list[str]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[str] = field(default_factory=Counter)
    """The agent's messages, whole."""


def runs_of(events: Sequence[StreamEvent]) -> Runs:
    """Read off the stream what was run."""
    runs, texts = Runs(), defaultdict[str, str](str)
    for event in events:
        data = event.data
        if data.type == "turn" and data.state == "started":
            runs.started[data.prompt_id] += 1
        elif data.type == "turn":
            runs.ended[data.prompt_id].append(data.state)
        elif data.type == "message_chunk" and data.role == "agent":
            texts[data.message_id] += data.text
        elif data.type == "message_chunk" and data.offset == 0:
            runs.told[data.message_id] += 1
    runs.answers = Counter(text.strip() for text in texts.values())
    return runs


def stream_findings(session: Raw, events: Sequence[StreamEvent]) -> list[str]:
    """Numbers 1 to n, messages without a hole, and a transcript that says so."""
    findings = []
    numbers = [event.seq for event in events]
    if numbers != list(range(1, len(events) + 1)):
        findings.append(f"stored numbers have gaps: {numbers}")
    if session["stored_to"] != len(events):
        findings.append(f"{len(events)} events are stored, stored_to is {session['stored_to']}")
    transcript = session["transcript"]
    if transcript is None or transcript["last_seq"] != len(events) or not transcript["complete"]:
        findings.append(f"the transcript says {transcript}, {len(events)} events are stored")
    offsets: dict[str, int] = defaultdict(int)
    for event in events:
        data = event.data
        if data.type in ("message_chunk", "thought_chunk"):
            if data.offset != offsets[data.message_id]:
                findings.append(f"{data.message_id} has a hole before {data.offset}")
            offsets[data.message_id] = data.offset + len(data.text)
    return findings


def prompt_findings(
    prompts: Sequence[Raw], events: Sequence[StreamEvent], promised: Mapping[str, str]
) -> list[str]:
    """Each accepted prompt is there, has one end that the runner did not contradict, and was run at most once."""
    runs = runs_of(events)
    stored = {str(prompt["_id"]) for prompt in prompts}
    findings = [f"{lost} was accepted and is lost" for lost in sorted(promised.keys() - stored)]
    keys = Counter(prompt.get("idempotency_key") for prompt in prompts)
    findings += [f"key {key} made {count} prompts" for key, count in keys.items() if key and count > 1]
    strangers = {prompt_id for prompt_id in runs.started if prompt_id is not None} - stored
    findings += [f"{prompt_id} was run and is not on record" for prompt_id in sorted(strangers)]
    for prompt in prompts:
        findings += _one_prompt(prompt, runs)
    return findings


def _one_prompt(prompt: Raw, runs: Runs) -> list[str]:
    prompt_id, state, findings = prompt["_id"], prompt["state"], []
    started, told, ended = runs.started[prompt_id], runs.told[prompt_id], runs.ended.get(prompt_id, [])
    if state not in ENDS:
        findings.append(f"{prompt_id} has no end, it is {state}")
    if started > 1 or told > 1:
        findings.append(f"{prompt_id} was run {started} times and told {told} times")
    if state in NEVER_RUN and started:
        findings.append(f"{prompt_id} is {state} and was run")
    if state in ("done", "failed") and (started, ended) != (1, [state]):
        findings.append(f"{prompt_id} is {state}, its turn started {started} times and ended {ended}")
    if ended and ended != [state]:
        findings.append(f"{prompt_id} is {state}, the runner said {ended}")
    word, _, rest = prompt["text"].partition(" ")
    if word == "echo":
        said = runs.answers[rest]
        if said > 1 or (state == "done" and said != 1):
            findings.append(f"{prompt_id} is {state} and was answered {said} times")
    return findings


def viewer_findings(
    session: Raw, events: Sequence[StreamEvent], prompts: Sequence[Raw], viewer: StreamViewer
) -> list[str]:
    """A viewer has exactly what is stored, was told of the end, and was shown the truth last."""
    viewer.check_previews()
    findings = list(viewer.findings)
    seen = [(frame["seq"], frame["type"], frame["data"]) for frame in viewer.events]
    stored = [
        (event.seq, event.data.type, event.data.model_dump(mode="json", exclude={"type"})) for event in events
    ]
    if seen != stored[viewer.since :]:
        numbers = f"{seen[0][0]} to {seen[-1][0]}" if seen else "none"
        findings.append(f"{viewer.name} has {len(seen)} events ({numbers}), stored are {len(stored)}")
    if viewer.closed != 1000:
        findings.append(f"{viewer.name} was closed with {viewer.closed}")
    shown = viewer.state.get(("session", session["_id"]), {}).get("status")
    if shown != session["status"]:
        findings.append(f"{viewer.name} was shown {shown}, it is {session['status']}")
    for prompt in prompts:
        state = viewer.state.get(("prompt", prompt["_id"]), {}).get("state")
        if state not in (None, prompt["state"]):
            findings.append(f"{viewer.name} was shown {prompt['_id']} as {state}, it is {prompt['state']}")
    return findings
