"""What people read about what is to come: a webhook's dry run, a schedule that cannot do what it is meant to (W1, W4).

And why a run of a schedule did not take place or waits; in Japanese and English.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ccplant_contracts.sentences import Entry, entry

_NOTHING_JA, _NOTHING_EN = "何もする必要はありません。", "Nothing to do."

ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        # a dry run
        "would_start": entry(
            "新しいセッションを開始します。", "It would start a new session.", _NOTHING_JA, _NOTHING_EN),
        "would_start_in_place": entry(
            "再利用できるセッションがないため、新しいセッションを開始します。以後はそのセッションを再利用します。",
            "No session stands in its place: it would start a new one, which the next one then goes to.",
            _NOTHING_JA, _NOTHING_EN),
        "would_tell": entry(
            "実行中または起動中のセッション {session_id} に送ります。", "It would go to the session {session_id}.",
            _NOTHING_JA, _NOTHING_EN),
        # a schedule
        "reuse_ends_before_next_run": entry(
            "セッションの制限時間 ({minutes} 分) が実行間隔 ({interval}) 以下です。次の実行の前に終了するため、再利用されません。",
            "The session's time limit ({minutes} min) is not longer than the interval ({interval}): it ends before the next "
            "run and is not reused.",
            "config.timeout_minutes を間隔より長くするか、0 (制限なし) にしてください。",
            "Set config.timeout_minutes to more than the interval, or to 0 for no limit."),
        "never_runs": entry(
            "この式と期間では、今後実行されることはありません。",
            "By its expression and its dates it never runs from now on.",
            "cron、starts_at、ends_at を確認してください。", "Check cron, starts_at and ends_at."),
        # a run
        "run_overlap": entry(
            "前回の実行が終わっていないため、実行しませんでした (overlap: skip)。",
            "It was skipped: the run before had not ended (overlap: skip).",
            "前回のセッションを確認するか、別の overlap を選んでください。",
            "Look at the session of that run, or choose another overlap."),
        "run_missed": entry(
            "予定の時刻に実行できるものがなく、catch_up_seconds の範囲も過ぎていました。",
            "Nobody was there to run it in time, and catch_up_seconds had passed or a later run stood for it.",
            "スケジューラーが動いていたか確認してください。必要なら今すぐ実行できます。",
            "Check that the scheduler was running; run it now where it is still wanted."),
        "run_in_session_queue": entry(
            "セッションの中で、前のメッセージが終わるのを待っています。",
            "It waits in its session for the message before it.", "そのままお待ちください。", _NOTHING_EN),
    }
)  # fmt: skip
