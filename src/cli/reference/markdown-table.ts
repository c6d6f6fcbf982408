import stringWidth from 'string-width';

/** A table of Markdown, with columns as wide as the formatter makes them. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [head, ...rows].map((row) => row.map(escaped));
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((row) => stringWidth(row[column] ?? ''))),
  );
  const [first = [], ...rest] = lines.map((row) =>
    widths.map((width, column) => padded(row[column] ?? '', width)),
  );
  const rule = widths.map((width) => '-'.repeat(width));
  return [first, rule, ...rest].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A bar ends a cell, and `<` begins an element of HTML unless it is code. */
function escaped(cell: string): string {
  return cell
    .replaceAll('|', '\\|')
    .replaceAll(/`[^`]*`|</g, (part) => (part === '<' ? '&lt;' : part));
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - stringWidth(text));
}
