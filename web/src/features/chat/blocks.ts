import { marked } from "marked";

/** Splits Markdown into its blocks; put together they are the text. Definitions of links keep a text in one piece. */
export function blocks(text: string): string[] {
  const tokens = marked.lexer(text, { gfm: true });
  if (Object.keys(tokens.links ?? {}).length > 0) return [text];
  const parts: string[] = [];
  for (const token of tokens) {
    if (token.type === "space" && parts.length > 0) parts[parts.length - 1] += token.raw;
    else parts.push(token.raw);
  }
  // at a half-written mark the lexer gives back something else than it got: then the text is in one piece for a moment
  return parts.join("") === text ? parts : [text];
}
