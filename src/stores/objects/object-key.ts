import { Failure } from '../../system/failure.ts';
import { isUnfinished } from '../../system/files/new-file.ts';

/**
 * Requires that something can be the key of an object in each kind of store: names with a slash between them, as
 * `sites/plone/points/2026-03-01-04-05-06.json`. They are of visible ASCII characters, as file systems and servers
 * don't agree on others. No key is the beginning of another one in front of a slash: in a folder, it would have to be
 * a file and a folder. Failure `usage`.
 */
export function requireKey(key: string): void {
  if (isKey(key)) return;
  throw new Failure('usage', `Cannot use the object "${key}": this is no name for one`, {
    hint: 'Use letters, digits and "-", "_", "." in names of sites and storages.',
  });
}

/** Whether it can be one; what else lies in a bucket or a folder is somebody else's. */
export function isKey(key: string): boolean {
  return /^[!-~]+$/.test(key) && !key.includes('\\') && key.split('/').every(isName);
}

function isName(name: string): boolean {
  return !['', '.', '..'].includes(name) && !isUnfinished(name);
}

/** As stores list them: by their bytes. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
