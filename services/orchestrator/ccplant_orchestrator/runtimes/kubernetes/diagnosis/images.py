"""What is wrong with an image: the registry's words, as a node passes them on.

A registry that says 401 or 403 may mean "log in" or "there is no such image", and only some say 404; so the words decide
between "not there", "not allowed" and "not reachable now", and only the first two are ever hopeless. What is not there
is so at once (S4): nobody waits half a minute to read of a wrong name. What is not allowed is asked for a second time,
because a registry may also say so of credentials that have just been made.
"""

from __future__ import annotations

import re

from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.events import Event, latest
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.finding import Evidence, problem
from ccplant_orchestrator.runtimes.kubernetes.diagnosis.situation import Situation
from ccplant_orchestrator.runtimes.plain import shown
from ccplant_orchestrator.runtimes.protocol import StartProblem

_HOPELESS_PULLS = {"image_not_found": 1, "image_wrong_platform": 1, "image_access_denied": 2}
"""Failed pulls after which waiting is given up; the kubelet makes the second about ten seconds after the first."""
_HOPELESS_SECONDS = 120
"""The same without events: so long a node has failed to pull it."""
_PULL_STATES = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed")
_FAILED = "Failed to pull image"
_FAILURES = (_FAILED, "Error: ErrImagePull", "Error: ImagePullBackOff", "Back-off pulling image")
_PULLING = ("Pulling", "Pulled", "Failed", "BackOff")

_WORDS = (
    (
        "image_access_denied",
        (
            r"may require authorization|401 unauthorized|403 forbidden|: unauthorized\b|unauthorized:|access denied"
            r"|is denied|no basic auth credentials|insufficient_scope|authentication required"
        ),
    ),
    ("registry_failing", r"429 too many requests|toomanyrequests|\b50\d (internal|bad|service|gateway)"),
    (
        "registry_unreachable",
        (
            r"no such host|i/o timeout|connection refused|connection reset|no route to host|network is unreachable"
            r"|tls handshake|x509:|proxyconnect|deadline exceeded|server misbehaving|registryunavailable"
            r"|client\.timeout|\beof\b|server gave http response to https client|lookup .* on .*:"
        ),
    ),
    ("image_wrong_platform", r"no match for platform|no matching manifest"),
    ("image_not_found", r"not found|manifest unknown|name unknown|does not exist"),
)
_PATTERNS = tuple((code, re.compile(words, re.IGNORECASE)) for code, words in _WORDS)


def not_pulled(situation: Situation) -> StartProblem | None:
    """Say why the image is not there; None: that is not the problem."""
    reason = raw.text(situation.waiting, "reason")
    message = raw.text(situation.waiting, "message")
    image = situation.image
    evidence: dict[str, Evidence] = {"state": shown(reason, 100), "node": situation.node_name or None}
    match reason:
        case "InvalidImageName":
            return problem(
                "image_name_invalid",
                {"image": image},
                hopeless=True,
                evidence={**evidence, "detail": shown(message)},
            )
        case "ErrImageNeverPull":
            return problem("image_not_on_node", {"image": image}, hopeless=True, evidence=evidence)
        case "ImageInspectError":
            return problem("image_pull_failed", {"image": image, "detail": shown(message)}, evidence=evidence)
        case _ if reason in _PULL_STATES or _just_failed(situation):
            return _failed(situation, reason, message, evidence)
        case _:
            return None


def _just_failed(situation: Situation) -> bool:
    """Tell whether the newest word about the image is a failure: an event comes before the container's state says it."""
    newest = latest(situation.events, *_PULLING)
    return newest is not None and newest.message.startswith(_FAILURES)


def pulling(situation: Situation) -> StartProblem | None:
    """Say that the image is on its way."""
    event = latest(situation.events, *_PULLING)
    if event is None or event.reason != "Pulling":
        return None
    seconds = raw.seconds_since(event.last, situation.now)
    return problem(
        "image_pulling",
        {"image": situation.image},
        evidence={"node": situation.node_name or None, "seconds": seconds},
    )


def kind_of_failure(words: str, image: str = "") -> str:
    """Return the code for a node's words about a pull."""
    # a name may hold any of the words: `team/not-found-page`
    plain = f"{words.replace(image, ' ') if image else words}"
    return next((code for code, pattern in _PATTERNS if pattern.search(plain)), "image_pull_failed")


def _failed(situation: Situation, reason: str, message: str, evidence: dict[str, Evidence]) -> StartProblem:
    pulls = [one for one in situation.events if _is_pull_failure(one)]
    words = pulls[0].message if pulls else message
    code = kind_of_failure(f"{reason}: {words}", situation.image)
    times = sum(one.count for one in pulls)
    # a state that says so stands for one, whether its event came through or not
    enough = code in _HOPELESS_PULLS and max(1, times) >= _HOPELESS_PULLS[code]
    for_long = code in _HOPELESS_PULLS and not pulls and situation.node_seconds >= _HOPELESS_SECONDS
    return problem(
        code,
        {"image": situation.image, "detail": shown(words)},
        hopeless=enough or for_long,
        evidence={**evidence, "failed_pulls": times or None},
    )


def _is_pull_failure(event: Event) -> bool:
    return event.reason == "Failed" and event.message.startswith(_FAILED)
