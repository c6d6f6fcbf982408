import { parseStamp, type Stamp } from '../../repository/layout/stamp.ts';

/** What tells the backups of one blob directory apart: a moment, or a place in a rotation (0: newest). */
export type EntryId =
  | { readonly kind: 'stamp'; readonly stamp: Stamp }
  | { readonly kind: 'number'; readonly number: number };

/**
 * What an entry of a blob folder is (collective.recipe.backup):
 *
 * | form | name | content |
 * | --- | --- | --- |
 * | `directory` | `BASE.MARK` | `BASE/`, a copy of the blob directory |
 * | `archive` | `BASE.MARK.tar[.gz]` | members that begin with `./` |
 * | `delta` | `BASE.STAMP.delta.tar[.gz]` | what changed since the archive before it |
 * | `state` | `BASE.STAMP.snar` | GNU tar's list of what a chain of archives holds |
 */
export type EntryForm = 'directory' | 'archive' | 'delta' | 'state';

export interface EntryName {
  readonly name: string;
  /** Name of the blob directory that it was made of; it may hold dots. */
  readonly base: string;
  readonly id: EntryId;
  readonly form: EntryForm;
}

const PATTERN =
  /^(?:(.*)\.)?(\d{4}(?:-\d\d){5}|0|[1-9]\d{0,8})(\.snar|(?:\.delta)?\.tar(?:\.gz)?)?$/s;

/** Undefined where it is not a name of an entry of that type. */
export function parseEntryName(name: string, type: 'directory' | 'file'): EntryName | undefined {
  const match = PATTERN.exec(name);
  if (match === null) return undefined;
  const [, base = '', written = '', ending] = match;
  if ((ending === undefined) !== (type === 'directory')) return undefined;
  const stamp = parseStamp(written);
  const id: EntryId =
    stamp === undefined ? { kind: 'number', number: Number(written) } : { kind: 'stamp', stamp };
  return { name, base, id, form: formOf(ending) };
}

function formOf(ending: string | undefined): EntryForm {
  if (ending === undefined) return 'directory';
  if (ending === '.snar') return 'state';
  return ending.startsWith('.delta') ? 'delta' : 'archive';
}

/** `BASE.MARK`: the name of a directory, and the beginning of the other names. */
export function entryStem(base: string, id: EntryId): string {
  return `${base}.${id.kind === 'stamp' ? id.stamp : id.number}`;
}

export type ArchiveCompression = 'none' | 'gzip';

/** The name of an archive or delta. */
export function archiveName(
  stem: string,
  {
    form,
    compression,
  }: { readonly form: 'archive' | 'delta'; readonly compression: ArchiveCompression },
): string {
  return `${stem}${form === 'delta' ? '.delta' : ''}.tar${compression === 'gzip' ? '.gz' : ''}`;
}

/** The name of GNU tar's state of the chain that begins at a stamp. */
export function stateName(base: string, stamp: Stamp): string {
  return `${base}.${stamp}.snar`;
}

/** The link to the newest stamped entry. */
export const LATEST = 'latest';
