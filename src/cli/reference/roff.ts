/** Text as roff takes it: no escape, no request at the beginning, no letter outside of ASCII. */
export function roffText(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\[dq]')
    .replace(/^[.']/, '\\&$&')
    .replace(/[^\x20-\x7e]/gu, (letter) => {
      const code = letter.codePointAt(0)?.toString(16).toUpperCase() ?? '';
      return `\\[u${code.padStart(4, '0')}]`;
    });
}

/** Markdown without headings and tables, in the language of man(7): paragraphs, lists, blocks of code, links. */
export function roffOfMarkdown(markdown: string): readonly string[] {
  return markdown.split(/\n\n+/).flatMap((block) => {
    if (block.startsWith('```')) return codeBlock(block.split('\n').slice(1, -1));
    const [first = '', ...items] = block.split(/^- /m);
    const before = first === '' ? [] : ['.PP', inline(first)];
    return [...before, ...items.flatMap((item) => ['.IP \\(bu 2', inline(item)])];
  });
}

function codeBlock(lines: readonly string[]): readonly string[] {
  return ['.PP', '.nf', ...lines.map(roffText), '.fi'];
}

/** One line; code and emphasis in bold. */
function inline(markdown: string): string {
  const words = markdown
    .trim()
    .replace(/\s+/g, ' ')
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1');
  return roffText(words).replaceAll(/`([^`]+)`|\*\*([^*]+)\*\*|\b_([^_]+)_\b/g, '\\fB$1$2$3\\fR');
}
