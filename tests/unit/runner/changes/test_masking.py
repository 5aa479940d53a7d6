"""A diff without secrets is still a diff."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplant_platform.redaction import MASK, Redactor
from ccplant_runner.changes.masking import masked_diff

TOKEN = "ghp_" + "a1B2" * 9
HEAD = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n"
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
LINES = st.lists(
    st.tuples(
        st.sampled_from("+- "),
        st.sampled_from(["plain", TOKEN, "my secret value", BEGIN, "MIIEow", END, f"{BEGIN} x {END} after"]),
    ),
    max_size=30,
)


@given(LINES)
def test_every_line_keeps_its_place_and_its_sign(lines: list[tuple[str, str]]) -> None:
    diff = HEAD + "\n".join(sign + text for sign, text in lines)
    masked = masked_diff(diff, Redactor(["my secret value"]))
    assert [line[:1] for line in masked.split("\n")] == [line[:1] for line in diff.split("\n")]
    assert "my secret value" not in masked
    assert TOKEN not in masked


def test_all_lines_of_a_private_key_are_masked_and_none_after_it() -> None:
    diff = HEAD + f"+{BEGIN}\n+MIIEowIBAAKCAQEA\n+{END}\n+plain\n"
    assert masked_diff(diff, Redactor()) == HEAD + f"+{MASK}\n+{MASK}\n+{MASK}\n+plain\n"


def test_a_key_without_an_end_is_masked_until_the_next_hunk() -> None:
    diff = HEAD + f"+{BEGIN}\n+MIIE\n@@ -20 +20 @@ {TOKEN}\n+plain\n"
    masked = masked_diff(diff, Redactor())
    assert "MIIE" not in masked
    assert TOKEN not in masked
    assert masked.endswith("\n+plain\n")


def test_a_diff_without_secrets_stays_as_it_is() -> None:
    diff = HEAD + "-a\r\n+b\r\n\\ No newline at end of file\n"
    assert masked_diff(diff, Redactor(["unrelated"])) == diff
