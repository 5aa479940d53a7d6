"""Everything that `ccplant webhook` says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair, with_examples

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        # commands
        "help": (
            "GitHub の webhook でセッションを始めます。WEBHOOK は ID、名前、またはその先頭部分です。",
            "Start sessions by GitHub's webhooks. WEBHOOK is an id, a name, or the beginning of either.",
        ),
        "help.command.create": with_examples(
            "webhook を作成し、ID を表示します。GitHub に入力する内容と、一度だけ見られるシークレットも表示します。",
            "Create a webhook and print its id; also what to enter at GitHub, and the secret, which is shown this once.",
            "ccplant webhook create --name review --event pull_request --action opened,synchronize \\",
            "    --reuse-key '{{ pull_request.html_url }}' --message 'Review {{ pull_request.html_url }}'",
            "ccplant webhook create --name ci --event push --only-branch main --only-path 'src/**' -m - < fix.txt",
            "ccplant webhook create --file review.yaml --secret-to review.secret",
        ),
        "help.command.list": with_examples("webhook の一覧を表示します。", "List your webhooks.", "ccplant webhook list"),
        "help.command.show": with_examples(
            "webhook の詳細を表示します。--definition は、作成に使えるファイルの形で出力します。",
            "Show a webhook in full; with --definition as a file that makes another one like it.",
            "ccplant webhook show review",
            "ccplant webhook show review --definition > review.yaml",
        ),
        "help.command.edit": with_examples(
            "webhook を変更します。指定した項目だけ変わります。",
            "Change a webhook; what is given changes.",
            "ccplant webhook edit review --only-repo 'acme/*' --memory 8Gi",
            "ccplant webhook edit review --file review.yaml --clear condition",
        ),
        "help.command.enable": with_examples("webhook を有効にします。", "Enable a webhook.", "ccplant webhook enable review"),
        "help.command.disable": with_examples(
            "webhook を無効にします。無効な間に届いたものは 404 で断られます。",
            "Disable a webhook; what arrives meanwhile is refused with 404.",
            "ccplant webhook disable review",
        ),
        "help.command.delete": with_examples(
            "webhook を削除します。始まったセッションは続きます。",
            "Delete a webhook; sessions that it started go on.",
            "ccplant webhook delete review --yes",
        ),
        "help.command.rotate-secret": with_examples(
            "新しいシークレットを作り、一度だけ表示します。古いものもしばらく使えます。",
            "Make a new secret and print it, this once; the old one is good for a while as well.",
            "ccplant webhook rotate-secret review",
            "ccplant webhook rotate-secret review --grace 0 --secret-to review.secret",
        ),
        "help.command.deliveries": with_examples(
            "届いたものと、それぞれの結果を表示します (30 日間)。",
            "List what was delivered, of the last 30 days, and what became of each.",
            "ccplant webhook deliveries review",
            "ccplant webhook deliveries review --outcome failed --json",
        ),
        "help.command.delivery": with_examples(
            "届いたものを一つ、すべてのフィルターの判定とともに表示します。",
            "Show one delivery, with what each filter said.",
            "ccplant webhook delivery review dlv-7d2k9x0q4m1n8v3c",
            "ccplant webhook delivery review dlv-7d2k9x0q4m1n8v3c --payload > payload.json",
        ),
        "help.command.replay": with_examples(
            "届いたものを、今の定義でもう一度処理します。",
            "Process a delivery again, by the webhook as it is now.",
            "ccplant webhook replay review dlv-7d2k9x0q4m1n8v3c",
        ),
        "help.command.test": with_examples(
            "ペイロードで何が起きるかを理由とともに表示します。何も始めません。終了コード: 0 始まる、8 無視される、1 失敗する。",
            "Tell what would happen with a payload, and why, without starting anything. "
            "Exit code: 0 it would start something, 8 it would be ignored, 1 it would fail.",
            "ccplant webhook test review",
            "ccplant webhook test review --event pull_request --payload payload.json",
            "ccplant webhook test --file review.yaml --event pull_request",
        ),
        "help.command.examples": with_examples(
            "例のあるイベントの一覧、またはその例を表示します。テンプレートで何が使えるかが分かります。",
            "List the events that have an example, or print one: it shows what templates can use.",
            "ccplant webhook examples",
            "ccplant webhook examples pull_request > payload.json",
        ),
        "help.command.send": with_examples(
            "GitHub と同じように署名して送り、結果を表示します。シークレットは --secret-file、環境変数 CCPLANT_WEBHOOK_SECRET、またはキーボードから読みます。",
            "Sign and send a delivery as GitHub does, and tell what became of it. The secret is read from --secret-file, "
            "the environment (CCPLANT_WEBHOOK_SECRET), or the keyboard.",
            "ccplant webhook send review --secret-file review.secret --event pull_request",
            "ccplant webhook send review --event push --payload payload.json --to https://tunnel.example/webhooks/hook-…",
        ),
        # arguments and options
        "help.argument.webhook": (
            "webhook の ID、名前、またはその先頭部分。",
            "The webhook's id, its name, or the beginning of either.",
        ),
        "help.argument.delivery": ("届いたものの ID。", "The delivery's id."),
        "help.event": (
            "反応する GitHub のイベント (繰り返し、またはコンマ区切り): pull_request など。",
            "A GitHub event to react to: pull_request and so on (repeatable, or with commas).",
        ),
        "help.action": (
            "このアクションだけ (繰り返し、またはコンマ区切り): opened など。",
            "Only this action: opened and so on (repeatable, or with commas).",
        ),
        "help.only_repo": (
            "このリポジトリだけ: 名前か 'acme/*' のようなパターン、! で除外 (繰り返し可)。",
            "Only from this repository: a name or a pattern like 'acme/*'; ! excludes (repeatable).",
        ),
        "help.only_branch": (
            "このブランチだけ。プルリクエストではマージ先 (繰り返し可)。",
            "Only this branch; of a pull request, the one it goes into (repeatable).",
        ),
        "help.only_label": (
            "このラベルの付いたプルリクエストや issue だけ (繰り返し可)。",
            "Only pull requests and issues with this label (repeatable).",
        ),
        "help.only_path": (
            "このファイルを変えた push だけ: 'src/**' など (繰り返し可)。",
            "Only pushes that change such a file: 'src/**' and so on (repeatable).",
        ),
        "help.only_sender": ("この人によるものだけ (繰り返し可)。", "Only what this person did (repeatable)."),
        "help.ignore_bots": (
            "ボットによるものを無視する (既定) か、含めるか。",
            "Ignore what bots do (the default), or react to it as well.",
        ),
        "help.condition": (
            "始める条件: 'pull_request.draft == false' など。",
            "Only where this holds: 'pull_request.draft == false' and so on.",
        ),
        "help.reuse_key": (
            "同じ値なら同じセッションへ: '{{ pull_request.html_url }}' など (--reuse になります)。",
            "One session for each value of this: '{{ pull_request.html_url }}' and so on (means --reuse).",
        ),
        "help.per_hour": (
            "キー、プルリクエスト、issue ごとに 1 時間に始める回数の上限 (既定: 60)。",
            "How often each key, pull request or issue starts something in an hour, at most (default: 60).",
        ),
        "help.secret_to": (
            "シークレットを表示せず、自分だけが読める新しいファイルに書きます。",
            "Write the secret to this new file, readable by you alone, instead of showing it.",
        ),
        "help.grace": (
            "古いシークレットも使える分数 (既定: 60)。",
            "For how many minutes the old secret is good as well (default: 60).",
        ),
        "help.outcome": ("この結果のものだけ。", "Only those of which this became."),
        "help.payload_only": (
            "GitHub から届いたペイロードだけを出力します。",
            "Print only the payload that GitHub sent.",
        ),
        "help.test_webhook": ("保存された webhook (または --file)。", "A saved webhook; or give --file."),
        "help.test_file": ("定義のファイル (YAML または JSON)。", "A file with a definition, YAML or JSON."),
        "help.send_event": (
            "GitHub のイベント (webhook のイベントが一つなら省略可)。",
            "The GitHub event (default: the webhook's own, where it has one).",
        ),
        "help.send_payload": (
            "ペイロードの JSON ファイル。「-」で標準入力から読みます (既定: イベントの例。リポジトリは複製しません)。",
            "A JSON file with the payload; - reads it from standard input (default: the event's example, of which no repository is cloned).",
        ),
        "help.send_secret": (
            "シークレットを書いたファイル。「-」で標準入力から読みます。",
            "A file that holds the secret; - reads it from standard input.",
        ),
        "help.send_delivery": (
            "X-GitHub-Delivery の値 (既定: 新しいもの)。同じ値で送ると重複になります。",
            "The value of X-GitHub-Delivery (default: a new one); the same one again is a repeat.",
        ),
        "help.send_form": (
            "application/x-www-form-urlencoded で送ります。",
            "Send it as application/x-www-form-urlencoded.",
        ),
        "help.send_to": (
            "webhook の URL の代わりに、ここへ送ります: 外から届くかどうかを確かめるときなど。",
            "Send it here instead of to the webhook's URL: to see that a tunnel leads here, say.",
        ),
        "help.send_wait": (
            "結果を待つ秒数の上限。",
            "How many seconds to wait at most for what becomes of it.",
        ),
        "help.example_event": ("イベントの名前。", "The event's name."),
        # after creation
        "made": (
            "webhook「{name}」を作成しました。GitHub のリポジトリまたは organization の Settings → Webhooks → Add webhook で入力してください:",
            'The webhook "{name}" is ready. Enter this at GitHub, in the settings of the repository or organization under Webhooks → Add webhook:',
        ),
        "content_of": ("({path} の内容)", "(what {path} holds)"),
        "secret_once": ("シークレットは二度と表示されません。", "The secret is not shown again."),
        "secret_in_file": ("シークレットは {path} にあります。", "The secret is in {path}."),
        "only_here": (
            "この URL はこのマシンからしか届きません。GitHub から届くようにする方法: docs/webhooks.ja.md",
            "This URL is reached from this machine alone; how GitHub gets there: docs/webhooks.md",
        ),
        "try_it": (
            "GitHub なしで試すには ({variable} にシークレットを入れて):",
            "To try it without GitHub, with the secret in {variable}:",
        ),
        "or_send": ("または: ccplant webhook send {id}{secret}", "or: ccplant webhook send {id}{secret}"),
        # looking
        "none": (
            "webhook はありません。ccplant webhook create で作成できます。",
            "No webhooks; `ccplant webhook create` makes one.",
        ),
        "no_deliveries": ("まだ何も届いていません。", "Nothing was delivered yet."),
        "bots_too": ("ボットによるものにも反応", "react to bots as well"),
        "per_hour": ("キーごとに 1 時間 {count} 回まで", "{count} an hour for each key, at most"),
        "secret_since": ("{at} に変更", "changed {at}"),
        "old_until": ("{at} まで有効", "good until {at}"),
        "anything": ("すべて", "anything"),
        "examples_more": (
            "例を見る: ccplant webhook examples EVENT",
            "To see one: ccplant webhook examples EVENT",
        ),
        "ask_secret": ("シークレット", "Secret"),
        # results
        "done.replayed": (
            "{id} をもう一度処理しています: ccplant webhook delivery {webhook} {id}",
            "{id} is processed again: ccplant webhook delivery {webhook} {id}",
        ),
        "rotated": (
            "新しいシークレットです。GitHub に入力してください。古いものは {at} まで使えます。",
            "This is the new secret: enter it at GitHub. The old one is good until {at}.",
        ),
        "rotated_at_once": (
            "新しいシークレットです。GitHub に入力してください。古いものはもう使えません。",
            "This is the new secret: enter it at GitHub. The old one is not good any more.",
        ),
        "would.dispatched": ("送信されます", "would be dispatched"),
        "would.ignored": ("無視されます", "would be ignored"),
        "would.failed": ("失敗します", "would fail"),
        "came_before": (
            "この X-GitHub-Delivery は以前に届いています。最初のものの結果です:",
            "This X-GitHub-Delivery came before; what became of the first one:",
        ),
        "confirm.delete": ("webhook「{name}」を削除しますか?", 'Delete the webhook "{name}"?'),
        # errors
        "none_fits": (
            "「{reference}」に当てはまる webhook がありません。ccplant webhook list で確認してください。",
            'No webhook fits "{reference}": see `ccplant webhook list`.',
        ),
        "several_fit": (
            "「{reference}」は複数の webhook に当てはまります: {which}",
            '"{reference}" fits more than one webhook: {which}',
        ),
        "error.webhook_or_file": (
            "WEBHOOK か --file のどちらか一つを指定してください。",
            "Give a WEBHOOK or a --file, and not both.",
        ),
        "error.which_event": (
            "--event でイベントを指定してください ({events})。",
            "Say which event by --event ({events}).",
        ),
        "error.no_example": (
            "{event} の例はありません。--payload で指定してください (一覧: ccplant webhook examples)。",
            "There is no example of {event}: give a --payload (see `ccplant webhook examples`).",
        ),
        "error.payload": (
            "{path} は JSON のオブジェクトではありません。",
            "{path} holds no JSON object.",
        ),
        "error.payload_gone": (
            "ペイロードは保存されていないか、大きすぎて表示できません。",
            "The payload is not kept any more, or too large to be shown.",
        ),
        "error.stdin_twice": (
            "標準入力から読めるのは --payload と --secret-file の一方だけです。",
            "Only one of --payload and --secret-file can be read from standard input.",
        ),
        "error.no_secret": (
            "シークレットがありません。{variable} か --secret-file で渡してください。",
            "There is no secret: give it by {variable} or --secret-file.",
        ),
        "error.secret_there": (
            "{path} はすでにあります。シークレットを書く新しいファイルを指定してください。",
            "{path} is there already: name a new file for the secret.",
        ),
        "error.secret_lost": (
            "シークレットを {path} に書けませんでした ({cause})。ccplant webhook rotate-secret で新しくしてください。",
            "The secret could not be written to {path} ({cause}): make another one by `ccplant webhook rotate-secret`.",
        ),
        "error.secret_unwritable": (
            "{path} を作成できません: {cause}",
            "{path} cannot be made: {cause}",
        ),
        "hint.disabled": (
            "無効になっています: ccplant webhook enable {id}",
            "It is disabled: ccplant webhook enable {id}",
        ),
        "hint.secret": (
            "シークレットを確認してください (ccplant webhook rotate-secret で新しくできます)。",
            "Check the secret; `ccplant webhook rotate-secret` makes a new one.",
        ),
    }
)  # fmt: skip

text = Catalogue(MESSAGES).say
