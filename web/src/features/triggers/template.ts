/** The pieces of a line of a template: what is said as it is, and what is filled in; pure. */
export interface Piece {
  code: boolean;
  text: string;
}

const CODE = /(\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|\{#[^\n]*?#\})/;

export function piecesOf(line: string): Piece[] {
  return line
    .split(CODE)
    .map((text, index) => ({ code: index % 2 === 1, text }))
    .filter((piece) => piece.text !== "");
}
