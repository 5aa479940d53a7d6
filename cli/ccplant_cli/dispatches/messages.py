"""Everything that `ccplant dispatch` says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair, with_examples

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "help": (
            "webhook とスケジュールが始めたもののうち、待っているものを表示・取り消します。",
            "What webhooks and schedules set off and still waits: see it, and take it back.",
        ),
        "help.command.list": with_examples(
            "待っているものを順番に、または --all ですべてを表示します。",
            "List what waits, the next one first; with --all everything, the newest first.",
            "ccplant dispatch list",
            "ccplant dispatch list --all --json",
        ),
        "help.command.show": with_examples(
            "詳細とメッセージを表示します。",
            "Show one in full, with its message.",
            "ccplant dispatch show disp-7d2k9x0q4m1n8v3c",
        ),
        "help.command.cancel": with_examples(
            "待っているものを取り消します。",
            "Take one back while it waits.",
            "ccplant dispatch cancel disp-7d2k9x0q4m1n8v3c",
        ),
        "help.argument.dispatch": ("ディスパッチの ID。", "The dispatch's id."),
        "help.all": ("待っていないものも表示します。", "Those that do not wait, too."),
        "none_waits": ("待っているものはありません。", "Nothing waits."),
        "none": ("まだ何も始まっていません。", "Nothing was set off yet."),
        "done.cancelled": ("{id} を取り消しました。", "{id} was cancelled."),
    }
)

text = Catalogue(MESSAGES).say
