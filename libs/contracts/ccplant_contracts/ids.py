"""How things are called: ids are made here and nowhere else.

An id ends up in a Kubernetes name, a bus subject, a URL and a file name. The alphabet is therefore lower-case
letters and digits, and a session id is a DNS-1123 label of at most 63 characters whatever its user is called (S2).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import NewType

SessionId = NewType("SessionId", str)
LaunchId = NewType("LaunchId", str)
PromptId = NewType("PromptId", str)
PermissionId = NewType("PermissionId", str)
BlobId = NewType("BlobId", str)
AttachmentId = NewType("AttachmentId", str)
UserId = NewType("UserId", str)
EventId = NewType("EventId", str)
WebhookId = NewType("WebhookId", str)
DeliveryId = NewType("DeliveryId", str)
ScheduleId = NewType("ScheduleId", str)
RunId = NewType("RunId", str)
DispatchId = NewType("DispatchId", str)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is mistaken for a digit when read aloud."""

RandomText = Callable[[int], str]
"""Source of random text of a given length over `ALPHABET`; tests inject a predictable one."""

_RANDOM_LENGTH = 10
_SESSION_ID = re.compile(r"^session-[a-z0-9]([-a-z0-9]{0,53}[a-z0-9])?$")


def random_text(length: int) -> str:
    """Return `length` unguessable characters (5 bits each); one question to the system, not one for each character."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(length))


def slug(text: str, limit: int) -> str:
    """Reduce any text to a DNS-1123 label of at most `limit` characters; never empty."""
    reduced = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-")
    return reduced or "user"


def new_session_id(user: str, random: RandomText = random_text) -> SessionId:
    """Make ``session-{user}-{random}`` (S2), at most 63 characters less room for a launch's attempt suffix."""
    return SessionId(f"session-{slug(user, 40)}-{random(_RANDOM_LENGTH)}")


def is_session_id(text: str) -> bool:
    """Tell whether a text can be a session id at all, before it reaches a query or a subject."""
    return _SESSION_ID.fullmatch(text) is not None


def new_launch_id(random: RandomText = random_text) -> LaunchId:
    """Make the fencing token of one attempt to run a session."""
    return LaunchId(f"l{random(20)}")


def new_prompt_id(random: RandomText = random_text) -> PromptId:
    """Make a prompt's id."""
    return PromptId(f"prompt-{random(16)}")


def new_permission_id(random: RandomText = random_text) -> PermissionId:
    """Make a permission request's id (the runner does, so that a repeat is recognised)."""
    return PermissionId(f"perm-{random(16)}")


def new_blob_id(random: RandomText = random_text) -> BlobId:
    """Make a blob's id."""
    return BlobId(f"blob-{random(16)}")


def new_attachment_id(random: RandomText = random_text) -> AttachmentId:
    """Make the id of a file that is given to a message."""
    return AttachmentId(f"att-{random(16)}")


def new_event_id(random: RandomText = random_text) -> EventId:
    """Make a CloudEvent's id; subscribers drop ids that they have seen."""
    return EventId(f"evt-{random(20)}")


def new_webhook_id(random: RandomText = random_text) -> WebhookId:
    """Make a webhook's id: it is part of its address, and not to be guessed (80 bits)."""
    return WebhookId(f"hook-{random(16)}")


def new_delivery_id(random: RandomText = random_text) -> DeliveryId:
    """Make the id of one delivery to a webhook."""
    return DeliveryId(f"dlv-{random(16)}")


def new_schedule_id(random: RandomText = random_text) -> ScheduleId:
    """Make a schedule's id."""
    return ScheduleId(f"sched-{random(16)}")


def new_run_id(random: RandomText = random_text) -> RunId:
    """Make the id of one run of a schedule."""
    return RunId(f"run-{random(16)}")


def new_dispatch_id(random: RandomText = random_text) -> DispatchId:
    """Make a dispatch's id."""
    return DispatchId(f"disp-{random(16)}")


def pod_name(session_id: str, attempt: int) -> str:
    """Name the Pod of a launch: the session's id at first (as S2 shows), with the attempt behind it later."""
    return session_id if attempt <= 1 else f"{session_id}-{attempt}"


def subject_token(text: str) -> str:
    """Turn any text, a user's name say, into one token of a bus subject, injectively.

    Dots, blanks and wildcards would change a subject's meaning. Plain names stay readable; others are
    replaced by a digest, marked with an underscore that no plain name starts with.
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", text):
        return text
    return "_" + hashlib.sha256(text.encode()).hexdigest()[:32]
