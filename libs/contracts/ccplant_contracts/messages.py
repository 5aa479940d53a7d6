"""What people read, in Japanese and English: one catalogue, so that API, CLI and UI say the same.

A sentence is looked up by code and filled with facts; a code without a sentence is found by a test, not by a user.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ccplant_contracts import cluster_messages, dispatch_messages, outlook_messages, trigger_messages
from ccplant_contracts.sentences import Entry, Text
from ccplant_contracts.sentences import entry as _entry

__all__ = ["CATALOGUE", "Entry", "Text", "explain", "phrase"]

CATALOGUE: MappingProxyType[str, Entry] = MappingProxyType(
    {
        # steps of a start (D1, D3)
        "queued": _entry("起動の順番を待っています。", "Waiting for a place to start.",
                         "そのままお待ちください。", "Nothing to do: it starts when a place is free."),
        "starting": _entry("実行環境を起動しています。", "The session's environment is starting.",
                           "そのままお待ちください。", "Nothing to do: this takes seconds."),
        "cloning": _entry("リポジトリをクローンしています。", "The repository is being cloned.",
                          "大きなリポジトリでは数分かかることがあります。", "A large repository can take minutes."),
        "setting_up": _entry("セットアップスクリプトを実行しています。", "The set-up script is running.",
                             "ログで進み具合を確認できます。", "The log shows how far it is."),
        "starting_agent": _entry("エージェントを起動しています。", "The agent is starting.",
                                 "そのままお待ちください。", "Nothing to do: this takes seconds."),
        "registering": _entry("エージェントの登録を待っています。", "Waiting for the agent to register.",
                              "続く場合はメッセージバスの接続を確認してください。",
                              "If this lasts, check that the runner can reach the message bus."),
        # ends (D2)
        "task_finished": _entry("タスクが完了しました。", "The task is finished.",
                                "履歴を確認できます。", "The history stays readable."),
        "agent_ended": _entry("エージェントが正常に終了しました。", "The agent ended cleanly.",
                              "履歴を確認できます。", "The history stays readable."),
        "owner_completed": _entry("所有者が完了にしました。", "The owner declared it complete.",
                                  "履歴を確認できます。", "The history stays readable."),
        "start_failed": _entry("セッションを起動できませんでした: {detail}", "The session could not be started: {detail}",
                               "原因を取り除いてから再作成してください。", "Mend the cause, then recreate the session."),
        "start_timeout": _entry("{seconds} 秒以内に起動しませんでした (最後の段階: {step})。",
                                "It did not start within {seconds} s (last step: {step}).",
                                "クローンやセットアップに時間がかかる場合は起動の制限時間を延ばしてください。",
                                "Where clone or set-up need longer, raise the start timeout."),
        "clone_failed": _entry("リポジトリをクローンできませんでした: {detail}",
                               "The repository could not be cloned: {detail}",
                               "URL、ブランチ名、アクセス権を確認してください。", "Check the URL, the branch and the access rights."),
        # the same, where access was missing
        "clone_no_token": _entry("リポジトリをクローンできませんでした: {detail}", "The repository could not be cloned: {detail}",
                               "このリポジトリ用のトークンがありません。GitHub のトークンでサインインするか、シークレット環境変数 GITHUB_TOKEN を設定してから再作成してください。URL も確認してください。",
                               "There is no token for this repository: sign in with a GitHub token, or give the session a secret variable GITHUB_TOKEN, then recreate it. Check the URL as well."),
        "clone_token_refused": _entry("リポジトリをクローンできませんでした: {detail}", "The repository could not be cloned: {detail}",
                                    "GitHub がトークンを受け付けませんでした (期限切れまたは失効)。新しいトークンでサインインしてから再作成してください。",
                                    "GitHub refused the token (it has expired or was revoked): sign in with a new one, then recreate the session."),
        "clone_no_access": _entry("リポジトリをクローンできませんでした: {detail}", "The repository could not be cloned: {detail}",
                                "トークンにこのリポジトリへのアクセス権がないか、リポジトリがありません。URL と、トークンの権限 (repo スコープまたは Contents: read) を確認してください。",
                                "The token has no access to this repository, or there is none: check the URL, and the token's rights (scope repo, or Contents: read)."),
        "clone_sso": _entry("リポジトリをクローンできませんでした: {detail}", "The repository could not be cloned: {detail}",
                          "組織がシングルサインオンを要求しています。GitHub の設定でトークンを SSO 用に承認してから再作成してください。",
                          "The organisation wants single sign-on: authorise the token for it in GitHub's settings, then recreate the session."),
        "clone_ssh_key": _entry("リポジトリをクローンできませんでした: {detail}", "The repository could not be cloned: {detail}",
                              "SSH の鍵がありません。https:// の URL を使って再作成してください。",
                              "There is no SSH key in a session: recreate it with the https:// URL."),
        "setup_failed": _entry("セットアップスクリプトが失敗しました (終了コード {exit_code})。",
                               "The set-up script failed (exit code {exit_code}).",
                               "ログの最後の行を確認し、スクリプトを直して再作成してください。",
                               "Read the last log lines, mend the script and recreate the session."),
        "agent_crashed": _entry("エージェントが異常終了しました (終了コード {exit_code})。",
                                "The agent crashed (exit code {exit_code}).",
                                "ログの最後の行を確認して再作成してください。", "Read the last log lines, then recreate the session."),
        "runner_crashed": _entry("ランナーが異常終了しました (終了コード {exit_code})。",
                                 "The runner crashed (exit code {exit_code}).",
                                 "再作成してください。繰り返す場合はログを添えて報告してください。",
                                 "Recreate the session; if it happens again, report it with the log."),
        "runner_lost": _entry("ランナーから {seconds} 秒間応答がありません。", "The runner has been silent for {seconds} s.",
                              "ノードとネットワークを確認して再作成してください。", "Check the node and the network, then recreate."),
        "internal_error": _entry("内部エラーのため続けられませんでした。", "It could not go on because of an internal error.",
                                 "再作成してください。繰り返す場合は報告してください。",
                                 "Recreate the session; if it happens again, report it."),
        "timeout": _entry("制限時間 ({minutes} 分) に達しました。", "It reached its time limit ({minutes} min).",
                          "制限時間を延ばして再作成できます。", "Recreate it with a longer limit."),
        "oom_killed": _entry("メモリ制限 ({limit}) を超えました。", "It used more than its memory limit ({limit}).",
                             "メモリ制限を増やして再作成してください。", "Recreate it with a larger memory limit."),
        "node_shutdown": _entry("実行していたマシンが停止したか、切り離されました。",
                                "The machine that it ran on was shut down, drained or lost.",
                                "再作成してください。診断の証拠に経緯が残っています。",
                                "Recreate the session; the evidence says what happened to the machine."),
        "evicted": _entry("ノードから退避されました (資源不足、優先度の高い Pod、または管理者の操作)。",
                          "It was evicted from its node: short of resources, for a more important Pod, or on request.",
                          "再作成してください。繰り返す場合はノードの空きと優先度を確認してください。",
                          "Recreate the session; if it happens again, check the node's room and the priorities."),
        "stopped": _entry("{by} が停止しました。", "It was stopped by {by}.", "再作成できます。", "It can be recreated."),
        "deleted": _entry("{by} が削除しました。", "It was deleted by {by}.",
                          "記録は ID で読めます。", "Its record stays readable by id."),
        "pod_deleted": _entry("実行環境が外部から削除されました。", "Its environment was removed from outside.",
                              "再作成してください。", "Recreate the session."),
        # liveness
        "unreachable": _entry("ランナーから {seconds} 秒間応答がありません。", "The runner has been silent for {seconds} s.",
                              "続く場合はセッションが終了します。", "The session ends if this lasts."),
        "tool_oom_killed": _entry("メモリ制限に達したため、セッション内のプロセスがカーネルに終了されました。",
                                  "The kernel killed a process of the session: its memory limit was reached.",
                                  "並列数を下げるか、メモリ制限を増やして再作成してください。",
                                  "Let it do less at once, or recreate it with a larger memory limit."),
        **cluster_messages.ENTRIES,
        **dispatch_messages.ENTRIES,
        **outlook_messages.ENTRIES,
        **trigger_messages.ENTRIES,
    }
)  # fmt: skip
"""Every code that a person may read, with its two sentences. Fields in braces are filled with facts."""


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def explain(code: str, /, **facts: object) -> Entry:
    """Fill the entry of `code` with facts; one that is not known shows as ``?``, a `Text` in each language as it is.

    Raises:
        KeyError: the catalogue has no such code.
    """
    entry = CATALOGUE[code]
    return Entry(message=_filled(entry.message, facts), hint=_filled(entry.hint, facts))


def phrase(name: str, /, **facts: object) -> Text:
    """Fill a part of a sentence, for use as a fact of one.

    Raises:
        KeyError: there is no such phrase.
    """
    return _filled(cluster_messages.PHRASES[name], facts)


def _filled(text: Text, facts: Mapping[str, object]) -> Text:
    known = {name: value for name, value in facts.items() if value is not None}
    return Text(
        ja=text.ja.format_map(_Facts({n: v.ja if isinstance(v, Text) else v for n, v in known.items()})),
        en=text.en.format_map(_Facts({n: v.en if isinstance(v, Text) else v for n, v in known.items()})),
    )
