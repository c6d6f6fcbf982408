/**
 * The line of each key of a TOML file, by its path (`sites.intranet.keep`); of an array of tables, and of a
 * table, the first. The parser tells no lines: this looks at the beginning of each, and is used for
 * saying where something stands, nothing else.
 */
export function linesOfKeys(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let table: readonly string[] = [];
  let quote: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const isInside = quote !== undefined;
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      if (quote === undefined) quote = mark;
      else if (quote === mark) quote = undefined;
    }
    if (isInside) continue;
    const [, header] = /^\s*\[\[?([^[\]=]+)\]\]?\s*(?:#.*)?$/.exec(line) ?? [];
    const key = keyIn(line);
    if (header !== undefined) table = piecesOf(header);
    else if (key === undefined) continue;
    const whole = header === undefined ? [...table, ...piecesOf(key ?? '')] : table;
    const path = whole.slice(0, DEEPEST);
    for (let length = 1; length <= path.length; length++) {
      const name = path.slice(0, length).join('.');
      if (!lines.has(name)) lines.set(name, index + 1);
    }
  }
  return lines;
}

/** No option lies deeper, and what is written may go on for ever. */
const DEEPEST = 8;

/** What stands before the `=` of a line, if that may be a key. No expression finds both in a time that is linear. */
function keyIn(line: string): string | undefined {
  const end = line.indexOf('=');
  const key = end < 0 ? '' : line.slice(0, end).trim();
  return /^[\w."' -]+$/.test(key) ? key : undefined;
}

function piecesOf(key: string): readonly string[] {
  const pieces = key.match(/"[^"]*"|'[^']*'|[\w-]+/g) ?? [];
  return pieces.map((piece) => piece.replace(/^["']|["']$/g, ''));
}
