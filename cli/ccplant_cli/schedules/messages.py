"""Everything that `ccplant schedule` says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair, with_examples

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        # commands
        "help": (
            "決まった時刻にセッションを始めます。SCHEDULE は ID、名前、またはその先頭部分です。",
            "Start sessions at set times. SCHEDULE is an id, a name, or the beginning of either.",
        ),
        "help.command.create": with_examples(
            "スケジュールを作成し、ID と次の 5 回の時刻を表示します。",
            "Create a schedule and print its id, and its next five times.",
            "ccplant schedule create --name nightly --cron '0 3 * * *' --timezone Asia/Tokyo \\",
            "    --repo octocat/hello-world --message 'Run the tests and say what fails'",
            "ccplant schedule create --name standup --cron '0 9 * * 1-5' --session standup -m - < standup.md",
            "ccplant schedule create --file nightly.yaml",
        ),
        "help.command.list": with_examples("スケジュールの一覧を表示します。", "List your schedules.", "ccplant schedule list"),
        "help.command.show": with_examples(
            "スケジュールの詳細を表示します。--definition は、作成に使えるファイルの形で出力します。",
            "Show a schedule in full; with --definition as a file that makes another one like it.",
            "ccplant schedule show nightly",
            "ccplant schedule show nightly --definition > nightly.yaml",
        ),
        "help.command.edit": with_examples(
            "スケジュールを変更します。指定した項目だけ変わります。",
            "Change a schedule; what is given changes.",
            "ccplant schedule edit nightly --cron '30 2 * * *'",
            "ccplant schedule edit nightly --file nightly.yaml --clear ends_at",
        ),
        "help.command.enable": with_examples(
            "スケジュールを有効にします。", "Enable a schedule.", "ccplant schedule enable nightly"
        ),
        "help.command.disable": with_examples(
            "スケジュールを無効にします。無効な間の時刻は実行されません。",
            "Disable a schedule; its times meanwhile pass without a run.",
            "ccplant schedule disable nightly",
        ),
        "help.command.delete": with_examples(
            "スケジュールを削除します。始まったセッションは続きます。",
            "Delete a schedule; sessions that it started go on.",
            "ccplant schedule delete nightly --yes",
        ),
        "help.command.run": with_examples(
            "今すぐ一度実行し、実行の ID を表示します。",
            "Run it now, once, and print the run's id.",
            "ccplant schedule run nightly",
        ),
        "help.command.runs": with_examples(
            "これまでの実行とその結果を表示します (90 日間)。",
            "List its runs of the last 90 days, and what became of each.",
            "ccplant schedule runs nightly",
            "ccplant schedule runs nightly --json",
        ),
        "help.command.preview": with_examples(
            "cron の式がいつを意味するかを表示します。",
            "Show when a cron expression runs.",
            "ccplant schedule preview '0 9 * * 1-5' --timezone Asia/Tokyo",
            "ccplant schedule preview @daily --timezone Europe/London --count 10",
        ),
        # arguments and options
        "help.argument.schedule": (
            "スケジュールの ID、名前、またはその先頭部分。",
            "The schedule's id, its name, or the beginning of either.",
        ),
        "help.cron": (
            "5 つの欄 (分 時 日 月 曜日)、または @daily など。",
            "Five fields (minute, hour, day, month, day of the week), or @daily and so on.",
        ),
        "help.preview_cron": ("cron の式。", "The cron expression."),
        "help.timezone": (
            "タイムゾーン: Asia/Tokyo など (既定: UTC)。",
            "The time zone: Asia/Tokyo and so on (default: UTC).",
        ),
        "help.overlap": (
            "前の実行が終わっていないとき: skip 飛ばす (既定)、queue 待つ、allow 並行して始める、replace 前のものを止める。",
            "While the run before has not ended: skip this one (the default), queue it, allow both, or replace the one before.",
        ),
        "help.catch_up": (
            "サーバーが動いていなかったとき、何秒遅れまで実行するか (既定: 3600)。",
            "How late a run that was missed may still happen (default: 3600).",
        ),
        "help.jitter": (
            "最大でこの秒数だけ遅らせます。遅れはスケジュールごとに一定です。",
            "Run up to so much later, always by the same amount.",
        ),
        "help.starts_at": ("これより前には実行しません (RFC 3339)。", "No run before this (RFC 3339)."),
        "help.ends_at": ("これより後には実行しません (RFC 3339)。", "No run after this (RFC 3339)."),
        "help.count": ("表示する数。", "How many to show."),
        # looking
        "none": (
            "スケジュールはありません。ccplant schedule create で作成できます。",
            "No schedules; `ccplant schedule create` makes one.",
        ),
        "no_runs": ("まだ実行されていません。", "It has not run yet."),
        "runs_next": ("次の実行:", "It runs next:"),
        "never_runs": ("この先、実行される時刻はありません。", "There is no time at which it runs any more."),
        "is_disabled": (
            "無効です。ccplant schedule enable で有効になります。",
            "It is disabled; `ccplant schedule enable` changes that.",
        ),
        "and_more_ticks": ("(ほか {count} 回)", "(and {count} more)"),
        "by_hand": ("(手動)", "(by hand)"),
        # results
        "done.run": (
            "実行しています。結果を見る: ccplant schedule runs {id}",
            "It runs. To see what became of it: ccplant schedule runs {id}",
        ),
        "confirm.delete": ("スケジュール「{name}」を削除しますか?", 'Delete the schedule "{name}"?'),
        # errors
        "none_fits": (
            "「{reference}」に当てはまるスケジュールがありません。ccplant schedule list で確認してください。",
            'No schedule fits "{reference}": see `ccplant schedule list`.',
        ),
        "several_fit": (
            "「{reference}」は複数のスケジュールに当てはまります: {which}",
            '"{reference}" fits more than one schedule: {which}',
        ),
    }
)  # fmt: skip

text = Catalogue(MESSAGES).say
