"""What people read about a session that its cluster does not start (D1), in Japanese and English.

Nothing in a sentence changes by itself (ages are evidence): a sentence that is new is news to everybody who watches.
Fields in braces are facts; `PHRASES` are facts that are themselves in two languages. Figures, names and the cluster's
own words are put in as they are.
"""

from __future__ import annotations

from types import MappingProxyType

from ccplant_contracts.sentences import Entry, Text, entry

_WAIT_JA = "空きができれば自動的に起動します。"
_WAIT_EN = "it starts by itself when there is room."

ENTRIES: MappingProxyType[str, Entry] = MappingProxyType(
    {
        # no node takes it
        "waiting_for_scheduler": entry(
            "スケジューラーがまだノードを割り当てていません。",
            "The scheduler has not given it a node yet.",
            "続く場合は kube-scheduler が動いているか確認してください。",
            "If this lasts, check that kube-scheduler runs."),
        "insufficient_cpu": entry(
            "CPU が足りません: {requested} コアの要求に対し、{total} 台中 {short} 台のノードで不足しています{missing}。",
            "Not enough CPU: it requests {requested} cores, and {short} of {total} nodes have too little{missing}.",
            f"cpu_limit を下げる、不要なセッションを終了する、またはノードを追加してください。{_WAIT_JA}",
            f"Lower cpu_limit, end sessions that are not needed, or add a node; {_WAIT_EN}"),
        "insufficient_memory": entry(
            "メモリが足りません: {requested} の要求に対し、{total} 台中 {short} 台のノードで不足しています{missing}。",
            "Not enough memory: it requests {requested}, and {short} of {total} nodes have too little{missing}.",
            f"memory_limit を下げる、不要なセッションを終了する、またはノードを追加してください。{_WAIT_JA}",
            f"Lower memory_limit, end sessions that are not needed, or add a node; {_WAIT_EN}"),
        "insufficient_resource": entry(
            "{resource} が足りません: {requested} の要求に対し、{total} 台中 {short} 台のノードで不足しています{missing}。",
            "Not enough {resource}: it requests {requested}, and {short} of {total} nodes have too little{missing}.",
            f"その資源を持つノードを追加するか、要求を見直してください。{_WAIT_JA}",
            f"Add a node that has it, or request less; {_WAIT_EN}"),
        "too_many_pods": entry(
            "ノードの Pod 数が上限に達しています ({total} 台中 {short} 台)。",
            "The nodes have as many Pods as they may ({short} of {total} nodes).",
            f"不要なセッションを終了するか、ノードを追加してください。{_WAIT_JA}",
            f"End sessions that are not needed, or add a node; {_WAIT_EN}"),
        "node_taints": entry(
            "ノードの taint を許容していないため配置できません ({total} 台中 {short} 台: {taints})。",
            "It does not tolerate the taints of the nodes ({short} of {total}: {taints}).",
            "CCPLANT_KUBERNETES_TOLERATIONS を設定するか、taint を外してください。",
            "Set CCPLANT_KUBERNETES_TOLERATIONS, or take the taint off."),
        "nodes_not_ready": entry(
            "使えるノードがありません: 停止中または応答のないノードが {total} 台中 {short} 台です ({taints})。",
            "No node is usable: {short} of {total} are not ready or do not answer ({taints}).",
            "ノードの状態を kubectl get nodes で確認してください。回復すれば自動的に起動します。",
            "Look at the nodes with kubectl get nodes; it starts by itself when one is back."),
        "nodes_cordoned": entry(
            "ノードが配置停止 (cordon) になっています ({total} 台中 {short} 台)。",
            "The nodes are cordoned: they take no new Pods ({short} of {total}).",
            "作業が終わったら kubectl uncordon を実行してください。",
            "When the work on them is done: kubectl uncordon."),
        "node_selector_mismatch": entry(
            "条件に合うノードがありません ({total} 台中 {short} 台が不一致: {selector})。",
            "No node is what it asks for ({short} of {total} are not: {selector}).",
            "CCPLANT_KUBERNETES_NODE_SELECTOR とノードのラベルを確認してください。",
            "Check CCPLANT_KUBERNETES_NODE_SELECTOR and the labels of the nodes."),
        "no_nodes": entry(
            "クラスタにノードがありません。",
            "The cluster has no nodes.",
            "ノードを追加してください。自動的に起動します。", "Add a node; it starts by itself."),
        "no_node_fits": entry(
            "配置できるノードがありません: {detail}",
            "No node takes it: {detail}",
            "スケジューラーの説明を確認してください。", "The scheduler's own words say what is missing."),
        "node_coming": entry(
            "ノードを追加しています: {detail}", "A node is being added: {detail}",
            "そのままお待ちください。", "Nothing to do: this takes minutes."),
        "scheduling_gated": entry(
            "配置が保留されています (scheduling gate: {gates})。",
            "It is held back from scheduling (scheduling gates: {gates}).",
            "gate を付けたコントローラーを確認してください。", "Check the controller that set the gate."),
        "node_not_responding": entry(
            "割り当てられたノード {node} が応答していません: {detail}",
            "The node {node} that it was given does not answer: {detail}",
            "ノードを確認してください。続く場合は再作成してください。",
            "Check the node; if this lasts, recreate the session."),
        "node_refused": entry(
            "ノードが Pod を拒否しました ({reason}): {detail}",
            "Its node refused the Pod ({reason}): {detail}",
            "再作成してください。繰り返す場合はノードの空きと設定を確認してください。",
            "Recreate the session; if it happens again, check the node's room and its settings."),
        # the server refuses its objects
        "quota_exceeded": entry(
            "名前空間の割り当て (quota) を超えます: {detail}",
            "It goes beyond the namespace's quota: {detail}",
            "不要なセッションを終了するか、要求を下げるか、quota を増やしてください。",
            "End sessions that are not needed, ask for less, or raise the quota."),
        "admission_refused": entry(
            "クラスタが Pod の作成を拒否しました: {detail}",
            "The cluster refused to make it: {detail}",
            "拒否した規則 (admission、Pod Security、LimitRange) と設定を確認してください。",
            "Check the rule that refused it (admission webhook, Pod Security, LimitRange) and the settings."),
        "rights_missing": entry(
            "オーケストレーターに権限がありません: {detail}",
            "The orchestrator has not the right to do it: {detail}",
            "ccplant doctor を実行し、RBAC を確認してください。", "Run ccplant doctor, and check the RBAC rules."),
        # the image
        "image_pulling": entry(
            "イメージ {image} を取得しています。",
            "The image {image} is being pulled.",
            "大きなイメージでは数分かかることがあります。", "A large image can take minutes."),
        "image_name_invalid": entry(
            "イメージ名 {image} は正しくありません。", "The image name {image} is not valid.",
            "イメージ名を直して再作成してください。", "Correct the name, then recreate the session."),
        "image_not_found": entry(
            "イメージ {image} はレジストリにありません。", "The registry has no image {image}.",
            "名前とタグを確認してください。", "Check its name and its tag."),
        "image_access_denied": entry(
            "イメージ {image} の取得をレジストリが拒否しました。認証情報がないか、権限がないか、または存在しません。",
            "The registry refuses the image {image}: credentials are missing or not enough, or there is no such image.",
            "CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS と、イメージ名を確認してください。",
            "Check CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS, and the image's name."),
        "registry_unreachable": entry(
            "イメージ {image} のレジストリに接続できません: {detail}",
            "The registry of the image {image} cannot be reached: {detail}",
            "ノードからレジストリへの接続 (名前解決、プロキシ、証明書) を確認してください。再試行は続きます。",
            "Check the way from the nodes to the registry (name, proxy, certificate); it is tried again."),
        "registry_failing": entry(
            "イメージ {image} のレジストリがエラーを返しています: {detail}",
            "The registry of the image {image} answers with errors: {detail}",
            "再試行は続きます。続く場合はレジストリの状態と取得数の制限を確認してください。",
            "It is tried again; if this lasts, check the registry's state and its limit of pulls."),
        "image_not_on_node": entry(
            "イメージ {image} はノードになく、取得しない設定です (imagePullPolicy: Never)。",
            "The image {image} is not on the node, and must not be pulled (imagePullPolicy: Never).",
            "イメージをノードに読み込むか、CCPLANT_KUBERNETES_IMAGE_PULL_POLICY を変えてください。",
            "Load it onto the nodes, or change CCPLANT_KUBERNETES_IMAGE_PULL_POLICY."),
        "image_wrong_platform": entry(
            "イメージ {image} にはノードの CPU アーキテクチャ用の版がありません。",
            "The image {image} has no variant for the node's processor.",
            "ノードに合う版を用意するか、ノードを選び直してください。",
            "Build it for the nodes' processor, or choose other nodes."),
        "image_pull_failed": entry(
            "イメージ {image} を取得できません: {detail}", "The image {image} cannot be pulled: {detail}",
            "メッセージを確認してください。再試行は続きます。", "See the message; it is tried again."),
        # the volume
        "volume_class_missing": entry(
            "ボリューム {volume} の StorageClass がありません ({class_name})。",
            "There is no storage class for the volume {volume} ({class_name}).",
            "CCPLANT_KUBERNETES_STORAGE_CLASS を設定するか、既定の StorageClass を用意してください。",
            "Set CCPLANT_KUBERNETES_STORAGE_CLASS, or give the cluster a default class."),
        "volume_not_available": entry(
            "ボリューム {volume} に使える PersistentVolume がありません ({size}、StorageClass {class_name})。",
            "No persistent volume is free for {volume} ({size}, storage class {class_name}).",
            "PersistentVolume を追加するか、動的に作成する StorageClass を使ってください。",
            "Add a persistent volume, or use a class that provisions them."),
        "volume_provisioning": entry(
            "ボリューム {volume} を作成しています。",
            "The volume {volume} is being provisioned.",
            "続く場合はプロビジョナーが動いているか確認してください。",
            "If this lasts, check that the provisioner runs."),
        "volume_provisioning_failed": entry(
            "ボリューム {volume} を作成できません: {detail}", "The volume {volume} cannot be provisioned: {detail}",
            "プロビジョナーのメッセージと容量を確認してください。再試行は続きます。",
            "See the provisioner's message and its capacity; it is tried again."),
        "volume_zone": entry(
            "ボリューム {volume} を使えるノード (ゾーン) に空きがありません ({total} 台中 {short} 台から届きません)。",
            "The volume {volume} cannot be reached from the nodes with room (not from {short} of {total}: zone or node).",
            "そのボリュームのゾーンにノードを追加するか、新しいボリュームで作成してください。",
            "Add a node where the volume is, or make the session with a new volume."),
        "volume_waiting_for_consumer": entry(
            "ボリューム {volume} は Pod の配置が決まってから作成されます。",
            "The volume {volume} is made when the Pod has been given a node.",
            "そのままお待ちください。", "Nothing to do."),
        "volume_missing": entry(
            "ボリューム {volume} がありません。", "The volume {volume} does not exist.",
            "新しいボリュームで再作成してください。", "Recreate the session with a new volume."),
        "volume_lost": entry(
            "ボリューム {volume} の実体 (PersistentVolume) が失われました。",
            "What the volume {volume} stood for (its persistent volume) is gone.",
            "データは戻りません。新しいボリュームで再作成してください。",
            "Its data are gone; recreate the session with a new volume."),
        "volume_deleting": entry(
            "ボリューム {volume} は削除中です。", "The volume {volume} is being deleted.",
            "新しいボリュームで再作成してください。", "Recreate the session with a new volume."),
        "volume_in_use": entry(
            "ボリューム {volume} はまだ別の Pod で使われています。",
            "The volume {volume} is still in use by another Pod.",
            "前の Pod が終わるまでお待ちください。戻らないノードにある場合は、そのノードをクラスタから削除してください。",
            "Wait until the earlier Pod is gone; where its node will not come back, remove that node from the cluster."),
        "volume_attach_failed": entry(
            "ボリューム {volume} をノードに接続できません: {detail}",
            "The volume {volume} cannot be attached to the node: {detail}",
            "ストレージのドライバーを確認してください。再試行は続きます。",
            "Check the storage driver; it is tried again."),
        "volume_mount_failed": entry(
            "ボリューム {volume} をマウントできません: {detail}", "The volume {volume} cannot be mounted: {detail}",
            "メッセージを確認してください。再試行は続きます。", "See the message; it is tried again."),
        # the container
        "secret_missing": entry(
            "必要な Secret または ConfigMap、あるいはそのキーがありません: {detail}",
            "A Secret or ConfigMap, or a key of it, is missing: {detail}",
            "再作成してください。外部から削除していないか確認してください。",
            "Recreate the session; check whether something else removes it."),
        "image_runs_as_root": entry(
            "イメージ {image} は root で動くため拒否されました。",
            "The image {image} would run as root, and is refused.",
            "イメージに数値の USER を設定してください。", "Give the image a numeric USER that is not root."),
        "command_missing": entry(
            "イメージ {image} にランナーの起動コマンドがありません: {detail}",
            "The image {image} has not the command that starts the runner: {detail}",
            "ccplant のランナーイメージを元にしたイメージを使ってください。",
            "Use an image that is made from ccplant's runner image."),
        "container_config_failed": entry(
            "コンテナの設定に誤りがあります: {detail}", "The container's settings cannot be used: {detail}",
            "メッセージを確認して再作成してください。", "See the message, then recreate the session."),
        "container_start_failed": entry(
            "コンテナを起動できません: {detail}", "The container cannot be started: {detail}",
            "イメージとノードのコンテナランタイムを確認してください。",
            "Check the image and the node's container runtime."),
        "sandbox_failed": entry(
            "ノード {node} で Pod の実行環境 (ネットワークなど) を用意できません: {detail}",
            "The node {node} cannot set up the Pod's sandbox (network and so on): {detail}",
            "ノードの CNI とコンテナランタイムを確認してください。再試行は続きます。",
            "Check the node's network plugin and container runtime; it is tried again."),
        "container_creating": entry(
            "ノード {node} でコンテナを準備しています。",
            "The container is being prepared on the node {node}.",
            "続く場合はノードを確認してください。", "If this lasts, check the node."),
        # the runner in it
        "runner_not_registered": entry(
            "コンテナは動いていますが、ランナーがまだ登録されていません。",
            "Its container runs, but the runner has not registered yet.",
            "クローンやセットアップの途中でなければ、Pod からメッセージバスへの接続とログを確認してください。",
            "Unless it is still cloning or setting up, check the way from the Pod to the message bus, and the log."),
        "bus_unreachable": entry(
            "ランナーがメッセージバス {server} に接続できません: {detail}",
            "The runner cannot reach the message bus at {server}: {detail}",
            "Pod から届くアドレスか、NetworkPolicy とファイアウォールを確認してください。",
            "Check that Pods reach this address: network policies, firewall, the address itself."),
    }
)  # fmt: skip
"""By code."""

PHRASES: MappingProxyType[str, Text] = MappingProxyType(
    {
        "missing_at_least": Text(
            ja=" (最も空きのあるノードでも少なくともあと {amount} 不足)",
            en=" (even the one with most room lacks at least {amount})",
        ),
        "larger_than_any": Text(
            ja=" (最大のノードでも {largest} しかなく、{amount} 不足)",
            en=" (even the largest has only {largest}: {amount} are missing)",
        ),
        "nothing": Text(ja="", en=""),
        "no_default_class": Text(
            ja="既定の StorageClass がありません", en="the cluster has no default class"
        ),
    }
)
"""Parts of sentences."""
