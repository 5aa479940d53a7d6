"""What people read of dispatches that came to nothing, in Japanese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ccplant_contracts.sentences import Entry
from ccplant_contracts.sentences import entry as _entry

ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "session_failed": _entry("このトリガーのために作成したセッション {session_id} が開始できませんでした: {reason}",
                                 "The session that was made for it, {session_id}, could not start: {reason}",
                                 "原因を取り除いてから再送または再実行してください。", "Mend the cause, then replay the delivery or run the schedule."),
        "session_ended_by": _entry("このトリガーのために作成したセッション {session_id} は、メッセージが届く前に {by} が終了しました。",
                                   "The session that was made for it, {session_id}, was ended by {by} before the message was delivered.",
                                   "必要であれば再送または再実行してください。", "Where it is wanted after all, replay the delivery or run the schedule."),
        "sessions_ended": _entry("メッセージが届く前に {count} 個のセッションが終了しました (最後: {session_id})。",
                                 "{count} sessions ended before the message was delivered (the last: {session_id}).",
                                 "セッションが終了した理由を確認してから再送または再実行してください。", "See why these sessions ended, then replay the delivery or run the schedule."),
        "volume_refused": _entry("ボリューム {volume_id} を使えません (存在しないか、別のセッションが使用中です)。",
                                 "The volume {volume_id} is not to be had: it does not exist, or another session has it.",
                                 "pvc_from を確認するか、ボリュームを使用しているセッションを終了してください。", "Check pvc_from, or end the session that has the volume."),
        "dispatch_error": _entry("セッションへの送信に繰り返し失敗しました: {detail}",
                                 "Handing it to a session failed again and again: {detail}",
                                 "サービスのログを確認してから再送または再実行してください。", "See the log of the orchestrator, then replay the delivery or run the schedule."),
    }
)  # fmt: skip
