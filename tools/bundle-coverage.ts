import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';

/** What V8 counts: how often it ran the code between two offsets. */
export interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** A file of dist/, and which of its lines were run. A line of it has the code of one line of the source. */
export class BundleCoverage {
  readonly #path: string;
  /** Of each line, the offset of its first character that is no space, and the column of that. */
  readonly #starts: readonly { readonly offset: number; readonly column: number }[];
  readonly #reached: Uint8Array;

  constructor(path: string) {
    this.#path = path;
    let offset = 0;
    this.#starts = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => {
        const column = Math.max(0, line.search(/\S/));
        const start = { offset: offset + column, column };
        offset += line.length + 1;
        return start;
      });
    this.#reached = new Uint8Array(this.#starts.length);
  }

  /** Adds what one process has counted: of ranges within each other, the innermost tells. */
  add(ranges: readonly Range[]): void {
    const counts = new Uint8Array(this.#starts.length);
    const outermostFirst = [...ranges].sort(
      (a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset,
    );
    for (const { startOffset, endOffset, count } of outermostFirst) {
      counts.fill(count > 0 ? 1 : 0, this.#lineFrom(startOffset), this.#lineFrom(endOffset));
    }
    for (const [line, count] of counts.entries()) if (count > 0) this.#reached[line] = 1;
  }

  /** The first line whose code begins there or behind. */
  #lineFrom(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The places in the source that were reached. */
  *reached(): Generator<{ readonly path: string; readonly line: number }> {
    const map = new SourceMap(JSON.parse(readFileSync(`${this.#path}.map`, 'utf8')));
    for (const [line, { column }] of this.#starts.entries()) {
      if (this.#reached[line] !== 1) continue;
      const entry = map.findEntry(line, column);
      if (!('originalSource' in entry)) continue;
      const path = resolve(dirname(this.#path), entry.originalSource);
      yield { path, line: entry.originalLine + 1 };
    }
  }
}
