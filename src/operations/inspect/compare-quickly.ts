import {
  compareFingerprints,
  type Fingerprint,
  type Likeness,
} from '../../filestorage/fingerprint/fingerprint.ts';
import { formatTid } from '../../filestorage/tid.ts';
import { openLog } from '../../repository/content/open-log.ts';
import { readFingerprint } from '../../repository/records/fingerprints.ts';
import type { RestorePoint } from '../../repository/restore-point.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import type { JobContext } from '../run/events.ts';
import { openLiveLog } from '../run/live-log.ts';
import { openPoint } from '../run/open-point.ts';
import { takeFingerprint } from '../run/states/checked-fingerprint.ts';
import { unpack } from '../run/unpack.ts';

/** One of two states that are compared: of a Data.fs as it is, or of backups. */
export type ComparedWords =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'backup'; readonly repository: string; readonly target: RestoreTarget };

/** A state that was compared. */
export type ComparedState = (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'backup'; readonly point: RestorePoint }
) & {
  readonly fingerprint: Fingerprint;
  /** 16 hex digits. */
  readonly lastTid: string;
};

export interface QuickComparison {
  readonly from: ComparedState;
  readonly to: ComparedState;
  readonly likeness: Likeness;
}

/**
 * Whether two states have the same objects, told by their fingerprints. What a verification has read of a restore point
 * is not read again. Failures: `not-found`, `damaged`. */
export async function compareQuickly(
  { from, to }: { readonly from: ComparedWords; readonly to: ComparedWords },
  context: JobContext,
): Promise<QuickComparison> {
  const one = await readState(from, context);
  const other = await readState(to, context);
  const likeness = compareFingerprints(one.fingerprint, other.fingerprint);
  return { from: one, to: other, likeness };
}

async function readState(words: ComparedWords, context: JobContext): Promise<ComparedState> {
  if (words.kind === 'file') {
    const fingerprint = await makeFingerprint(await openLiveLog(words.path), context);
    return { ...words, fingerprint, lastTid: formatTid(fingerprint.tid) };
  }
  const { repository, target } = words;
  const { store, point } = await openPoint(repository, {
    target,
    aim: 'compare what is in',
    backups: context.backups,
  });
  const fingerprint =
    (await readFingerprint(store, point)) ??
    (await makeFingerprint(await openLog(store, { point, unpack }), context));
  return { kind: 'backup', point, fingerprint, lastTid: formatTid(fingerprint.tid) };
}

async function makeFingerprint(
  opened: Awaited<ReturnType<typeof openLog | typeof openLiveLog>>,
  context: JobContext,
): Promise<Fingerprint> {
  await using log = opened;
  return await takeFingerprint(log, { step: 'read', context });
}
