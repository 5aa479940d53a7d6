"""What the agent does and says reaches the stream in the agent's order."""

from __future__ import annotations

from ccplant_contracts.stream import Delta, MessageChunk, Plan, PlanEntry, StreamData, Tool
from ccplant_platform.redaction import Redactor
from ccplant_runner.agents.driver import PlanChanged, TextSaid, ToolChanged
from ccplant_runner.speech import Speech


class Heard:
    """What was said, and previewed."""

    def __init__(self) -> None:
        self.said: list[StreamData] = []
        self.previews: list[Delta] = []
        self.speech = Speech(
            say=self.said.append,
            preview=self.previews.append,
            large_tool=lambda tool: tool,
            redactor=Redactor(),
        )


def tool(status: str) -> ToolChanged:
    return ToolChanged(Tool.model_validate({"tool_call_id": "t", "title": "Read", "status": status}))


async def test_a_held_snapshot_comes_before_the_message_that_was_begun_after_it() -> None:
    heard = Heard()
    for update in (
        tool("pending"),
        tool("in_progress"),
        tool("completed"),
        TextSaid("I read it.", "message"),
    ):
        heard.speech.take(update)
    heard.speech.flush()
    kinds = [(item.type, getattr(item, "status", None)) for item in heard.said]
    assert kinds == [("tool", "pending"), ("tool", "completed"), ("message_chunk", None)]


async def test_a_finished_plan_comes_before_the_words_that_say_so() -> None:
    heard = Heard()
    for status in ("pending", "in_progress", "completed"):
        entry = PlanEntry.model_validate({"content": "Change it", "status": status})
        heard.speech.take(PlanChanged((entry,)))
    heard.speech.take(TextSaid("The plan is done.", "message"))
    heard.speech.flush()
    plan, last_plan, text = heard.said
    assert isinstance(plan, Plan)
    assert isinstance(last_plan, Plan)
    assert last_plan.entries[0].status == "completed"
    assert isinstance(text, MessageChunk)
    assert text.final


async def test_snapshots_within_a_message_are_still_throttled() -> None:
    heard = Heard()
    heard.speech.take(TextSaid("Working", "message"))
    for number in range(100):
        entry = PlanEntry(content=f"step {number}", status="pending")
        heard.speech.take(PlanChanged((entry,)))
    assert sum(isinstance(item, Plan) for item in heard.said) == 1
    heard.speech.flush()
    assert sum(isinstance(item, Plan) for item in heard.said) == 2
