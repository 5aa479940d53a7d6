"""What `ccplant doctor` says: for each finding a sentence and, where something can be done, what; in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair, chosen

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "help": (
            "NATS、MongoDB、クラスターの権限、ストレージクラス、イメージを調べ、問題があれば対処方法を示します。",
            "Check NATS, MongoDB, the rights in the cluster, storage class and image; say what to do about what is wrong.",
        ),
        "help.data_dir": (
            "ccplant up のデータのディレクトリ (既定: $XDG_DATA_HOME/ccplant または ~/.local/share/ccplant)。",
            "Where `ccplant up` has its data (default: $XDG_DATA_HOME/ccplant, or ~/.local/share/ccplant).",
        ),
        "help.runtime": (
            "セッションを動かす場所 (既定: CCPLANT_RUNTIME、なければ local)。",
            "What sessions run on (default: CCPLANT_RUNTIME, else local).",
        ),
        "help.namespace": ("セッションの名前空間。", "Namespace of the sessions."),
        "help.instance": ("インストールの名前。", "Name of the installation."),
        "help.json": ("結果を JSON で出力します。", "Print the findings as JSON."),
        "help.release": (
            "アンインストール用: 残った Pod のファイナライザーを外します。",
            "For uninstalling: take the finalizer from Pods that are left, so that they can be deleted.",
        ),
        "help.yes": ("確認しません。", "Do not ask."),
        "not_installed": (
            "このマシンには ccplant のサービスがありません。orchestrator のコンテナの中で実行してください (docs/operating.md)。",
            "ccplant's services are not installed here: run it in the orchestrator's container (docs/operating.md).",
        ),
        "child_failed": (
            "診断が途中で終了しました (終了コード {code})。",
            "The examination broke off (exit code {code}).",
        ),
        "ask_release": (
            "名前空間 {namespace} の {instance} の Pod {count} 個のファイナライザーを外しますか? 終了の記録は失われます。",
            "Take the finalizer from {count} Pods of {instance} in namespace {namespace}? What they tell of their ends is lost.",
        ),
        "needs_yes": (
            "確認できません。--yes を付けて実行してください。",
            "Nobody can be asked here: add --yes.",
        ),
        "state.ok": ("正常", "ok"),
        "state.warning": ("注意", "warning"),
        "state.wrong": ("問題", "wrong"),
        "all_well": ("問題は見つかりませんでした。", "Nothing is wrong."),
        "not_well": ("{count} 件の問題があります。", "{count} wrong."),
    }
)

FINDINGS: MappingProxyType[str, tuple[Pair, Pair | None]] = MappingProxyType(
    {
        "settings_invalid": (
            ("設定に誤りがあります: {error}", "A setting is wrong: {error}"),
            ("docs/configuration.md を見て直してください。", "Mend it; docs/configuration.md has them all."),
        ),
        # NATS
        "nats_ok": (("NATS {version} ({url}) を使えます。", "NATS {version} at {url} serves."), None),
        "nats_unreachable": (
            ("NATS ({url}) を使えません: {error}", "The NATS at {url} cannot be used: {error}"),
            (
                "アドレス (CCPLANT_NATS_URL) とネットワークを確認し、サーバーが ccplant の鍵の設定 (nats.conf) で起動しているか確認してください。",
                "Check the address (CCPLANT_NATS_URL) and the network, and that the server runs with the nats.conf that trusts these keys.",
            ),
        ),
        "nats_settings": (
            ("NATS の認証情報を読めません: {error}", "The credential for NATS cannot be read: {error}"),
            (
                "CCPLANT_NATS_CREDENTIALS_FILE を確認してください。",
                "Check CCPLANT_NATS_CREDENTIALS_FILE.",
            ),
        ),
        "nats_no_jetstream": (
            (
                "NATS ({url}) で JetStream を使えません: {error}",
                "The NATS at {url} gives no JetStream: {error}",
            ),
            (
                "サーバーの設定で jetstream を有効にし、アカウントに許可してください。",
                "Switch jetstream on in the server's configuration, and allow it for the account.",
            ),
        ),
        "nats_payload": (
            (
                "NATS ({url}) のメッセージの上限は {found} バイトですが、{needed} バイト必要です。",
                "The NATS at {url} takes messages of {found} bytes; {needed} are needed.",
            ),
            ("サーバーの max_payload を上げてください。", "Raise max_payload in the server's configuration."),
        ),
        "nats_signing": (
            (
                "セッションの認証情報に署名できません: {error}",
                "Sessions' credentials cannot be signed: {error}",
            ),
            ("CCPLANT_NATS_SIGNING_FILE を確認してください。", "Check CCPLANT_NATS_SIGNING_FILE."),
        ),
        "nats_loopback": (
            (
                "Pod のセッションには NATS のアドレス {url} が届きません (ループバック)。",
                "Sessions in Pods are told {url} for NATS, which is their own loopback.",
            ),
            (
                "CCPLANT_RUNNER_NATS_URL に Pod から届くアドレスを指定してください。",
                "Name an address that Pods reach in CCPLANT_RUNNER_NATS_URL.",
            ),
        ),
        "nats_short_name": (
            (
                "NATS のアドレス {url} は短い名前で、セッションの名前空間では見つからないことがあります。",
                "The address {url} of NATS is a short name, which may lead nowhere in the namespace of the sessions.",
            ),
            (
                "CCPLANT_RUNNER_NATS_URL に nats.名前空間.svc の形で指定してください。",
                "Write it as nats.NAMESPACE.svc in CCPLANT_RUNNER_NATS_URL.",
            ),
        ),
        # MongoDB
        "mongodb_ok": (
            (
                "MongoDB ({url}) のデータベース {database} を使えます。",
                "MongoDB at {url} serves (database {database}).",
            ),
            None,
        ),
        "documents_unreadable": (
            (
                "MongoDB にこのバージョンでは読めない文書が {count} 件あり、飛ばされています: {which}",
                "MongoDB has {count} documents that this version cannot read and passes over: {which}",
            ),
            (
                "新しいバージョンから戻した場合は、そのバージョンに上げてください。そうでなければ、示された項目を直してください。",
                "If a newer version ran before, go back to that one; else put the fields right that are named.",
            ),
        ),
        "mongodb_settings": (
            ("MongoDB のアドレスを読めません: {error}", "The address of MongoDB cannot be read: {error}"),
            ("CCPLANT_MONGODB_URL_FILE を確認してください。", "Check CCPLANT_MONGODB_URL_FILE."),
        ),
        "mongodb_unreachable": (
            ("MongoDB ({url}) に接続できません: {error}", "The MongoDB at {url} cannot be reached: {error}"),
            (
                "アドレス、ネットワーク、レプリカセットの名前 (replicaSet=) とプライマリの有無を確認してください。",
                "Check the address, the network, the name of the replica set (replicaSet=), and that it has a primary.",
            ),
        ),
        "mongodb_standalone": (
            (
                "MongoDB ({url}) はスタンドアロンです。トランザクションを使えないため、ccplant では使えません。",
                "The MongoDB at {url} is a standalone server: it has no transactions, so ccplant cannot use it.",
            ),
            (
                "mongod を --replSet rs0 で起動し、rs.initiate() を実行してください (1 ノードで可)。",
                "Start mongod with --replSet rs0 and run rs.initiate(); one node is enough.",
            ),
        ),
        "mongodb_refused": (
            ("MongoDB ({url}) を使えません: {error}", "The MongoDB at {url} does not let us in: {error}"),
            (
                "ユーザー名、パスワード、authSource を確認してください。",
                "Check user, password and authSource in the address.",
            ),
        ),
        "mongodb_not_writable": (
            (
                "MongoDB ({url}) のデータベース {database} に書き込めません: {error}",
                "The database {database} of the MongoDB at {url} cannot be written: {error}",
            ),
            (
                "ユーザーに readWrite と dbAdmin のロールを与え、過半数のノードが動いているか確認してください。",
                "Give the user the roles readWrite and dbAdmin there, and check that a majority of the nodes is up.",
            ),
        ),
        # the local runtime
        "ingest_ok": (("Webhook は {url} で受け付けています。", "Webhooks are taken at {url}."), None),
        "ingest_answers": (
            (
                "{url} は応答します (健康状態は公開されていません)。",
                "{url} answers, and keeps its health to itself.",
            ),
            None,
        ),
        "ingest_unreachable": (
            (
                "Webhook の受付 {url} が応答しません: {error}",
                "Nobody answers where webhooks should arrive, {url}: {error}",
            ),
            (
                "webhook-ingest が動いているか、CCPLANT_WEBHOOK_URL とプロキシが正しいかを確認してください (docs/webhooks.md)。",
                "See whether webhook-ingest runs, and whether CCPLANT_WEBHOOK_URL and the proxy are right (docs/webhooks.md).",
            ),
        ),
        "ingest_not_well": (
            (
                "Webhook の受付 {url} に問題があります: {parts}",
                "The webhook ingester at {url} is not well: {parts}",
            ),
            (
                "その部分とそのログを確認してください。受け付けたものは後で処理されます。",
                "Look at that part, and at its log; what was taken is processed later.",
            ),
        ),
        "local_ok": (("セッションは {path} で動きます。", "Sessions run in {path}."), None),
        "local_not_writable": (
            ("{path} に書き込めません。", "{path} cannot be written."),
            (
                "CCPLANT_LOCAL_DATA_DIR に書き込めるディレクトリを指定してください。",
                "Name a directory that can be written in CCPLANT_LOCAL_DATA_DIR.",
            ),
        ),
        "local_no_git": (
            ("git がありません。", "There is no git here."),
            ("git をインストールしてください。", "Install git: sessions clone repositories with it."),
        ),
        "local_no_space": (
            ("{path} の空き容量は {free} です。", "{path} has {free} left."),
            ("空き容量を増やしてください。", "Make room: sessions write their workspaces there."),
        ),
        # the cluster
        "cluster_ok": (
            (
                "Kubernetes {version} に接続しました (名前空間 {namespace})。",
                "Kubernetes {version} answers (namespace {namespace}).",
            ),
            None,
        ),
        "cluster_unreachable": (
            ("Kubernetes の API を使えません: {error}", "The Kubernetes API cannot be used: {error}"),
            (
                "KUBECONFIG または CCPLANT_KUBERNETES_CONFIG_FILE とネットワークを確認してください。Pod の中ではサービスアカウントを確認してください。",
                "Check KUBECONFIG or CCPLANT_KUBERNETES_CONFIG_FILE, and the network; in a Pod, its service account.",
            ),
        ),
        "rights_ok": (
            (
                "名前空間 {namespace} で必要な権限 {count} 件がそろっています。",
                "All {count} rights are there in namespace {namespace}.",
            ),
            None,
        ),
        "rights_missing": (
            (
                "名前空間 {namespace} で権限が足りません: {missing}",
                "Rights are missing in namespace {namespace}: {missing}",
            ),
            (
                "deploy/kubernetes/rbac.yaml の Role と RoleBinding を適用してください。",
                "Apply Role and RoleBinding of deploy/kubernetes/rbac.yaml.",
            ),
        ),
        "rights_explaining": (
            (
                "ノードやストレージクラスを読めないため、説明が少なくなります: {missing}",
                "Explanations say less, because nodes or storage classes cannot be read: {missing}",
            ),
            (
                "必要なら deploy/kubernetes/rbac-cluster.yaml を適用してください。",
                "Apply deploy/kubernetes/rbac-cluster.yaml if you want them.",
            ),
        ),
        "rights_excessive": (
            (
                "必要のない強い権限があります: {found}",
                "There are strong rights that nothing here needs: {found}",
            ),
            (
                "deploy/kubernetes/rbac.yaml の ServiceAccount を使ってください。",
                "Use the service account of deploy/kubernetes/rbac.yaml.",
            ),
        ),
        "namespace_missing": (
            ("名前空間 {namespace} がありません。", "There is no namespace {namespace}."),
            (
                "作成するか、CCPLANT_KUBERNETES_NAMESPACE を変えてください。",
                "Make it, or name another one in CCPLANT_KUBERNETES_NAMESPACE.",
            ),
        ),
        "pod_ok": (
            (
                "名前空間 {namespace} はセッションの Pod を受け付けます。",
                "Namespace {namespace} takes a session's Pod (dry run).",
            ),
            None,
        ),
        "pod_refused": (
            (
                "名前空間 {namespace} はセッションの Pod を拒否します: {error}",
                "Namespace {namespace} refuses a session's Pod: {error}",
            ),
            (
                "クォータ、アドミッション、Pod のセキュリティの設定か、CCPLANT_KUBERNETES_* の設定を直してください。",
                "Change the quota, admission or Pod security that says so, or the settings CCPLANT_KUBERNETES_*.",
            ),
        ),
        "storage_ok": (
            ("ストレージクラス {storage_class} があります。", "Storage class {storage_class} is there."),
            None,
        ),
        "storage_missing": (
            (
                "ストレージクラス {storage_class} がありません (ある: {known})。",
                "There is no storage class {storage_class} (there are: {known}).",
            ),
            (
                "作成するか、CCPLANT_KUBERNETES_STORAGE_CLASS を変えてください。",
                "Make it, or name another one in CCPLANT_KUBERNETES_STORAGE_CLASS.",
            ),
        ),
        "storage_no_default": (
            (
                "既定のストレージクラスがありません (ある: {known})。",
                "The cluster has no default storage class (there are: {known}).",
            ),
            (
                "永続ボリューム付きのセッションを使うなら CCPLANT_KUBERNETES_STORAGE_CLASS を指定してください。",
                "For sessions with a persistent volume name one in CCPLANT_KUBERNETES_STORAGE_CLASS.",
            ),
        ),
        "storage_unknown": (
            (
                "ストレージクラスを読む権限がありません。",
                "Storage classes may not be read, so nothing is known of them.",
            ),
            (
                "必要なら deploy/kubernetes/rbac-cluster.yaml を適用してください。",
                "Apply deploy/kubernetes/rbac-cluster.yaml to have them checked.",
            ),
        ),
        "image_ok": (
            (
                "イメージ {image} は {of} ノード中 {nodes} ノードにあります。",
                "Image {image} is on {nodes} of {of} nodes.",
            ),
            None,
        ),
        "image_not_pulled": (
            ("イメージ {image} はまだどのノードにもありません。", "Image {image} is on no node yet."),
            (
                "最初のセッションで取得されます。名前とレジストリの認証情報を確認してください (CCPLANT_RUNNER_IMAGE、CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS)。",
                "The first session pulls it: make sure of its name, and of the registry's credentials (CCPLANT_RUNNER_IMAGE, CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS).",
            ),
        ),
        "image_never": (
            (
                "イメージ {image} はどのノードにもなく、取得もされません。",
                "Image {image} is on no node, and is never pulled.",
            ),
            (
                "ノードに入れるか、CCPLANT_KUBERNETES_IMAGE_PULL_POLICY を変えてください。",
                "Put it on the nodes, or change CCPLANT_KUBERNETES_IMAGE_PULL_POLICY.",
            ),
        ),
        "image_unknown": (
            (
                "ノードを読む権限がないため、イメージ {image} の有無は分かりません。",
                "Nodes may not be read, so nobody knows whether they have image {image}.",
            ),
            (
                "必要なら deploy/kubernetes/rbac-cluster.yaml を適用してください。",
                "Apply deploy/kubernetes/rbac-cluster.yaml to have it checked.",
            ),
        ),
        "no_nodes": (
            ("クラスターにノードがありません。", "The cluster has no nodes."),
            ("ノードを追加してください。", "Add nodes: sessions have nowhere to run."),
        ),
        # uninstalling
        "finalizers_held": (
            (
                "{instance} の Pod {count} 個が名前空間 {namespace} に残っています。",
                "{count} Pods of {instance} are held in namespace {namespace}.",
            ),
            None,
        ),
        "finalizers_released": (
            (
                "{instance} の Pod {count} 個のファイナライザーを外しました (名前空間 {namespace})。",
                "The finalizer was taken from {count} Pods of {instance} in namespace {namespace}.",
            ),
            None,
        ),
        "finalizers_failed": (
            ("{count} 個の Pod の後で失敗しました: {error}", "It failed after {count} Pods: {error}"),
            ("もう一度実行してください。", "Run it again."),
        ),
    }
)
"""By the finding's code: the sentence, and what to do."""


text = Catalogue(MESSAGES).say


def both(pair: Pair | None, facts: dict[str, str]) -> dict[str, str] | None:
    """Return a sentence in both languages."""
    return None if pair is None else {"ja": pair[0].format(**facts), "en": pair[1].format(**facts)}


def spoken(pair: Pair | None, facts: dict[str, str]) -> str:
    """Return a sentence in the terminal's language; empty where there is none."""
    return "" if pair is None else chosen(pair).format(**facts)
