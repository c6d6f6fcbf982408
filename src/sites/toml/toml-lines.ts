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
    const [, key] = /^\s*([\w."' -]+?)\s*=/.exec(line) ?? [];
    if (header !== undefined) table = piecesOf(header);
    else if (key === undefined) continue;
    const path = header === undefined ? [...table, ...piecesOf(key ?? '')] : table;
    for (let length = 1; length <= path.length; length++) {
      const name = path.slice(0, length).join('.');
      if (!lines.has(name)) lines.set(name, index + 1);
    }
  }
  return lines;
}

function piecesOf(key: string): readonly string[] {
  const pieces = key.match(/"[^"]*"|'[^']*'|[\w-]+/g) ?? [];
  return pieces.map((piece) => piece.replace(/^["']|["']$/g, ''));
}
