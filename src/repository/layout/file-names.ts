import { parseStamp, type Stamp } from './stamp.ts';

/** A file that holds bytes of a Data.fs, as its name tells. */
export interface DataFileName {
  readonly name: string;
  readonly stamp: Stamp;
  readonly kind: 'full' | 'increment';
  readonly isGzip: boolean;
}

const DATA_FILE = /^(\d{4}(?:-\d\d){5})\.(delta)?fs(z)?$/;
/** All of them: a repository may have very many, and each is looked at in each run. */
const ANY_FILE =
  /^(\d{4}(?:-\d\d){5})\.(?:(?:delta)?fsz?|dat|index|records|json|removing|complete\.json)$/;

/** Undefined for every file that repozo wouldn't take for a data file. */
export function parseDataFileName(name: string): DataFileName | undefined {
  const match = DATA_FILE.exec(name);
  const stamp = match?.[1] === undefined ? undefined : parseStamp(match[1]);
  if (match === null || stamp === undefined) return undefined;
  return {
    name,
    stamp,
    kind: match[2] === undefined ? 'full' : 'increment',
    isGzip: match[3] !== undefined,
  };
}

export function formatDataFileName(file: Omit<DataFileName, 'name'>): DataFileName {
  const name = `${file.stamp}.${file.kind === 'full' ? '' : 'delta'}fs${file.isGzip ? 'z' : ''}`;
  return { ...file, name };
}

/** The stamp that a file of a repository carries, whichever of its files it is. */
export function stampOfFileName(name: string): Stamp | undefined {
  return ANY_FILE.exec(name)?.[1] as Stamp | undefined;
}

export function datFileName(stamp: Stamp): string {
  return `${stamp}.dat`;
}

export function indexFileName(stamp: Stamp): string {
  return `${stamp}.index`;
}

export function isIndexFileName(name: string): boolean {
  const stamp = stampOfFileName(name);
  return stamp !== undefined && name === indexFileName(stamp);
}

/** Tells where the records of a data file are: see `filestorage/records/record-index.ts`. */
export function recordIndexFileName(stamp: Stamp): string {
  return `${stamp}.records`;
}

/** Stands in a repository while the backup of this stamp is removed, with all that needs it. */
export function removalFileName(stamp: Stamp): string {
  return `${stamp}.removing`;
}

/** The mark of a backup that is complete, with its blobs. */
export function completeFileName(stamp: Stamp): string {
  return `${stamp}.complete.json`;
}

export function recordFileName(stamp: Stamp): string {
  return `${stamp}.json`;
}
