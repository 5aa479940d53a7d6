"""Everything that `ccplant agent` says, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType

from ccplant_cli.catalogue import Catalogue, Pair

MESSAGES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "help": ("エージェントのインストールと一覧。", "Install and list agents."),
        "help.install": (
            "固定されたバージョンのエージェントをデータディレクトリに入れます。",
            "Put an agent's pinned packages into the data directory.",
        ),
        "help.list": ("使えるエージェントを一覧します。", "List the agents."),
        "help.name": ("エージェントの名前。", "Name of the agent."),
        "help.data_dir": ("ccplant up のデータディレクトリ。", "Data directory of ccplant up."),
        "help.with_node": (
            "Node.js が無ければ、PyPI のパッケージからデータディレクトリに入れます。",
            "Where there is no Node.js, put one from PyPI into the data directory.",
        ),
        "help.json": ("JSON で出力します。", "Print JSON."),
        "node_found": ("Node.js {version} を使います ({path})", "Using Node.js {version} ({path})"),
        "node_installing": (
            "Node.js をインストールしています (約 {size} MB)",
            "Installing Node.js (about {size} MB)",
        ),
        "installing": (
            "{agent} {version} をインストールしています (約 {size} MB、{path})",
            "Installing {agent} {version} (about {size} MB, into {path})",
        ),
        "progress": ("  {done} / 約 {size} MB", "  {done} of about {size} MB"),
        "checking": ("起動できるか確認しています", "Checking that it starts"),
        "installed": (
            "{agent} {version} をインストールしました。次に起動する ccplant up から使えます。既定にするには: ccplant up --agent {agent}",
            "{agent} {version} is installed, for the next start of ccplant up. To make it the default: ccplant up --agent {agent}",
        ),
        "already": ("{agent} {version} はインストール済みです。", "{agent} {version} is installed already."),
        "built_in": (
            "{agent} は組み込みです。インストールは不要です。",
            "{agent} is built in; there is nothing to install.",
        ),
        "state.built_in": ("組み込み", "built in"),
        "state.installed": ("インストール済み", "installed"),
        "state.outdated": ("更新あり", "can be updated"),
        "state.absent": ("未インストール", "not installed"),
        # errors
        "unknown": (
            "エージェント {agent} はありません。選べるもの: {known}。",
            "There is no agent {agent}: choose one of {known}.",
        ),
        "no_node": (
            "Node.js {least} 以降が見つかりません。インストールするか、--with-node を付けて実行してください。",
            "There is no Node.js {least} or later: install one, or run this again with --with-node.",
        ),
        "no_npm": (
            "npm が {path} の Node.js と一緒に入っていません。npm をインストールするか、--with-node を付けて実行してください。",
            "There is no npm beside the Node.js at {path}: install npm, or run this again with --with-node.",
        ),
        "no_space": (
            "{path} の空き容量が足りません: 約 {needed} MB 必要ですが {free} MB しかありません。",
            "There is not enough room in {path}: about {needed} MB are needed and {free} MB are free.",
        ),
        "failed": (
            "{what} に失敗しました (終了コード {code}): {detail}",
            "{what} failed (exit code {code}): {detail}",
        ),
        "too_slow": (
            "{what} が {seconds:.0f} 秒以内に終わりませんでした: {detail}",
            "{what} did not end within {seconds:.0f} s: {detail}",
        ),
        "incomplete": (
            "{agent} のインストールに {missing} がありません。このマシン ({machine}) には対応していない可能性があります。",
            "The installed {agent} lacks {missing}; it may not be made for this machine ({machine}).",
        ),
        "no_handshake": (
            "{agent} はインストールされましたが起動に応答しません: {detail}",
            "{agent} was installed but does not answer its handshake: {detail}",
        ),
    }
)


text = Catalogue(MESSAGES).say


class AgentError(Exception):
    """Ends a command about agents with one sentence from the catalogue."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(text(key, **facts))
        self.key = key
