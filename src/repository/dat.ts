import type { ByteRange } from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';

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

/** Failure `damaged`, with the number of the line. */
export function decodeDat(text: string, name: string): readonly DatLine[] {
  const lines = text.split('\n');
  const last = lines.pop();
  if (last !== '')
    throw brokenLine({ name, number: lines.length + 1, state: 'it has no line end' });
  return lines.map((line, row) => decodeLine(line, { name, number: row + 1 }));
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

function decodeLine(
  line: string,
  place: { readonly name: string; readonly number: number },
): DatLine {
  const match = /^(.*\S)\s+(\d{1,15})\s+(\d{1,15})\s+([0-9a-f]{32})$/.exec(line);
  const [, path, start, end, md5] = match ?? [];
  if (path === undefined || md5 === undefined) {
    throw brokenLine({
      ...place,
      state: `it is ${JSON.stringify(line)}, not "path start end md5"`,
    });
  }
  const range = { start: Number(start), end: Number(end) };
  if (range.end < range.start) {
    throw brokenLine({
      ...place,
      state: `its end ${range.end} is before its start ${range.start}`,
    });
  }
  return { fileName: path.slice(path.lastIndexOf('/') + 1), range, md5 };
}

function joinPath(repository: string, fileName: string): string {
  return repository.endsWith('/') ? `${repository}${fileName}` : `${repository}/${fileName}`;
}

function brokenLine(where: {
  readonly name: string;
  readonly number: number;
  readonly state: string;
}): Failure {
  return new Failure(
    'damaged',
    `Cannot read line ${where.number} of "${where.name}": ${where.state}`,
    {
      hint: 'Backups after this line can not be trusted; make a full backup.',
    },
  );
}
