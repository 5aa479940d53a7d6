"""Everything that `ccplant up` says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        # help
        "help": (
            "このマシンでシステム全体 (NATS、MongoDB、各サービス) を起動します。Ctrl-C で停止します。",
            "Run the whole system on this machine: NATS, MongoDB and the services. Ctrl-C stops it.",
        ),
        "help.port": ("API のポート。", "Port of the API."),
        "help.host": (
            "API と webhook の受付が待ち受けるアドレス。",
            "Address that the API and the webhook ingester listen on.",
        ),
        "help.webhook_port": (
            "webhook を受け付けるポート (既定: 8081。使用中なら空いているポート)。",
            "Port that webhooks arrive at (default: 8081, or another one where that is taken).",
        ),
        "help.data_dir": (
            "データを置くディレクトリ (既定: $XDG_DATA_HOME/ccplant または ~/.local/share/ccplant)。",
            "Where all data lives (default: $XDG_DATA_HOME/ccplant, or ~/.local/share/ccplant).",
        ),
        "help.nats_url": (
            "組み込みの代わりに使う NATS の URL。",
            "A NATS to use instead of an embedded one.",
        ),
        "help.mongodb_url": (
            "組み込みの代わりに使う MongoDB の URL (レプリカセットが必要)。",
            "A MongoDB to use instead of an embedded one (a replica set).",
        ),
        "help.nats_host": (
            "組み込みの NATS が待ち受けるアドレス (既定: 127.0.0.1)。Pod のセッションから届く必要があります。",
            "Address that the embedded NATS listens on (default: 127.0.0.1); sessions in Pods have to reach it.",
        ),
        "help.runtime": (
            "セッションを動かす場所: local (このマシンのプロセス) または kubernetes (KUBECONFIG のクラスターの Pod)。",
            "What sessions run on: local (processes here), or kubernetes (Pods of the cluster of KUBECONFIG).",
        ),
        "help.agent": (
            "セッションの既定のエージェント: demo、claude-code、codex、gemini-cli、opencode。",
            "The agent of sessions that name none: demo, claude-code, codex, gemini-cli or opencode.",
        ),
        "help.json": (
            "準備ができたら標準出力に JSON を 1 行だけ出力します。",
            "Print exactly one JSON line on stdout when everything is ready.",
        ),
        # progress
        "starting": ("起動しています (データ: {data_dir})", "Starting (data: {data_dir})"),
        "swept": (
            "前回の {name} が残っていたので終了しました (PID {pid})",
            "Ended a {name} that was left over from an earlier run (pid {pid})",
        ),
        "server_ready": ("{name} の準備ができました ({seconds:.1f} 秒)", "{name} is ready ({seconds:.1f} s)"),
        "services_starting": ("サービスを起動しています", "Starting the services"),
        "restarting": (
            "{name} が終了しました ({how})。{delay:.1f} 秒後に再起動します。",
            "{name} ended ({how}); it starts again in {delay:.1f} s.",
        ),
        "restarted": ("{name} を再起動しました。", "{name} was started again."),
        "stopping": ("停止しています (もう一度 Ctrl-C で強制終了)", "Stopping (Ctrl-C again to force)"),
        "forced": ("強制終了します", "Forcing the end"),
        "stopped": ("停止しました", "Stopped"),
        "killed_rest": (
            "終了しなかったプロセスを {count} 個強制終了しました。",
            "Killed {count} processes that did not end by themselves.",
        ),
        "log_line": ("{name}: {line}", "{name}: {line}"),
        "log_skipped": (
            "{name}: 警告が {count} 行省略されました ({path})",
            "{name}: {count} more warnings, see {path}",
        ),
        "ready": (
            "ccplant の準備ができました。\n\n{web}  URL      {url}\n  トークン {token}\n  Webhook  {webhook_url}\n\n次のように試せます:\n\n  {curl}\n\n停止するには Ctrl-C を押してください。",
            "ccplant is ready.\n\n{web}  URL       {url}\n  Token     {token}\n  Webhooks  {webhook_url}\n\nTry:\n\n  {curl}\n\nCtrl-C stops it.",
        ),
        "ready_web": (
            "  ブラウザ {url}/#token={token}\n",
            "  Browser   {url}/#token={token}\n",
        ),
        "demo": (
            "エージェントはモデルを使わないデモです。本物を使うには: ccplant agent install claude-code を実行し、ccplant up --agent claude-code で起動してください。",
            "The agent is a demo without a model. For the real one: ccplant agent install claude-code, then ccplant up --agent claude-code",
        ),
        # errors: one sentence each
        "not_linux": (
            "ccplant up は Linux でのみ動作します ({system} ではクラスター用の構成を使ってください)。",
            "ccplant up runs on Linux only; this is {system}.",
        ),
        "data_dir_unusable": (
            "データディレクトリ {path} を使えません: {error}。--data-dir で別の場所を指定してください。",
            "The data directory {path} cannot be used ({error}): choose another by --data-dir.",
        ),
        "data_dir_foreign": (
            "データディレクトリ {path} は別のユーザーの所有です。--data-dir で別の場所を指定してください。",
            "The data directory {path} belongs to another user: choose another by --data-dir.",
        ),
        "data_dir_in_use": (
            "データディレクトリ {path} は別の ccplant up (PID {pid}) が使用中です。停止するか --data-dir で別の場所を指定してください。",
            "The data directory {path} is in use by another ccplant up (pid {pid}): stop it, or choose another by --data-dir.",
        ),
        "port_in_use": (
            "ポート {port} ({host}) は使用中です。{option} で別のポートを指定してください。",
            "Port {port} on {host} is in use: choose another by {option}.",
        ),
        "port_refused": (
            "{host} のポート {port} を開けません: {error}。{option} または --host を変えてください。",
            "Port {port} on {host} cannot be opened ({error}): change {option} or --host.",
        ),
        "no_nats": (
            "nats-server が見つかりません。nats-server 2.10 以降を PATH に置くか、--nats-url で NATS を指定してください (このマシン: {machine})。",
            "There is no nats-server on this machine ({machine}): put nats-server 2.10 or later on PATH, or name a NATS by --nats-url.",
        ),
        "no_mongod": (
            "mongod が見つかりません。mongod 5.0 以降を PATH に置くか、--mongodb-url で MongoDB を指定してください (このマシン: {machine})。",
            "There is no mongod on this machine ({machine}): put mongod 5.0 or later on PATH, or name a MongoDB by --mongodb-url.",
        ),
        "missing_library": (
            "{name} に必要なライブラリ {library} がありません。OpenSSL 3 と libcurl 4 をインストールするか、{option} で既存のものを指定してください。",
            "{name} needs the library {library}, which this machine has not: install OpenSSL 3 and libcurl 4, or use {option}.",
        ),
        "server_failed": (
            "{name} を起動できませんでした: {line} (ログ: {log})",
            "{name} did not start: {line} (log: {log})",
        ),
        "server_silent": (
            "{name} が {seconds:.0f} 秒以内に応答しませんでした: {line} (ログ: {log})",
            "{name} did not answer within {seconds:.0f} s: {line} (log: {log})",
        ),
        "keeps_dying": (
            "{name} が何度も異常終了するため停止します。最後のログ: {line} (ログ: {log})",
            "{name} died again and again, so everything is stopped; its last log line: {line} (log: {log})",
        ),
        "anchor_died": (
            "セッションの見張り役のプロセスが外部から終了されたため停止します。",
            "The process that sessions are tied to was ended from outside, so everything is stopped.",
        ),
        "nats_unreachable": (
            "NATS ({url}) に接続できません: {error}。--nats-url を確認してください。",
            "The NATS at {url} cannot be reached ({error}): check --nats-url.",
        ),
        "nats_unreachable_from_pods": (
            "Pod のセッションから NATS に届く必要があります。--nats-host でこのマシンのアドレスを、または --nats-url を指定してください。",
            "Sessions in Pods have to reach NATS: give an address of this machine by --nats-host, or a NATS by --nats-url.",
        ),
        "nats_url_invalid": (
            "--nats-url には nats://ホスト:ポート の形を、ユーザー名やパスワードなしで指定してください。",
            "--nats-url must look like nats://host:port, without user and password.",
        ),
        "nats_login_incomplete": (
            "{directory} には {missing} がなく、それを作る operator.json もありません。operator.json のある場所で ccplant bus init をもう一度実行し、コピーしてください。",
            "{directory} lacks {missing}, and the operator.json that makes it: run ccplant bus init again where that is, and copy it here.",
        ),
        "nats_login_missing": (
            "外部の NATS は ccplant の鍵を信頼する必要があります。ccplant bus init で作ったディレクトリを {variable} に指定してください。",
            "A NATS of your own has to trust ccplant's keys: make them by ccplant bus init, start the server with the nats.conf among them, and name their directory in {variable}.",
        ),
        "mongodb_unreachable": (
            "MongoDB ({url}) を使えません: {error}。--mongodb-url を確認してください。",
            "The MongoDB at {url} cannot be used ({error}): check --mongodb-url.",
        ),
        "mongodb_not_replica_set": (
            "MongoDB ({url}) はレプリカセットではありません。トランザクションのためレプリカセット (1 ノードで可) が必要です。",
            "The MongoDB at {url} is no replica set; transactions need one (of one node is enough).",
        ),
        "agent_unknown": (
            "エージェント {agent} はありません。選べるもの: {known}。",
            "There is no agent {agent}: choose one of {known}.",
        ),
        "agent_not_installed": (
            "エージェント {agent} はインストールされていません。ccplant agent install {agent} を実行してください{data_dir_option}。",
            "The agent {agent} is not installed: run ccplant agent install {agent}{data_dir_option}.",
        ),
        "agent_no_key": (
            "{agent} の認証情報がありません。次のどれかを環境変数に設定してください: {names}。",
            "There is no credential for {agent}: set one of {names}.",
        ),
        "agent_no_credentials": (
            "Claude の認証情報がありません。ANTHROPIC_API_KEY を設定するか、claude でサインインしてください ({path} に保存されます)。",
            "There is no credential for Claude: set ANTHROPIC_API_KEY, or sign in with claude (it writes {path}).",
        ),
    }
)


text = Catalogue(MESSAGES).say
