import { basename } from 'node:path';
import type { LogFinding } from '../../filestorage/audit/finding.ts';
import { formatOid } from '../../filestorage/oid.ts';
import type { FileFinding } from '../../repository/file-finding.ts';
import { type Check, type Faults, MOST_NAMES } from '../../repository/records/check-results.ts';

/** What a deep look has shown of one part of a restore point, as it is remembered. */
export type PartVerdict = Pick<Check, 'part' | 'outcome' | 'faults'>;

/** What was found of one part. */
interface Found {
  readonly files: readonly FileFinding<unknown>[];
  readonly log: readonly LogFinding[];
  /** Whether all is as it was backed up, so that what the log complains of the site itself has. */
  readonly isAsBackedUp: boolean;
}

export function verdictOf(part: Check['part'], found: Found): PartVerdict {
  const names = [
    ...found.files.filter(isBad).map(({ file }) => `file ${basename(file)}`),
    ...found.log.filter(isBad).map(nameOf),
  ];
  if (names.length === 0) return { part, outcome: 'good' };
  const where: Faults['where'] = found.isAsBackedUp ? 'database' : 'stored';
  const some = [...new Set(names)].sort().slice(0, MOST_NAMES);
  return { part, outcome: 'bad', faults: { where, names: some, count: names.length } };
}

/** Places in the log change with a pack, and what is said of them. */
function nameOf({ problem, object, state }: LogFinding): string {
  return object === undefined ? `${problem}: ${state}` : `${problem} ${formatOid(object.oid)}`;
}

export function isBad({ kind }: { readonly kind: 'bad' | 'note' }): boolean {
  return kind === 'bad';
}
