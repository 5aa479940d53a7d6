"""Everything that the command line says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

MESSAGES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "help.ccplant": (
            "AI コーディングエージェントをセッションで動かします。",
            "Run AI coding agents in sessions.",
        ),
        "help.option.version": ("バージョンを表示して終了します。", "Print the version and exit."),
    }
)
