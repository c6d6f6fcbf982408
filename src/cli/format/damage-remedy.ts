import type { DeepVerifiedPoint } from '../../operations/verify/verify-deep.ts';
import {
  isIndexFileName,
  recordFileName,
  stampOfFileName,
} from '../../repository/layout/file-names.ts';
import { parseStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { Faults } from '../../repository/records/check-results.ts';

/** What is damaged, as far as it matters for what to do next. */
export type Damage =
  /** What is stored, or the database itself when it was backed up. */
  | { readonly kind: Faults['where'] }
  /** The record of a restore point: its Data.fs can be restored. */
  | { readonly kind: 'record'; readonly stamp: Stamp }
  /** An index: nothing is lost. */
  | { readonly kind: 'index' }
  /** A blob backup: what is stored of it is not what was written. */
  | { readonly kind: 'blobs' }
  /** The blobs of a restore point are gone, or its run has not finished them. */
  | { readonly kind: 'without-blobs'; readonly stamp: Stamp };

/** @param name - of a file of the Data.fs backups in which something bad was found */
export function damageOf(name: string): Damage {
  if (isIndexFileName(name)) return { kind: 'index' };
  const stamp = stampOfFileName(name);
  const isRecord = stamp !== undefined && name === recordFileName(stamp);
  return isRecord ? { kind: 'record', stamp } : { kind: 'stored' };
}

/** @param name - of a blob backup in which something bad was found, or of the restore point that misses its own */
export function damageOfBlobs(name: string): Damage {
  const stamp = parseStamp(name);
  return stamp === undefined ? { kind: 'blobs' } : { kind: 'without-blobs', stamp };
}

/** The damage in a restore point that was looked at deeply. */
export function damageIn({
  findings,
  verdicts,
}: Pick<DeepVerifiedPoint, 'findings' | 'verdicts'>): readonly Damage[] {
  const files = findings.flatMap(({ kind, file }) => (kind === 'bad' ? (file ?? []) : []));
  const all = files.map(damageOf);
  const records = all.filter(({ kind }) => kind === 'record');
  const others = verdicts.flatMap(({ part, faults }): readonly Damage[] => {
    if (faults === undefined) return [];
    if (part === 'blobs') return [{ kind: faults.where === 'stored' ? 'blobs' : 'database' }];
    return faults.count === records.length ? [] : [{ kind: faults.where }];
  });
  return [...records, ...all.filter(({ kind }) => kind === 'index'), ...others];
}

/** What to do next where something is. @param from - the copy in which it is; undefined: it is in the backups here */
export function describeRemedy(damage: readonly Damage[], from: string | undefined): string {
  const kinds = new Set(damage.map(({ kind }) => kind));
  if (from !== undefined && !(kinds.size === 1 && kinds.has('database'))) {
    return 'On the machine of the site, "zodbvault copy --verify" notes what is damaged in the copy. Then "zodbvault backup --full" begins a new chain there, and brings damaged blobs again. The other restore points are still good.';
  }
  const stampsOf = (wanted: Damage['kind']) =>
    new Set(damage.flatMap((one) => (one.kind === wanted && 'stamp' in one ? [one.stamp] : [])));
  const steps: string[] = [];
  const makesFull = kinds.has('stored') || kinds.has('record');
  if (makesFull) steps.push('Make a full backup ("zodbvault backup --full"), and verify it.');
  if (kinds.has('stored')) {
    steps.push('Then "zodbvault delete --damaged" removes what is damaged.');
  }
  const records = commandsFor('delete', stampsOf('record'));
  if (records !== '') {
    steps.push(`Then ${records} deletes what has an unreadable record.`);
  }
  const incomplete = commandsFor('verify --deep', stampsOf('without-blobs'));
  if (incomplete !== '') {
    steps.push(
      `Make a backup, with its blobs; ${incomplete} shows which blobs are missing, if any.`,
    );
  }
  if (kinds.has('blobs')) {
    steps.push(
      'Make a backup: it copies damaged blobs anew. Then "zodbvault delete" with its date removes a restore point whose blobs are damaged.',
    );
  }
  if (kinds.has('index')) {
    steps.push(
      'Nothing is lost: a restore works without an index, and the server makes a new one. "zodbvault backup --full" makes a backup with an index.',
    );
  }
  if (steps.length > 0) return steps.join(' ');
  return 'The site itself has these faults, so a new backup has them, too: mend the database, or restore to a date before them ("zodbvault list" shows what is bad).';
}

/** So many commands are named; the next look names more, if it has to. */
const NAMED = 3;

function commandsFor(verb: string, stamps: ReadonlySet<Stamp>): string {
  const commands = [...stamps].slice(-NAMED).map((stamp) => `"zodbvault ${verb} ${stamp}"`);
  return commands.join(' and ');
}
