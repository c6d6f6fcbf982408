import type { ChainFault } from './layout/chain.ts';
import type { Stamp } from './layout/stamp.ts';
import type { SourceFaults } from './lineage/source-faults.ts';
import type { FailedRead } from './problem.ts';
import { type Check, disproves, isAsDeep } from './records/check-results.ts';
import type { RunEnd } from './records/completion.ts';

/** All that was read about a restore point. */
export interface PointFacts {
  readonly stamp: Stamp;
  /** Why the files that it takes are not all there as they were written. */
  readonly files: readonly FileFault[];
  readonly runEnd: RunEnd;
  /** Whether its record is there, and can't be read; absent: it isn't so. */
  readonly hasUnreadRecord?: boolean;
  readonly known: SourceFaults;
  /**
   * What somebody has found out about it, and about what is stored of the backups that it builds on, in the order in
   * which it was found out.
   */
  readonly checks: readonly Check[];
  readonly blobs: BlobFacts;
}

/** Why a file that a restore point takes is not as it was written. */
export type FileFault =
  | ChainFault
  /** It has another size. */
  | { readonly kind: 'resized'; readonly fileName: string };

/** Why no blobs can be restored with a restore point. */
export type BlobsGone =
  | { readonly kind: 'none-there' }
  /** Others are there. */
  | { readonly kind: 'own-not-there' }
  | FailedRead;

/** What is known of the blob backup that belongs to a restore point, without reading it. */
export type BlobFacts =
  /** The storage has no blobs, or they are not backed up. */
  | { readonly kind: 'none' }
  /** Who asks knows of no blobs. */
  | { readonly kind: 'unseen' }
  /** `expected`: whether there must be one, as far as anybody can tell. */
  | { readonly kind: 'missing'; readonly isExpected: boolean; readonly why: BlobsGone }
  | {
      readonly kind: 'there';
      /** Whether it was made with this very point; otherwise newest blobs may be missing. */
      readonly isExact: boolean;
      /** Whether it holds as many files and bytes as when it was made. */
      readonly amount: 'as-recorded' | 'other' | 'not-counted';
    };

/** Why a part of a restore point is bad. */
export type Reason =
  /** Files that it takes are missing, or have another size. */
  | { readonly kind: 'files'; readonly fault: FileFault }
  /** What its run has noted can't be read: be it that the run never ended, or that the site had lost something. */
  | { readonly kind: 'record' }
  /** A look has found that what is stored is not what was written. */
  | { readonly kind: 'stored'; readonly check: Check }
  /** It is what the site had when it was backed up, and that had faults. */
  | { readonly kind: 'database'; readonly check: Check }
  /** The run that made it never got to the end of its blobs. */
  | { readonly kind: 'incomplete' }
  /** The blob backup that belongs to it is not there any more. */
  | { readonly kind: 'gone'; readonly why: BlobsGone }
  /** That one is there, and holds more or fewer files or bytes than when it was made. */
  | { readonly kind: 'amount' };

/** `good`: `depth` is the deepest look that found nothing; undefined: nothing speaks against it. */
export type PartJudgement =
  | { readonly kind: 'good'; readonly depth: Check['kind'] | undefined }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'bad'; readonly reasons: readonly Reason[] };

/** What a restore point is worth. Whoever asks reads this, and none of the facts. */
export interface Judgement {
  readonly stamp: Stamp;
  readonly data: PartJudgement;
  readonly blobs: PartJudgement;
  readonly known: SourceFaults;
  /** How its run has ended, as far as it has written that down, or a deep look has proven it. */
  readonly run: RunEnd;
}

export function judgePoint(read: PointFacts): Judgement {
  const facts = { ...read, runEnd: provenEnd(read) };
  const { stamp, known, runEnd } = facts;
  return {
    stamp,
    data: judgeData(facts),
    blobs: judgeBlobs(facts),
    known,
    run: runEnd,
  };
}

/** A mark may be lost. A good deep look into Data.fs and the blobs of its own has seen all that it stands for. */
function provenEnd({ stamp, runEnd, checks, blobs }: PointFacts): RunEnd {
  if (runEnd !== 'incomplete' || blobs.kind !== 'there' || !blobs.isExact) return runEnd;
  const hasProven = (part: Check['part']) => {
    // Of wrapped records, nobody has seen which blobs they name.
    const isProof = ({ outcome, wrapped }: Check) => outcome === 'bad' || wrapped !== true;
    const judged = judgeLooks(
      checks.filter((check) => check.part === part && isProof(check)),
      stamp,
    );
    return judged.kind === 'good' && judged.depth !== undefined && isAsDeep(judged.depth, 'deep');
  };
  return hasProven('data') && hasProven('blobs') ? 'complete' : runEnd;
}

