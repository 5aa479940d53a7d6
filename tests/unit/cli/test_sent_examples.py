"""What `webhook send` sends where no payload is given: an example that sets something off without a clone that fails."""

from __future__ import annotations

import pytest

from ccplant_cli.webhooks.payloads import to_be_sent
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.payloads import facts


@pytest.mark.parametrize("event", EXAMPLES)
def test_an_example_that_is_sent_names_no_repository_to_clone_and_is_the_same_otherwise(event: str) -> None:
    sent, example = facts(event, to_be_sent(EXAMPLES[event])), facts(event, EXAMPLES[event])
    assert sent.clone_url is None
    assert (sent.repository, sent.number, sent.branches) == (
        example.repository,
        example.number,
        example.branches,
    )


def test_what_has_no_repository_is_sent_as_it_is() -> None:
    assert to_be_sent({"zen": "x"}) == {"zen": "x"}
