"""What people read about webhooks' deliveries and schedules' runs (W2, W4), in Japanese and English.

`ENTRIES` are reasons: why a delivery came to nothing or waits, why a run did not take place. `FILTERS` say what one filter found,
passed or not; `PROBLEMS` what is wrong with a template, and what to write instead. Fields in braces are facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ccplant_contracts.sentences import Entry, Text, entry

_TEST_JA = "ccplant webhook test で、どのフィルターがどう判断するかを確認できます。"
_TEST_EN = "ccplant webhook test shows what each filter says."

ENTRIES: MappingProxyType[str, Entry] = MappingProxyType(
    {
        # a delivery that was ignored
        "ignored_ping": entry(
            "GitHub からの疎通確認です。Webhook は正しく設定されています。",
            "GitHub's ping: the webhook is set up correctly.",
            "何もする必要はありません。", "Nothing to do."),
        "ignored_event": entry(
            "イベント {found} は対象外です (対象: {wanted})。",
            "The event {found} is not one that it reacts to ({wanted}).",
            "必要なら events に加えるか、GitHub 側で送るイベントを減らしてください。",
            "Add it to events, or let GitHub send fewer events."),
        "ignored_action": entry(
            "アクション {found} は対象外です (対象: {wanted})。",
            "The action {found} is not one that it reacts to ({wanted}).",
            f"必要なら actions に加えてください。{_TEST_JA}", f"Add it to actions if it should be. {_TEST_EN}"),
        "ignored_repository": entry(
            "リポジトリ {found} は対象外です (対象: {wanted})。",
            "The repository {found} is not one that it reacts to ({wanted}).",
            f"repositories を確認してください。{_TEST_JA}", f"Check repositories. {_TEST_EN}"),
        "ignored_branch": entry(
            "ブランチ {found} は対象外です (対象: {wanted})。プルリクエストではマージ先のブランチを見ます。",
            "The branch {found} is not one that it reacts to ({wanted}); of a pull request, its base counts.",
            f"branches を確認してください。* は / をまたぎません (** はまたぎます)。{_TEST_JA}",
            f"Check branches: * does not go beyond a slash, ** does. {_TEST_EN}"),
        "ignored_label": entry(
            "ラベル {found} は条件に合いません (条件: {wanted})。",
            "Its labels {found} are not what is asked for ({wanted}).",
            f"pull_request_labels を確認してください。{_TEST_JA}", f"Check pull_request_labels. {_TEST_EN}"),
        "ignored_path": entry(
            "変更されたファイル {found} はどれも対象外です (対象: {wanted})。",
            "None of the changed files {found} is one that it reacts to ({wanted}).",
            f"paths を確認してください。* は / をまたぎません (** はまたぎます)。{_TEST_JA}",
            f"Check paths: * does not go beyond a slash, ** does. {_TEST_EN}"),
        "ignored_sender": entry(
            "送信者 {found} は対象外です (対象: {wanted})。",
            "The sender {found} is not one that it reacts to ({wanted}).",
            f"senders を確認してください。{_TEST_JA}", f"Check senders. {_TEST_EN}"),
        "ignored_bot": entry(
            "ボット {found} による操作です。ループを防ぐため、既定ではボットの操作に反応しません。",
            "It was done by the bot {found}; what bots do starts nothing, so that an agent does not start the next.",
            "必要なら ignore_bots を false にし、senders で送信者を絞ってください。",
            "If it should, set ignore_bots to false and narrow senders."),
        "ignored_condition": entry(
            "条件 (condition) が偽でした。", "The condition was false.",
            f"条件とペイロードの値を確認してください。存在しない値は偽です。{_TEST_JA}",
            f"Check the condition against the payload; what is not there counts as false. {_TEST_EN}"),
        "ignored_rate": entry(
            "同じ対象 ({key}) に対して 1 時間に {limit} 回を超えました。",
            "More than {limit} within an hour for the same one ({key}).",
            "ループしていないか確認し、必要なら max_dispatches_per_hour を増やしてください。",
            "Check that nothing goes in circles; if it is meant, raise max_dispatches_per_hour."),
        # a delivery that failed
        "template_failed": entry(
            "テンプレートを適用できませんでした。{problem}", "A template could not be applied. {problem}",
            "テンプレートを直し、配信を再実行 (replay) してください。", "Correct the template, then replay the delivery."),
        "payload_invalid": entry(
            "ペイロードを読めませんでした: {detail}", "The payload could not be read: {detail}",
            "GitHub の Webhook の Content type を application/json にしてください。",
            "Set the content type of the webhook at GitHub to application/json."),
        "payload_lost": entry(
            "ペイロードが保存先にもうありません。", "The payload is not kept any more.",
            "GitHub の Webhook の画面から再送 (Redeliver) してください。", "Have GitHub deliver it again (Redeliver)."),
        "webhook_deleted": entry(
            "処理する前に Webhook が削除されました。", "The webhook was deleted before it was processed.",
            "何もする必要はありません。", "Nothing to do."),
        "definition_invalid": entry(
            "保存されている Webhook の定義を読めませんでした。", "The webhook's saved definition could not be read.",
            "Webhook を更新して保存し直し、配信を再実行 (replay) してください。", "Save the webhook anew, then replay the delivery."),
        "processing_failed": entry(
            "何度も試しましたが、処理できませんでした。", "It could not be processed, however often it was tried.",
            "サービスのログを確認し、配信を再実行 (replay) してください。", "Look at the log of the service, then replay the delivery."),
        "message_empty": entry(
            "メッセージが空になりました。", "The message came out empty.",
            "message のテンプレートを確認してください。送らない場合は condition で表してください。",
            "Check the message template; use condition for what should start nothing."),
        "reuse_key_empty": entry(
            "再利用キー (reuse_key) が空になりました。", "The reuse key came out empty.",
            "このイベントにもある値を使ってください (例: facts.number)。",
            "Use values that this event has too: facts.number, say."),
        "reuse_key_too_long": entry(
            "再利用キー (reuse_key) が {limit} 文字を超えました。", "The reuse key is longer than {limit} characters.",
            "番号や名前など、短い値を使ってください。", "Use short values: a number, a name."),
        # a delivery that was there before
        "delivery_duplicate": entry(
            "同じ配信をすでに受け取っています。", "The same delivery was received before.",
            "何もする必要はありません。もう一度実行するには replay を使ってください。",
            "Nothing to do; use replay to have it processed again."),
        # one that waits
        "waiting_turn": entry(
            "同じセッション宛ての前のメッセージを待っています。", "It waits for those before it to the same session.",
            "そのままお待ちください。", "Nothing to do."),
        "waiting_place": entry(
            "所有者のセッション数が上限に達しています。空くのを待っています。",
            "The owner has as many sessions as allowed; it waits for a place.",
            "不要なセッションを終了してください。", "End sessions that are not needed."),
        "waiting_earlier_run": entry(
            "前回の実行が終わるのを待っています。", "It waits for the end of the run before it.",
            "続く場合は overlap の設定か、前回のセッションを確認してください。",
            "If this lasts, look at the session of that run, or choose another overlap."),
        "waiting_retry": entry(
            "失敗したため、しばらくしてから再試行します。", "It failed on our side and is tried again in a while.",
            "続く場合はサービスのログを確認してください。", "If this lasts, look at the log of the services."),
    }
)  # fmt: skip
"""By code: ``ignored_`` and the filter's name, a failure's code, ``waiting_`` and what is waited for."""

FILTERS: MappingProxyType[str, Text] = MappingProxyType(
    {
        "open": Text(ja="条件がないため、すべて通します。", en="Nothing is asked for: everything passes."),
        "passed": Text(ja="{found} は条件 ({wanted}) に合います。", en="{found} is what is asked for ({wanted})."),
        "not_excluded": Text(ja="除外の条件 ({wanted}) に当たりません。", en="Nothing of it is excluded ({wanted})."),
        "no_action": Text(ja="このイベントにはアクションがないため、通します。", en="This event has no action, and passes."),
        "no_branch": Text(
            ja="この種類のイベントにはブランチがないため、通します。",
            en="Events of this kind name no branch, and pass."),
        "no_label": Text(
            ja="この種類のイベントにはラベルがないため、通します。", en="Events of this kind have no labels, and pass."),
        "no_path": Text(
            ja="push 以外のイベントにはファイルの一覧がないため、通します。",
            en="Only a push lists files; other events pass."),
        "too_many_paths": Text(
            ja="変更されたファイルが多すぎてすべては調べられないため、通します。",
            en="It changed more files than are looked at, and passes."),
        "no_bot": Text(ja="{found} はボットではありません。", en="{found} is no bot."),
        "bots_welcome": Text(
            ja="ボットの操作にも反応する設定です (ignore_bots: false)。", en="What bots do counts too (ignore_bots: false)."),
        "true": Text(ja="条件 (condition) は真です。", en="The condition is true."),
        "false": Text(ja="条件 (condition) は偽です。", en="The condition is false."),
        "nothing": Text(ja="(なし)", en="(none)"),
    }
)  # fmt: skip
"""What a filter says that let it pass; one that did not says the sentence of its reason."""

PROBLEMS: MappingProxyType[str, Text] = MappingProxyType(
    {
        "syntax": Text(ja="書き方に誤りがあります: {detail}", en="it cannot be read: {detail}"),
        "ends_early": Text(
            ja="途中で終わっています。閉じていない括弧、引用符、{{% if %}} や {{% for %}} がないか確かめてください。",
            en="it ends too early: look for a bracket, a quotation mark, {{% if %}} or {{% for %}} that is not closed"),
        "tag_not_allowed": Text(
            ja="{{% {name} %}} は使えません。使えるのは if と for です。",
            en="{{% {name} %}} is not allowed; there are if and for"),
        "call_not_allowed": Text(
            ja="呼び出し {name}() は使えません。代わりにフィルター (x | filter) かテスト (x is startingwith(\"…\")) を使ってください。",
            en="the call {name}() is not allowed; write a filter (x | filter) or a test (x is startingwith(\"…\"))"),
        "arithmetic_not_allowed": Text(
            ja="計算や文字列の連結 ({name}) は使えません。値を並べて書いてください (例: {{{{ a }}}}-{{{{ b }}}})。",
            en="arithmetic and concatenation ({name}) are not allowed; write values side by side: {{{{ a }}}}-{{{{ b }}}}"),
        "filter_not_allowed": Text(
            ja="フィルター {name} はありません。使えるのは {allowed} です。", en="there is no filter {name}; there are {allowed}"),
        "test_not_allowed": Text(
            ja="テスト {name} はありません。使えるのは {allowed} です。", en="there is no test {name}; there are {allowed}"),
        "arguments": Text(ja="{name} は {usage} と書いてください。", en="{name} is written {usage}"),
        "private_name": Text(
            ja="_ で始まる名前 {name} は読めません。html_url など、ほかの値を使ってください。",
            en="{name} begins with an underscore and is not readable; use another value, html_url say"),
        "item_not_constant": Text(
            ja="[ ] の中には定数 (名前か番号) だけを書けます。for で一覧をたどるか、x.name と書いてください。",
            en="only a constant name or number goes into [ ]; use for to go through a list, or x.name"),
        "slice_not_allowed": Text(
            ja="範囲の指定 [a:b] は使えません。先頭を取るには x | prefix(7) と書いてください。",
            en="slices [a:b] are not allowed; x | prefix(7) takes the beginning"),
        "expression_not_allowed": Text(
            ja="{name} は使えません。使えるのは値、比較、and / or / not、フィルターです。",
            en="{name} is not allowed; there are values, comparisons, and / or / not, and filters"),
        "list_not_constant": Text(
            ja="[ ] の一覧には定数だけを書けます (例: action in [\"opened\", \"reopened\"])。",
            en="a list holds constants only: action in [\"opened\", \"reopened\"]"),
        "too_large": Text(
            ja="長すぎます (値と演算子は 1,000 個まで)。", en="it is too long: at most 1,000 values and operators"),
        "loops_too_deep": Text(ja="for は 2 段までです。", en="for goes at most two deep"),
        "loop_form": Text(
            ja="for は {{% for x in list %}} と書いてください (recursive や複数の変数は使えません)。",
            en="for is written {{% for x in list %}}, with one variable and not recursive"),
        "loop_name_taken": Text(
            ja="変数名 {name} は使えません (意味が決まっています)。別の名前にしてください。",
            en="{name} has a meaning of its own; give the variable another name"),
        "too_deep": Text(ja="入れ子が深すぎます。", en="it is nested too deeply"),
        "condition_form": Text(
            ja="条件は 1 つの式です。{{{{ }}}} や {{% %}} を付けず、pull_request.draft == false のように書いてください。",
            en="a condition is one expression, such as pull_request.draft == false, without {{% %}} and text around it"),
        "not_a_list": Text(ja="for でたどる {name} は一覧ではありません。", en="for goes through a list, and {name} is none"),
        "not_comparable": Text(
            ja="一覧やオブジェクトそのものは比較できません。その中の値を比較してください。",
            en="a list or an object cannot be compared as such; compare a value of it"),
        "too_much_work": Text(
            ja="このペイロードでは処理が多すぎます。for を減らしてください。",
            en="this is too much work on such a payload; use fewer loops"),
        "empty_on_examples": Text(
            ja="どのイベントの例でも空になります。名前の綴りを確認してください。",
            en="it is empty on the example of each of its events; check the names in it"),
    }
)  # fmt: skip
"""By code; what a template may hold is written down in docs/templates.md."""

_UNKNOWN = Text(ja="{problem}", en="{problem}")


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def filter_says(name: str, **facts: str) -> Text:
    """Fill the sentence of a filter that let it pass.

    Raises:
        KeyError: there is no such sentence.
    """
    return _filled(FILTERS[name], facts)


def template_problem(problem: str, *, field: str | None, line: int | None, facts: Mapping[str, str]) -> Text:
    """Return what is wrong with a template; a code that is not known (of a newer peer) says itself."""
    text = _filled(PROBLEMS.get(problem, _UNKNOWN), {"problem": problem, **facts})
    ja, en = field or "", field or ""
    if line is not None:
        ja = f"{ja} {line} 行目".strip()
        en = f"{en}, line {line}".removeprefix(", ")
    return Text(ja=f"{ja}: {text.ja}" if ja else text.ja, en=f"{en}: {text.en}" if en else text.en)


def _filled(text: Text, facts: Mapping[str, str]) -> Text:
    known = _Facts(facts)
    return Text(ja=text.ja.format_map(known), en=text.en.format_map(known))