function judgeData({ stamp, files, hasUnreadRecord, checks }: PointFacts): PartJudgement {
  const reasons = files.map((fault): Reason => ({ kind: 'files', fault }));
  if (hasUnreadRecord === true) reasons.push({ kind: 'record' });
  const looks = checks.filter(({ part }) => part === 'data');
  const judged = judgeLooks(looks, stamp);
  if (judged.kind === 'bad') reasons.push(...judged.reasons);
  return reasons.length > 0 ? { kind: 'bad', reasons } : judged;
}

function judgeBlobs({ stamp, blobs, runEnd, checks }: PointFacts): PartJudgement {
  const reasons: Reason[] = runEnd === 'incomplete' ? [{ kind: 'incomplete' }] : [];
  const looks = checks.filter(({ part }) => part === 'blobs');
  const judged = judgeLooks(looks, stamp);
  if (judged.kind === 'bad') reasons.push(...judged.reasons);
  reasons.push(...goneFrom(blobs, runEnd));
  if (reasons.length > 0) return { kind: 'bad', reasons };
  if (judged.kind === 'good') return judged;
  const isThere = blobs.kind === 'none' || (blobs.kind === 'there' && blobs.isExact);
  return isThere ? { kind: 'good', depth: undefined } : { kind: 'unknown' };
}

function goneFrom(blobs: BlobFacts, runEnd: RunEnd): readonly Reason[] {
  switch (blobs.kind) {
    case 'none':
    case 'unseen':
      return [];
    case 'missing':
      return blobs.isExpected ? [{ kind: 'gone', why: blobs.why }] : [];
    case 'there':
      if (runEnd === 'complete' && !blobs.isExact) {
        return [{ kind: 'gone', why: { kind: 'own-not-there' } }];
      }
      return blobs.amount === 'other' ? [{ kind: 'amount' }] : [];
    default:
      return blobs satisfies never;
  }
}

/** A look disproves what one as deep has found before, and a shallower one nothing. */
function judgeLooks(looks: readonly Check[], stamp: Stamp): PartJudgement {
  const isGood = (look: Check) => look.outcome === 'good' && look.stamp === stamp;
  const good = looks.filter(isGood);
  const bad = looks.filter(
    (look, index) =>
      look.outcome === 'bad' &&
      !looks.slice(index).some((later) => isGood(later) && disproves(later, look)),
  );
  if (bad.length > 0) return { kind: 'bad', reasons: bad.map(reasonOf) };
  const [first, ...others] = good.map(({ kind }) => kind);
  if (first === undefined) return { kind: 'unknown' };
  return { kind: 'good', depth: others.reduce((a, b) => (isAsDeep(a, b) ? a : b), first) };
}

/** Earlier versions have not said where the fault was: what only a deep look sees is in the database, as a rule. */
function reasonOf(check: Check): Reason {
  const guessed = check.kind === 'verify' || check.part === 'blobs' ? 'stored' : 'database';
  return { kind: check.faults?.where ?? guessed, check };
}

/** Whether an increment may build on it: what is stored of its Data.fs is what was written. */
export function mayBuildOn({ data }: Judgement): boolean {
  return data.kind !== 'bad' || data.reasons.every(({ kind }) => kind === 'database');
}

/** Whether nothing is known against it: then `keep` may count it, and it may be recommended. */
export function isSound({ data, blobs }: Judgement): boolean {
  return data.kind !== 'bad' && blobs.kind !== 'bad';
}

/** Whether its Data.fs is sound, and blobs of it are there, of which something is wrong. */
export function hasFaultyBlobs(judgement: Judgement): boolean {
  const { data, blobs } = judgement;
  return data.kind !== 'bad' && blobs.kind === 'bad' && areBlobsThere(judgement);
}

/** Whether there are blobs to restore with it, whatever is wrong with them. */
export function areBlobsThere({ blobs }: Judgement): boolean {
  if (blobs.kind !== 'bad') return blobs.kind === 'good';
  return blobs.reasons.every(({ kind }) => kind !== 'gone' && kind !== 'incomplete');
}

/** Whether somebody has looked into the database, all of it, and found nothing. */
export function wasSeenDeeply({ data }: Judgement): boolean {
  return data.kind === 'good' && data.depth !== undefined && isAsDeep(data.depth, 'deep');
}

/** Why it is bad, the Data.fs first; nothing where it isn't. */
export function reasonsAgainst({
  data,
  blobs,
}: Pick<Judgement, 'data' | 'blobs'>): readonly Reason[] {
  return [data, blobs].flatMap((part) => (part.kind === 'bad' ? part.reasons : []));
}

/** The depth of the look that found faults in the database; undefined where none has. */
export function depthOfFaults({ data }: Judgement): Check['kind'] | undefined {
  if (data.kind !== 'bad') return undefined;
  const kinds = data.reasons.flatMap((one) => (one.kind === 'database' ? [one.check.kind] : []));
  return kinds.reduce<Check['kind'] | undefined>(
    (a, b) => (a !== undefined && isAsDeep(a, b) ? a : b),
    undefined,
  );
}
