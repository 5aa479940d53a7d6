"""A conversation as one JSON document, written entry by entry; cut off in the middle it is no JSON, and so no half truth."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ccplant_contracts.conversation import ConversationEntry, ExportHead
from ccplant_contracts.prompt import PromptResource


async def as_json(
    head: ExportHead, entries: AsyncIterator[ConversationEntry], unseen: tuple[PromptResource, ...]
) -> AsyncIterator[str]:
    """Yield the document's parts."""
    yield head.model_dump_json()[:-1] + ',"messages":['
    separator = "\n"
    async for entry in entries:
        yield separator + entry.model_dump_json()
        separator = ",\n"
    yield '\n],"undelivered":[' + ",".join(prompt.model_dump_json() for prompt in unseen) + "]}\n"
