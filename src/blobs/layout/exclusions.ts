import { isUncommitted } from './uncommitted.ts';

/**
 * What of a live blob directory is no blob and is never backed up: uncommitted blobs, what a pack has
 * removed and its list of it, locks, checkouts of a cache, savepoints (ZODB, `blob.py`); and what
 * restores make and keep in a directory that can't be renamed. `isUncommitted` knows those of ZEO clients.
 */
const AT_THE_TOP = ['tmp', '.removed'] as const;
const ENDINGS = [
  ...['.lock', '.spb', '.zodbvault-tmp'],
  ...['.zodbvault-restored', '.zodbvault-kept', '.zodbvault-kept.part'],
] as const;
const BEGINNING = '.checkout';

/** @param depth - 0: directly in the blob directory */
export function isExcluded(name: string, depth: number): boolean {
  if (depth === 0 && (AT_THE_TOP as readonly string[]).includes(name)) return true;
  if (isUncommitted(name) || name.startsWith(BEGINNING)) return true;
  return ENDINGS.some((ending) => name.endsWith(ending));
}

/** The same, for rsync; it reads the names of `UNCOMMITTED_PATTERNS`. */
export const RSYNC_EXCLUDES: readonly string[] = [
  ...AT_THE_TOP.map((name) => `--exclude=/${name}`),
  ...ENDINGS.map((ending) => `--exclude=*${ending}`),
  `--exclude=${BEGINNING}*`,
  '--exclude-from=-',
];

/** The same, for GNU tar with members that begin with `./`. */
export const TAR_EXCLUDES: readonly string[] = [
  '--anchored',
  ...AT_THE_TOP.map((name) => `--exclude=./${name}`),
  '--no-anchored',
  ...ENDINGS.map((ending) => `--exclude=*${ending}`),
  `--exclude=${BEGINNING}*`,
  '--exclude-from=-',
];

/** Paths of the files of a folder in an archive (`./0x00/`), without what is left out. */
export function pathsIn(folder: string, names: readonly string[]): readonly string[] {
  const depth = folder.split('/').filter((part) => part !== '' && part !== '.').length;
  return names.filter((name) => !isExcluded(name, depth)).map((name) => `${folder}${name}`);
}
