import { closest, distance } from 'fastest-levenshtein';
import type { CfgValue } from '../model/cfg-value.ts';
import type { Problems } from './problems.ts';
import { splitWords } from './words.ts';

/** A line of `additional_filestorages`: `name [Data.fs [blob directory]]`. */
export interface StorageLine {
  readonly name: string;
  readonly dataFs: string | undefined;
  readonly blobs: string | undefined;
}

/** Names that stand for the main storage. */
export const MAIN_NAMES: readonly string[] = ['Data', '1'];

/** A name becomes a part of paths, in which it may make folders, and must not leave them. */
export function isStorageName(name: string): boolean {
  return !name.split('/').some((piece) => ['', '.', '..'].includes(piece));
}

/** Reads `additional_filestorages`. Quotes hold a path with blanks together. */
export function parseStorageLines(
  value: CfgValue | undefined,
  problems: Problems,
): readonly StorageLine[] {
  const lines: StorageLine[] = [];
  for (const line of linesOf(value)) {
    const refuse = (why: string) =>
      problems.add(`additional_filestorages line "${line}": ${why}`, value?.origin);
    const words = splitWords(line);
    const [name, dataFs, blobs] = words ?? [];
    if (words === undefined) refuse('a quote is not closed');
    else if (name === undefined || words.length > 3) {
      refuse('a line is "name [path of the Data.fs [blob directory]]"; quote a path with blanks');
    } else if (MAIN_NAMES.includes(name)) {
      refuse(`"${name}" is the name of the main storage`);
    } else if (!isStorageName(name)) {
      refuse('the name becomes part of a path; it may have no ".." in it and no "/" at its ends');
    } else if (lines.some((other) => other.name === name)) {
      refuse(`"${name}" appears twice`);
    } else lines.push({ name, dataFs, blobs });
  }
  return lines;
}

/** Letters that may be wrong, missing or too many. */
const MOST_TYPOS = 2;

/** Where a storage's backups lie at an alternative source. */
export interface AlternativeLine {
  /** `Data` for the main storage, also where `1` was written. */
  readonly name: string;
  readonly filestorage: string;
  readonly blobs: string | undefined;
}

/**
 * Reads `alternative_restore_source(s)`: `name folder [blob folder]`, one line for each storage. The
 * words of the problems are those of collective.recipe.backup.
 */
export function parseAlternativeLines(
  value: CfgValue | undefined,
  {
    option,
    storages,
    problems,
  }: {
    readonly option: string;
    readonly storages: readonly { readonly name: string; readonly hasBlobs: boolean }[];
    readonly problems: Problems;
  },
): readonly AlternativeLine[] {
  const refuse = (why: string) => problems.add(`${option} ${why}`, value?.origin);
  const found: AlternativeLine[] = [];
  const isAlone = storages.length === 1;
  const names = storages.map(({ name }) => name);
  const meant = new Set<string>();
  const written = linesOf(value).filter((line) => !line.startsWith('#'));
  if (value === undefined || value.text.trim() === '') return [];
  if (isAlone && written.length > 1) {
    refuse('has 2 or more lines: Only one alternative_restore_source line is supported.');
    return [];
  }
  for (const line of written) {
    const words = splitWords(line) ?? [];
    const [key, filestorage, blobs] = words;
    if (key === undefined || filestorage === undefined || words.length > 3) {
      refuse(
        `line '${line}' has a wrong format. Should be: 'storage-name filestorage-backup-path', optionally followed by a blobstorage-backup-path.`,
      );
      continue;
    }
    const name = MAIN_NAMES.includes(key) ? 'Data' : key;
    const storage = storages.find((one) => one.name === name);
    if (storage === undefined) {
      const nearest = closest(key, names);
      const isLikely = distance(key, nearest) <= MOST_TYPOS;
      if (isLikely) meant.add(nearest);
      const question = isLikely ? ` Did you mean '${nearest}'?` : '';
      const all = ` The storages of this part are ${names.map((one) => `'${one}'`).join(', ')}.`;
      refuse(
        isAlone
          ? `key '${key}' unknown. Expected 1 or Data.`
          : `key '${key}' unknown in storages.${question}${all}`,
      );
    } else if (found.some((one) => one.name === name)) {
      refuse(
        name === 'Data'
          ? `key '${key}' is used. Are you using both '1' and 'Data'? They are alternative keys for the same Data.fs.`
          : `key '${key}' is used twice.`,
      );
    } else if (storage.hasBlobs && blobs === undefined) {
      refuse(`key '${key}' is missing a blobdir.`);
    } else if (!storage.hasBlobs && blobs !== undefined) {
      refuse(
        `key '${key}' specifies blobdir '${blobs}' but the original storage has no blobstorage.`,
      );
    } else found.push({ name, filestorage, blobs });
  }
  for (const { name, hasBlobs } of storages) {
    // The line is there, under another name: that has been said.
    if (meant.has(name)) continue;
    const isNamed = written.some((line) => {
      const key = splitWords(line)?.[0] ?? '';
      return key === name || (name === 'Data' && key === '1');
    });
    const line = `${name} /FOLDER/OF/ITS/BACKUPS${hasBlobs ? ' /FOLDER/OF/ITS/BLOB/BACKUPS' : ''}`;
    if (!isNamed) refuse(`is missing key '${name}'. Each storage needs a line: ${line}`);
  }
  return found;
}

function linesOf(value: CfgValue | undefined): readonly string[] {
  return (value?.text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
