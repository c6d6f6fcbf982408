import stringWidth from 'string-width';
import { giveWay } from '../../system/streams/cooperative.ts';
import type { Emphasis } from '../terminal/colours.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What a table shows: rows of one cell for each column, a cell of one line or more. */
export interface Table {
  readonly head: readonly string[];
  /** Of each column; all on the left where it is absent. */
  readonly alignment?: readonly Alignment[];
  /** Asked for one by one, so that those of a long table can be made in steps, too. */
  readonly rows: Iterable<readonly string[]>;
}

type Alignment = 'left' | 'right';

/**
 * A table without frames, which other programs can cut into columns, and without blanks at the ends of lines. The
 * time that it takes grows with its lines alone; it gives way meanwhile, and stops on the signal.
 */
export async function formatTable(table: Table, signal: AbortSignal): Promise<string> {
  const parts: string[] = [];
  for await (const part of partsOf(table, signal)) parts.push(part);
  return parts.join('\n');
}

/** Prints it part by part, as it may have very many rows. */
export async function printTable(
  table: Table,
  {
    terminal,
    emphasis,
    signal,
  }: {
    readonly terminal: Pick<Terminal, 'print'>;
    readonly emphasis?: Emphasis;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  for await (const part of partsOf(table, signal)) terminal.print(part, emphasis);
}

/** Less than a millisecond of work. */
const LINES_PER_PART = 100;

async function* partsOf(
  { head, alignment = [], rows }: Table,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const measured: MeasuredRow[] = [];
  const widest: number[] = [];
  const take = (row: readonly string[]) => {
    const one = measure(row);
    for (const [column, width] of one.widths.entries()) {
      widest[column] = Math.max(widest[column] ?? 0, width);
    }
    measured.push(one);
  };
  take(head);
  for (const row of rows) {
    take(row);
    if (measured.length % LINES_PER_PART === 0) await giveWay(signal);
  }
  const columns = head.map((_, column) => ({
    width: widest[column] ?? 0,
    alignment: alignment[column] ?? 'left',
  }));
  let lines: string[] = [];
  for (const { cells, height } of measured) {
    for (let line = 0; line < height; line++) {
      const padded = columns.map((column, at) => pad(cells[at]?.[line] ?? '', column));
      lines.push(` ${padded.join(GAP)}`.replace(/ +$/, ''));
      if (lines.length < LINES_PER_PART) continue;
      yield lines.join('\n');
      lines = [];
      await giveWay(signal);
    }
  }
  if (lines.length > 0) yield lines.join('\n');
}

const GAP = '   ';

/** The lines of each cell of a row, and the columns of the terminal that the widest of them takes. */
interface MeasuredRow {
  readonly cells: readonly (readonly string[])[];
  readonly widths: readonly number[];
  readonly height: number;
}

function measure(row: readonly string[]): MeasuredRow {
  const cells = row.map((cell) => cell.split('\n'));
  const widest = (most: number, line: string) => Math.max(most, widthOf(line));
  return {
    cells,
    widths: cells.map((lines) => lines.reduce(widest, 0)),
    height: cells.reduce((most, { length }) => Math.max(most, length), 1),
  };
}

/** Most cells are plain, or a dash: theirs is known at once. */
function widthOf(line: string): number {
  return /^[ -~–]*$/.test(line) ? line.length : stringWidth(line);
}

interface Column {
  readonly width: number;
  readonly alignment: Alignment;
}

function pad(text: string, { width, alignment }: Column): string {
  const blanks = ' '.repeat(width - widthOf(text));
  return alignment === 'left' ? text + blanks : blanks + text;
}
