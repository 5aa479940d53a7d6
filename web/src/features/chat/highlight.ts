import type { CSSProperties } from "react";
import { createHighlighterCore, type HighlighterCore, type LanguageInput } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";

/** Colours for code, loaded when the first block needs them, one language at a time. Nothing of it is HTML. */

export interface HighlightedToken {
  text: string;
  style: CSSProperties;
}
export type HighlightedLine = readonly HighlightedToken[];

const LANGUAGES: Readonly<Record<string, () => LanguageInput>> = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  csharp: () => import("shiki/langs/csharp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  dockerfile: () => import("shiki/langs/dockerfile.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  jsx: () => import("shiki/langs/jsx.mjs"),
  kotlin: () => import("shiki/langs/kotlin.mjs"),
  makefile: () => import("shiki/langs/makefile.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  php: () => import("shiki/langs/php.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  swift: () => import("shiki/langs/swift.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  xml: () => import("shiki/langs/xml.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};

const SHORT: Readonly<Record<string, string>> = {
  sh: "bash", shell: "bash", zsh: "bash", console: "bash", "c++": "cpp", cs: "csharp", docker: "dockerfile", js: "javascript",
  mjs: "javascript", kt: "kotlin", make: "makefile", md: "markdown", py: "python", rb: "ruby", rs: "rust", ts: "typescript",
  yml: "yaml", patch: "diff", jsonc: "json",
};

let making: Promise<HighlighterCore> | undefined;

async function highlighter(): Promise<HighlighterCore> {
  making ??= createHighlighterCore({
    themes: [import("shiki/themes/github-light-high-contrast.mjs"), import("shiki/themes/github-dark-high-contrast.mjs")],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  return making;
}

export function languageOf(name: string): string | undefined {
  const small = name.toLowerCase();
  const full = (Object.hasOwn(SHORT, small) ? SHORT[small] : undefined) ?? small;
  return Object.hasOwn(LANGUAGES, full) ? full : undefined;
}

/** The lines of a code in colours of both schemes; undefined: its language is none that is known. */
export async function highlight(code: string, name: string): Promise<HighlightedLine[] | undefined> {
  const language = languageOf(name);
  const load = language === undefined ? undefined : LANGUAGES[language];
  if (language === undefined || load === undefined) return undefined;
  const found = await highlighter();
  if (!found.getLoadedLanguages().includes(language)) await found.loadLanguage(load());
  const { tokens } = found.codeToTokens(code, {
    lang: language,
    themes: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    defaultColor: false,
    tokenizeMaxLineLength: 2_000,
    tokenizeTimeLimit: 100,
  });
  return tokens.map((line) => line.map((token) => ({ text: token.content, style: (token.htmlStyle ?? {}) as CSSProperties })));
}
