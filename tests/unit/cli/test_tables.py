"""Tables print texts as they are, whatever they hold."""

from __future__ import annotations

import pytest
from rich.text import Text

from ccplant_cli.tables import pairs, table


@pytest.mark.parametrize("text", ["fix [/b]", "[red]stop[/red]", ":smile:", "[link=x]y", "a\\[b]"])
def test_what_stands_in_brackets_or_colons_is_a_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    table(("id", "name"), [("1", text)])
    pairs([("name", text), ("status", Text(text))])
    assert capsys.readouterr().out.count(text) == 3
