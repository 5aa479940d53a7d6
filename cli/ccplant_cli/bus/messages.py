"""Everything that `ccplant bus` says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair, with_examples

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "help": ("自分で動かす NATS を準備します。", "Prepare a NATS of your own."),
        "help.init": with_examples(
            "自分で動かす NATS サーバーの設定と、各サービスの認証情報を作ります。何度実行しても鍵と有効な認証情報は変わりません。",
            "Make the configuration of a NATS server of your own, and the credentials of the services. "
            "Keys, and credentials that are still right, stay as they are when it runs again.",
            "ccplant bus init --directory /etc/ccplant/bus --store-dir /var/lib/nats",
            "nats-server --config /etc/ccplant/bus/nats.conf",
            "CCPLANT_NATS_CREDENTIALS_DIR=/etc/ccplant/bus ccplant up --nats-url nats://127.0.0.1:4222",
            "ccplant bus init --host 0.0.0.0 --url tls://nats.example.com:4222 \\",
            "    --tls-cert /etc/nats/server.pem --tls-key /etc/nats/server.key",
        ),
        "help.subscriber": with_examples(
            "1 人の所有者のライフサイクルイベントだけを読める認証情報を作ります。",
            "Make a credential that reads the lifecycle events of one owner, and nothing else.",
            "ccplant bus subscriber --owner alice --name mailer --output mailer.creds",
        ),
        "help.owner": ("イベントの所有者。", "Whose events."),
        "help.output": (
            "認証情報を書き込むファイル (NATS クライアントの creds 形式)。",
            "File for the credential, in the form that NATS clients read.",
        ),
        "help.name": (
            "購読するサービスの名前 (所有者ごとに一意)。同じ名前は同じ位置から読み続けます。",
            "Name of the subscriber, its own for each service of an owner: the same name goes on reading where it was.",
        ),
        "help.days": ("有効な日数。", "How many days it is good for."),
        "help.keys": (
            "operator.json のあるディレクトリ (既定: $CCPLANT_NATS_CREDENTIALS_DIR、なければ ccplant up のもの)。",
            "Where operator.json is (default: $CCPLANT_NATS_CREDENTIALS_DIR, else that of ccplant up).",
        ),
        "help.directory": (
            "秘密のファイルを書き込むディレクトリ。",
            "Where the private files go.",
        ),
        "help.host": ("サーバーが待ち受けるアドレス。", "Address that the server listens on."),
        "help.port": ("サーバーが待ち受けるポート。", "Port that the server listens on."),
        "help.url": (
            "サービスとランナーから見たサーバーのアドレス。省略時は待ち受けるアドレス。",
            "How services and runners reach the server; by default where it listens.",
        ),
        "help.store_dir": (
            "サーバーがストリーム (JetStream) を保存する、サーバーのマシン上のディレクトリ。省略時は DIRECTORY/jetstream。",
            "Where the server keeps its streams (JetStream), on the server's machine; by default DIRECTORY/jetstream.",
        ),
        "help.max_storage": (
            "全ストリームに使えるディスク容量 (1Gi 以上)。",
            "Room on disk for all streams, 1Gi at least.",
        ),
        "help.server_name": (
            "サーバーの名前。クラスターでは 1 台ごとに変えます。",
            "Name of the server; in a cluster each has its own.",
        ),
        "help.tls_cert": (
            "サーバーのマシン上の証明書ファイル。独自の認証局なら、サービスとランナーの環境の SSL_CERT_FILE にその証明書を指定します。",
            "Certificate file on the server's machine. Of a private authority, name its certificate in SSL_CERT_FILE where services and runners run.",
        ),
        "help.tls_key": ("その秘密鍵のファイル。", "File of its private key."),
        "help.json": ("JSON で出力します。", "Print JSON."),
        "subscriber_made": (
            "{owner} のイベントを {days} 日間読める認証情報を {output} に書き込みました。秘密にしてください。",
            "{output} reads the events of {owner} for {days} days: keep it secret.",
        ),
        "no_keys": (
            "{directory} に operator.json がありません。--directory か {variable} で指定してください。",
            "There is no operator.json in {directory}: name its directory by --directory or {variable}.",
        ),
        "made": ("{directory} に作成しました。", "Made in {directory}."),
        "kept": (
            "{directory} を更新しました。鍵は以前のままです。",
            "Brought {directory} up to date; the keys are those from before.",
        ),
        "next_server": (
            "NATS を起動 (設定が変わったら再起動): nats-server --config {config}",
            "Start NATS with it, and again where the configuration changed: nats-server --config {config}",
        ),
        "next_include": (
            "設定を自分で書くなら {accounts} をその隣に置き、include ./accounts.conf と書きます (JetStream も有効に)。",
            "For a configuration of your own, put {accounts} beside it and write: include ./accounts.conf (it needs JetStream too)",
        ),
        "next_up": (
            "ccplant を起動: ccplant up --nats-url {url} (表示された環境変数とともに)",
            "Start ccplant, with the environment that is printed: ccplant up --nats-url {url}",
        ),
        "next_keys": (
            "{operator} は全ての鍵です。バックアップし、他のマシンには置かないでください。",
            "{operator} holds every key: keep a copy, and put it on no other machine.",
        ),
        "plain": (
            "TLS がないので通信は暗号化されません。信頼できないネットワークでは --tls-cert と --tls-key を指定してください。",
            "Without TLS everything goes over the network in the clear: give --tls-cert and --tls-key where that is not trusted.",
        ),
        # errors
        "url_invalid": (
            "--url には nats://ホスト:ポート か tls://ホスト:ポート の形を、ユーザー名やパスワードなしで指定してください。",
            "--url must look like nats://host:port or tls://host:port, without user and password.",
        ),
        "url_everywhere": (
            "--host {host} はどこからでも届くという意味で、アドレスではありません。--url で届くアドレスを指定してください。",
            "--host {host} means everywhere and is no address to reach it at: give that by --url.",
        ),
        "tls_half": (
            "--tls-cert と --tls-key は両方指定してください。",
            "--tls-cert and --tls-key go together.",
        ),
        "storage_invalid": (
            "--max-storage には 4Gi のような 1Gi 以上の容量を指定してください。",
            "--max-storage must be an amount like 4Gi, and 1Gi at least.",
        ),
        "no_platform": (
            "この Python にはサーバー側のパッケージがありません。ccplant 全体をインストールしてください。",
            "This Python lacks the server's packages: install the whole of ccplant.",
        ),
        "failed": ("作成できませんでした: {detail}", "It could not be made: {detail}"),
        "too_slow": ("{seconds:.0f} 秒以内に終わりませんでした。", "It did not end within {seconds:.0f} s."),
    }
)


text = Catalogue(MESSAGES).say


class BusError(Exception):
    """Ends a command about the bus with one sentence from the catalogue."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(text(key, **facts))
        self.key = key
