import Table from 'cli-table3';

/** A table without lines: it can be read, and cut into columns by other programs. */
export function bareTable(words: {
  readonly head: readonly string[];
  readonly alignment?: readonly ('left' | 'right')[];
}): Table.Table {
  const { head, alignment = head.map(() => 'left' as const) } = words;
  return new Table({
    head: [...head],
    colAligns: [...alignment],
    style: { head: [], border: [], compact: true },
    chars: BARE,
  });
}

/** Without blanks at the ends of lines. */
export function formatTable(table: Table.Table): string {
  return table.toString().replace(/ +$/gm, '');
}

const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
} as const;
