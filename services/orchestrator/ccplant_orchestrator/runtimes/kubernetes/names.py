"""How the objects of a launch are called and labelled, and how a launch is read back from its labels.

The labels say whose an object is: nothing without all of them is ever touched, whatever its name. With them an
operator finds everything of a session by one selector: ``kubectl get pods,secrets,pvc -l ccplant.dev/session=…``.
"""

from __future__ import annotations

import re

from ccplant_contracts.ids import subject_token
from ccplant_orchestrator.runtimes.kubernetes.api import Json
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Volume

CONTAINER = "session"
SPEC_KEY = "spec.json"
FINALIZER = "ccplant.dev/evidence"
"""Holds a Pod until what is known of its end is on the session's record."""

NAME = "app.kubernetes.io/name"
MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "app.kubernetes.io/instance"
SESSION = "ccplant.dev/session"
LAUNCH = "ccplant.dev/launch"
OWNER = "ccplant.dev/owner"
VOLUME = "ccplant.dev/volume"

ATTEMPT = "ccplant.dev/attempt"
FULL_OWNER = "ccplant.dev/owner"
FENCED = "ccplant.dev/fenced"
FENCED_AT = "ccplant.dev/fenced-at"
ENDED_BY = "ccplant.dev/ended-by"
"""On a Pod that was deleted by its own orchestrator, so that a deletion from outside is known as one."""

_LABEL = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")


def label_safe(text: str) -> str:
    """Turn a user's name into a label's value, injectively."""
    if _LABEL.fullmatch(text):
        return text
    return f"x{subject_token(text)}"


def selector(options: KubernetesOptions, **more: str) -> str:
    """Select what this installation made; `more` by the names of this module's constants, in lower case."""
    wanted = {MANAGED_BY: "ccplant", INSTANCE: options.instance}
    wanted.update({{"volume": VOLUME, "session": SESSION}[name]: value for name, value in more.items()})
    return ",".join(f"{key}={value}" for key, value in wanted.items())


def base_labels(options: KubernetesOptions, owner: str) -> dict[str, str]:
    """Return the labels of everything; the operator's own can never replace ours."""
    return {
        **options.extra_labels,
        NAME: "ccplant-session",
        MANAGED_BY: "ccplant",
        INSTANCE: options.instance,
        OWNER: label_safe(owner),
    }


def launch_labels(
    options: KubernetesOptions, ref: LaunchRef, owner: str, volume: Volume | None = None
) -> dict[str, str]:
    """Return the labels of a launch's Pod and Secret."""
    labels = {**base_labels(options, owner), SESSION: ref.session_id, LAUNCH: ref.launch_id}
    return labels if volume is None else {**labels, VOLUME: volume.id}


def labels_of(obj: Json) -> Json:
    """Return an object's labels."""
    found = obj.get("metadata", {}).get("labels")
    return found if isinstance(found, dict) else {}


def annotations_of(obj: Json) -> Json:
    """Return an object's annotations."""
    found = obj.get("metadata", {}).get("annotations")
    return found if isinstance(found, dict) else {}


def uid_of(obj: Json) -> str:
    """Return an object's UID."""
    return str(obj["metadata"]["uid"])


def is_ours(options: KubernetesOptions, obj: Json) -> bool:
    """Tell whether this installation made the object."""
    labels = labels_of(obj)
    return labels.get(MANAGED_BY) == "ccplant" and labels.get(INSTANCE) == options.instance


def belongs_to(options: KubernetesOptions, obj: Json, ref: LaunchRef) -> bool:
    """Tell whether the object is this launch's own: its name alone says nothing."""
    labels = labels_of(obj)
    return (
        is_ours(options, obj)
        and labels.get(LAUNCH) == ref.launch_id
        and labels.get(SESSION) == ref.session_id
    )


def ref_of(options: KubernetesOptions, obj: Json) -> LaunchRef | None:
    """Read which launch an object belongs to; None: to none of this installation."""
    labels = labels_of(obj)
    session, launch = labels.get(SESSION), labels.get(LAUNCH)
    if not is_ours(options, obj) or not session or not launch:
        return None
    attempt = str(annotations_of(obj).get(ATTEMPT, "1"))
    return LaunchRef(
        session_id=str(session),
        launch_id=str(launch),
        attempt=int(attempt) if attempt.isdecimal() else 1,
        pod_name=str(obj["metadata"]["name"]),
    )
