import type { CopyFinding, ObjectState } from '../../operations/copies/copy-findings.ts';

const STATES: Readonly<Record<ObjectState, string>> = {
  missing: 'is missing',
  size: 'has another size than its record says',
  checksum: 'has other bytes than its record says',
  unreadable: 'cannot be read: it is damaged, or a later version wrote it',
  'other-before': 'does not continue the record before it: somebody has exchanged one of the two',
  gap: 'follows a record that is gone: somebody has removed it, and zodbvault did not',
  'number-twice': 'has the number of another record: somebody has put in one of the two',
  'ends-before-line':
    'end before the record of the line: somebody has removed it, and all that came after it',
  'other-than-line':
    'is not the record of the line: somebody has exchanged it, or the line is of another copy',
  'more-than-line': 'are more than the line says: somebody has put back what had been removed',
  'other-than-local': 'is not the backup of the same moment that is here',
};

/** What is wrong with an object of a copy. */
export function describeCopyFinding({ object, state }: CopyFinding): string {
  return `${object} ${STATES[state]}`;
}
