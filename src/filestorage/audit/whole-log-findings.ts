import { ROOT_OID } from '../oid.ts';
import type { FindingList } from './finding.ts';

/** A database without its root object can't be opened. */
export function addNoRoot(findings: FindingList): void {
  findings.add('root', () => ({ state: 'the database has no root object', oid: ROOT_OID }));
}

/**
 * That a log holds only the changes of a DemoStorage.
 *
 * @param outsideCount - objects that its own refer to and that must be in the base; 0 where none are known,
 *   as where a wrapper has changed all records
 */
export function noteBase(
  findings: FindingList,
  { hasRoot, outsideCount }: { readonly hasRoot: boolean; readonly outsideCount: number },
): void {
  const outside = `${outsideCount} objects that its own objects refer to`;
  const andMore = outsideCount === 0 ? '' : `, and the ${outside}`;
  const rest = outsideCount === 0 ? 'the rest is in its base' : `the base must have ${outside}`;
  findings.addNote('root', () => ({
    state: hasRoot
      ? `it holds the changes of a DemoStorage: ${rest}`
      : `it has no root object, like the changes of a DemoStorage: the base must have that${andMore}`,
  }));
}

/** @param mark - with which all records begin */
export function noteWrapping(findings: FindingList, mark: string): void {
  findings.addNote('pickle', () => ({
    state: `a wrapper of the storage has changed all records, each begins with "${mark}": references and blobs are not checked, only checksums, structure and index`,
  }));
}
