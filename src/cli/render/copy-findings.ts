import type { CopyFinding, ObjectState } from '../../operations/copies/copy-findings.ts';

const STATES: Readonly<Record<ObjectState, string>> = {
  missing: 'is missing',
  size: 'has another size than its record says',
  checksum: 'has other bytes than its record says',
  unreadable: 'cannot be read: it is damaged, or a later version wrote it',
  'other-before': 'does not continue the record before it: somebody has exchanged one of the two',
  gap: 'follows a record that is gone: somebody has removed it, and zodbvault did not',
  'other-than-local': 'is not the backup of the same moment that is here',
};

/** What is wrong with an object of a copy. */
export function describeCopyFinding({ object, state }: CopyFinding): string {
  return `${object} ${STATES[state]}`;
}
