import type { KnownBadPoint } from '../../operations/inspect/judged-runs.ts';
import type { BlobsGone, FileFault, Reason } from '../../repository/judgement.ts';
import type { SourceFaults } from '../../repository/lineage/source-faults.ts';
import type { Check } from '../../repository/records/check-results.ts';
import { describeFault } from './chain-faults.ts';

export function describeBadPoint({ stamp, reasons }: KnownBadPoint): string {
  return `${stamp}: ${reasons.map(describeReason).join('; ')}`;
}

/** What is so, and how to learn more. */
export function describeSiteFault({
  count,
  stamps,
}: {
  readonly count: number;
  readonly stamps: readonly string[];
}): string {
  const [faults, them] = count === 1 ? ['1 fault', 'it'] : [`${count} faults`, 'them'];
  return `the site itself has ${faults}, and ${stamps.length} restore points, back to the oldest, have the same: "zodbvault verify --deep" names ${them}. The backups themselves are intact`;
}

/** A reason as the end of a sentence that begins with the restore point. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'files':
      return describeFileFault(reason.fault);
    case 'gone':
      return describeGone(reason.why);
    case 'stored':
      return `${lookOf(reason.check)} found that its files have changed since they were written`;
    case 'database':
      return `${lookOf(reason.check)} found faults that the site itself had when it was backed up`;
    case 'amount':
      return 'its blob backup does not contain the same files as when it was made';
    case 'record':
      return 'zodbvault cannot read its record, and so cannot tell whether it is complete';
    case 'incomplete':
      return 'its run did not finish the blobs that belong to it';
    default:
      return reason satisfies never;
  }
}

function describeFileFault(fault: FileFault): string {
  return fault.kind === 'resized'
    ? `the size of "${fault.fileName}" has changed since it was written`
    : describeFault(fault);
}

/** Why the blobs of a restore point are missing. */
export function describeGone(why: BlobsGone): string {
  switch (why.kind) {
    case 'none-there':
      return 'there is none';
    case 'own-not-there':
      return 'the blob backup that was made with it does not exist';
    case 'failed-read':
      return why.message;
    default:
      return why satisfies never;
  }
}

function lookOf({ kind, part, at }: Check): string {
  const day = at.slice(0, 'yyyy-mm-dd'.length);
  return `${part === 'blobs' ? 'in its blobs, ' : ''}${LOOKS[kind]} of ${day}`;
}

/** What looked, in words. */
export const LOOKS = {
  verify: 'verify',
  sample: 'verify --deep --sample',
  deep: 'verify --deep',
  rehearsal: 'a test restore',
} as const satisfies Record<Check['kind'], string>;

/** What the run of a full backup knew, each as the end of a sentence that begins with the restore point. */
export function describeKnown({
  isTruncated,
  hasOtherCopy,
  overwritten,
}: SourceFaults): readonly string[] {
  return [
    ...(isTruncated ? ['its Data.fs lacked the last transactions of the backup before'] : []),
    ...(hasOtherCopy ? ['another copy of its database was backed up to the same folder'] : []),
    ...(overwritten === undefined
      ? []
      : [`its Data.fs was damaged at ${overwritten.position} when it was backed up`]),
  ];
}
