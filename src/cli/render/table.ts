import stringWidth from 'string-width';
import { inPortions } from '../../system/portions.ts';

/** What a table shows: rows of one cell for each column, a cell of one line or more. */
export interface Table {
  readonly head: readonly string[];
  /** Of each column; all on the left where it is absent. */
  readonly alignment?: readonly Alignment[];
  /** Asked for one by one, so that those of a long table can be made in portions, too. */
  readonly rows: Iterable<readonly string[]>;
}

type Alignment = 'left' | 'right';

/** Rows between two yields: some milliseconds of work. */
const ROWS_PER_PORTION = 500;

/**
 * A table without frames, which other programs can cut into columns, and without blanks at the ends of lines. The
 * time that it takes grows with its lines alone; it yields meanwhile, and stops on the signal.
 */
export function formatTable(table: Table, signal: AbortSignal): Promise<string> {
  return inPortions(portionsOf(table), signal);
}

function* portionsOf({ head, alignment = [], rows }: Table): Generator<void, string> {
  const measured: MeasuredRow[] = [measure(head)];
  for (const row of rows) {
    measured.push(measure(row));
    if (measured.length % ROWS_PER_PORTION === 0) yield;
  }
  const columns = head.map((_, column) => ({
    width: measured.reduce((most, { widths }) => Math.max(most, widths[column] ?? 0), 0),
    alignment: alignment[column] ?? 'left',
  }));
  const lines: string[] = [];
  for (const [index, { cells, height }] of measured.entries()) {
    for (let line = 0; line < height; line++) {
      const padded = columns.map((column, at) => pad(cells[at]?.[line] ?? '', column));
      lines.push(` ${padded.join(GAP)}`.replace(/ +$/, ''));
    }
    if (index % ROWS_PER_PORTION === 0) yield;
  }
  return lines.join('\n');
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

/** Most cells are plain: theirs is known at once. */
function widthOf(line: string): number {
  return /^[ -~]*$/.test(line) ? line.length : stringWidth(line);
}

interface Column {
  readonly width: number;
  readonly alignment: Alignment;
}

function pad(text: string, { width, alignment }: Column): string {
  const blanks = ' '.repeat(width - widthOf(text));
  return alignment === 'left' ? text + blanks : blanks + text;
}
