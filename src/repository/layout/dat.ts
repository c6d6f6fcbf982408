import type { ByteRange } from '../../system/files/byte-source.ts';

/**
 * The `.dat` beside a full backup: one line for it, then one for each increment, in order. A backup
 * counts from the moment that its line is there.
 *
 * ```
 * path start end md5
 * ```
 */
export interface DatLine {
  readonly fileName: string;
  /** The bytes of the Data.fs that the file holds. */
  readonly range: ByteRange;
  /** Of the uncompressed bytes, in hex. */
  readonly md5: string;
}

/** What a `.dat` says, as far as it can be read. */
export interface Dat {
  readonly lines: readonly DatLine[];
  /** On the first line that can't be read: what follows it can't be trusted. */
  readonly fault: string | undefined;
}

const LINE = /^([^\p{Cc}]*\S)\s+(\d{1,15})\s+(\d{1,15})\s+([0-9a-f]{32})$/u;

/** Reads a `.dat`, called `name` in what is said of a broken line. */
export function decodeDat(text: string, name: string): Dat {
  const lines: DatLine[] = [];
  const texts = text.split('\n');
  const last = texts.pop();
  for (const line of texts) {
    const decoded = decodeLine(line);
    if (typeof decoded === 'string') return { lines, fault: faultOf(name, lines.length, decoded) };
    lines.push(decoded);
  }
  return { lines, fault: last === '' ? undefined : faultOf(name, lines.length, 'it has no end') };
}

/**
 * A line of the `.dat`.
 *
 * @param repository - how the repository was named when the line was written. repozo splits lines at
 *   blanks, so a name with blanks is left out; readers look at the path's last part only
 */
export function encodeDatLine(line: DatLine, repository: string): string {
  const path = /\s/.test(repository) ? line.fileName : joinPath(repository, line.fileName);
  return `${path} ${line.range.start} ${line.range.end} ${line.md5}\n`;
}

/** Where the repository was when the last line was written; undefined where that names no folder. */
export function folderOfDat(text: string): string | undefined {
  const path = LINE.exec(text.trimEnd().split('\n').at(-1) ?? '')?.[1] ?? '';
  const end = path.lastIndexOf('/');
  return end < 1 ? undefined : path.slice(0, end);
}

/** The line, or what is wrong with it. */
function decodeLine(line: string): DatLine | string {
  const [, path, start, end, md5] = LINE.exec(line) ?? [];
  if (path === undefined || md5 === undefined) {
    return `it is ${JSON.stringify(line)}, not "path start end md5"`;
  }
  const range = { start: Number(start), end: Number(end) };
  if (range.end < range.start) {
    return `its end ${range.end} is before its start ${range.start}`;
  }
  return { fileName: path.slice(path.lastIndexOf('/') + 1), range, md5 };
}

function joinPath(repository: string, fileName: string): string {
  return repository.endsWith('/') ? `${repository}${fileName}` : `${repository}/${fileName}`;
}

function faultOf(name: string, linesBefore: number, state: string): string {
  return `line ${linesBefore + 1} of "${name}" is broken: ${state}`;
}
