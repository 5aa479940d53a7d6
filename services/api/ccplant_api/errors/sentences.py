"""What is wrong with a field, in Japanese: each English sentence that a refusal may hold has its pair here.

The English ones are made in many places, by pydantic among them, so a pair is found by its words and the values in them
are carried over. A test reads the validators' sentences out of the code: one without its pair fails it.
"""

from __future__ import annotations

import re
from functools import cache

_PAIRS: tuple[tuple[str, str], ...] = (
    # --- shapes
    ("is required", "必須です"),
    ("is not a known field", "このような項目はありません"),
    ("is not valid", "正しくありません"),
    ("is not valid JSON", "正しい JSON ではありません"),
    ("must be a JSON object, sent with `Content-Type: application/json`",
     "JSON のオブジェクトを `Content-Type: application/json` で送ってください"),
    ("must be a JSON object", "JSON のオブジェクトで指定してください"),
    ("input should be a valid string", "文字列で指定してください"),
    ("input should be a valid integer{more}", "整数で指定してください"),
    ("input should be a valid number{more}", "数値で指定してください"),
    ("input should be a finite number", "数値で指定してください"),
    ("input should be a valid boolean{more}", "true か false で指定してください"),
    ("input should be a valid list", "配列で指定してください"),
    ("input should be a valid tuple", "配列で指定してください"),
    ("input should be a valid datetime{more}", "日時 (RFC 3339) で指定してください"),
    ("input should be a valid dictionary", "オブジェクトで指定してください"),
    ("input should be greater than or equal to {least}", "{least} 以上で指定してください"),
    ("input should be greater than {bound}", "{bound} より大きい値を指定してください"),
    ("input should be less than or equal to {most}", "{most} 以下で指定してください"),
    ("input should be less than {bound}", "{bound} より小さい値を指定してください"),
    ("string should have at most {most} characters", "{most} 文字以内で指定してください"),
    ("string should have at most {most} character", "{most} 文字以内で指定してください"),
    ("string should have at least {least} characters", "{least} 文字以上で指定してください"),
    ("string should have at least {least} character", "{least} 文字以上で指定してください"),
    ("string should match pattern '{pattern}'", "形式が正しくありません ({pattern})"),
    ("{kind} should have at most {most} items after validation, not {given}",
     "{most} 個以内で指定してください (現在 {given} 個)"),
    ("{kind} should have at most {most} item after validation, not {given}",
     "{most} 個以内で指定してください (現在 {given} 個)"),
    ("{kind} should have at least {least} items after validation, not {given}", "{least} 個以上指定してください"),
    ("{kind} should have at least {least} item after validation, not {given}", "{least} 個以上指定してください"),
    ("input should be {choices}", "次のいずれかで指定してください: {choices}"),
    # --- texts
    ("must not be blank", "空白だけにはできません"),
    ("must not be blank, nor begin or end with a blank",
     "空白だけにすることも、空白で始めたり終えたりすることもできません"),
    ("must not contain NUL bytes", "NUL 文字は使えません"),
    ("must be valid Unicode (it has a lone surrogate)",
     "正しい Unicode ではありません (対になっていないサロゲートがあります)"),
    ("must be one line without control characters and characters that change the direction of text",
     "1 行で指定してください。制御文字や、文字の向きを変える文字は使えません"),
    ("the time lies outside the calendar", "暦の範囲にない日時です"),
    # --- sessions
    ("must name each attachment once", "同じ添付ファイルは一度だけ指定してください"),
    ('"{rule}" is not a rule such as "Read", "Bash(npm run test:*)" or "mcp__github__*"',
     "「{rule}」は規則ではありません。例: Read、Bash(npm run test:*)、mcp__github__*"),
    ('"{text}" is not a quantity such as "2", "500m" or "4Gi"', "「{text}」は量ではありません。例: 2、500m、4Gi"),
    ('"{text}" is not a number of cores such as "2" or "500m"', "「{text}」はコア数ではありません。例: 2、500m"),
    ('"{text}" is in thousandths of a byte; write "4Gi" or "512Mi"',
     "「{text}」は 1/1000 バイト単位です。4Gi や 512Mi のように指定してください"),
    ('"{text}" is in thousandths of a byte; write "10Gi"',
     "「{text}」は 1/1000 バイト単位です。10Gi のように指定してください"),
    ("a CPU limit must be between {low} and {high}", "CPU の上限は {low} から {high} までです"),
    ("a memory limit must be between {low} and {high}", "メモリの上限は {low} から {high} までです"),
    ("a storage size must be between {low} and {high}", "ボリュームのサイズは {low} から {high} までです"),
    ("must not begin with a dash", "「-」で始めることはできません"),
    ("must not contain credentials; they are given apart", "認証情報を含めないでください。別に渡します"),
    ('must be a Git URL such as "https://github.com/owner/name", or "owner/name"',
     "Git の URL (例: https://github.com/owner/name) か「owner/name」で指定してください"),
    ("is not a valid branch name", "ブランチ名として正しくありません"),
    ("a stdio server needs a command", "stdio のサーバーにはコマンドが必要です"),
    ("a stdio server has no url and no headers", "stdio のサーバーに URL とヘッダーは指定できません"),
    ("a {type} server has a url and headers only", "{type} のサーバーに指定できるのは URL とヘッダーだけです"),
    ("a {type} server needs an http(s) url", "{type} のサーバーには http か https の URL が必要です"),
    ("must be the id of a session", "セッションの ID を指定してください"),
    ("pvc_from and pvc_retain need pvc_enabled: true", "pvc_from と pvc_retain には pvc_enabled: true が必要です"),
    ("a task session needs a message", "タスクのセッションには最初のメッセージが必要です"),
    ("attachments need a message", "添付ファイルにはメッセージが必要です"),
    ("a branch needs a repository", "ブランチを指定するにはリポジトリが必要です"),
    ("names no session of yours whose volume was kept",
     "残してあるボリュームのある、あなたのセッションではありません"),
    ("must not be replaced: the conversation is on the old volume", "変更できません。会話は元のボリュームにあります"),
    ("must be the agent that had the conversation", "会話をしていたエージェントを指定してください"),
    ("is below the {used} minutes that were used", "すでに使った {used} 分より短くはできません"),
    ('"***" stands for a secret that is stored here already, and there is none: give the value',
     "「***」は保存済みの秘密の値を表しますが、ここにはありません。値を入力してください"),
    ("is no agent that is installed here; there are: {known}",
     "このエージェントはここにありません。使えるもの: {known}"),
    ("is not possible: the local runtime has no images", "指定できません。ローカルの実行環境にイメージはありません"),
    ("is not among the images that are allowed here: {allowed}", "許可されているイメージではありません: {allowed}"),
    ("is neither the id nor the kind of an option that is offered", "選べる選択肢ではありません"),
    ("is not {where} (a file that no message has is removed after a day)",
     "このセッションの添付ファイルではありません (メッセージに付けないファイルは 1 日で消えます)"),
    ("is not a media type, such as image/png", "メディアタイプではありません。例: image/png"),
    # --- places in lists and streams
    ("is not one that this list gave", "この一覧が返したものではありません"),
    ("is beyond the last number, {last}", "最後の番号 {last} より先です"),
    ("must be a whole number from 0: the last seq that you have",
     "0 以上の整数 (受け取った最後の seq) で指定してください"),
    ("is not the id of an event", "イベントの ID ではありません"),
    # --- webhooks and schedules
    ("give cron or cron_expression, not both", "cron と cron_expression はどちらか一方だけ指定してください"),
    ("ends_at must be after starts_at", "ends_at は starts_at より後にしてください"),
    ("give session_id or reuse_key, not both", "session_id と reuse_key はどちらか一方だけ指定してください"),
    ("session_id and reuse_key need reuse_session: true",
     "session_id と reuse_key には reuse_session: true が必要です"),
    ("give webhook_id or definition, and not both", "webhook_id と definition のどちらか一方を指定してください"),
    ("it names neither a session nor, where it is a dispatch, a queue", "セッションもキューも指定されていません"),
    ("{what} must be between {low} and {high}", "{low} から {high} までで指定してください"),
    ("has no example here; give a payload, or one of these: {events}",
     "この例はありません。ペイロードを渡すか、次から選んでください: {events}"),
)  # fmt: skip
_VALUE = re.compile(r"{(\w+)}")


def in_japanese(problem: str) -> str | None:
    """Return the sentence's pair with the same values; None where there is none."""
    for pattern, japanese in _patterns():
        found = pattern.fullmatch(problem)
        if found is not None:
            return japanese.format_map(found.groupdict())
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), japanese) for english, japanese in _PAIRS)


def _pattern(english: str) -> re.Pattern[str]:
    pieces = _VALUE.split(english)
    # every second piece is a name
    return re.compile(
        "".join(f"(?P<{piece}>.*?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)),
        re.DOTALL,
    )
