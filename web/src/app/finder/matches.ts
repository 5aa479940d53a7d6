/** Whether a name answers what was typed: every word of it somewhere in the name, however it is written; pure. */

function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

export function matches(query: string, ...names: readonly (string | null | undefined)[]): boolean {
  const text = plain(names.filter((name) => name != null).join(" "));
  return plain(query)
    .split(/\s+/)
    .every((word) => text.includes(word));
}
