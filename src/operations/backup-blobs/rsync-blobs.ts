import { join } from 'node:path';
import { sumFiles } from '../../blobs/checksums/tree-checksums.ts';
import { type FinishedCopy, lookAtCopy } from '../../blobs/copy/check-finished-copy.ts';
import type { CopiedTree } from '../../blobs/copy/copy-tree.ts';
import { copyWithRsync, optionsThatLeaveOut } from '../../blobs/copy/rsync.ts';
import { nameSome, someOf } from '../../blobs/layout/summarize-names.ts';
import { Failure } from '../../system/failure.ts';
import { programEvents, withStep } from '../run/events.ts';
import type { BlobRun } from './blob-run.ts';
import type { PreviousCopy } from './previous-copy.ts';

/** What rsync is to do. */
interface RsyncWork {
  readonly target: string;
  readonly previous: PreviousCopy | undefined;
  /** Words of the user. */
  readonly options: readonly string[];
  /** A tree with which it shares files. */
  readonly linkTo: string | undefined;
}

/**
 * Copies the live blobs with rsync, holds the names of the copy against the live ones, and reads what
 * isn't shared with the copy before. Failure `program` where it has left out what it should have copied.
 */
export async function copyBlobsWithRsync(
  run: BlobRun,
  work: RsyncWork,
): Promise<Pick<CopiedTree, 'content' | 'links' | 'special' | 'shared' | 'fresh'>> {
  const copy = await copyAll(run, work);
  const { content, links, special } = copy;
  if (links[0] !== undefined) warnOfLink(run, links[0]);
  const { signal } = run.context;
  const fresh = await withStep(run.context, {
    step: 'confirm',
    totalBytes: copy.unreadBytes,
    work: (progress) => sumFiles(work.target, { paths: copy.unread, signal, progress }),
  });
  return { content, links, special, shared: copy.shared, fresh };
}

/** What it left out the first time, although nothing says so, it gets a second chance to copy. */
async function copyAll(run: BlobRun, work: RsyncWork): Promise<FinishedCopy> {
  const since = Date.now();
  const copy = await copyOnce(run, { ...work, since });
  if (copy.lacking.length === 0) return copy;
  const reasons = optionsThatLeaveOut(work.options);
  if (reasons.length > 0) {
    warnOfExcluded(run, { lacking: copy.lacking, reasons });
    return copy;
  }
  const again = await copyOnce(run, { ...work, since });
  const lackingBefore = new Set(copy.lacking);
  // Others have come meanwhile: the clock of the disk's server may be behind.
  const lacking = again.lacking.filter((path) => lackingBefore.has(path));
  if (lacking.length === 0) return again;
  throw new Failure(
    'program',
    `Cannot copy "${run.source}" with rsync: it ended well, but left out, or cut, ${nameSome(lacking)}`,
    {
      hint: 'Nothing was kept of this copy. Look at what rsync and its options do there, or set "use_rsync = false".',
    },
  );
}

async function copyOnce(
  run: BlobRun,
  { target, previous, options, linkTo, since }: RsyncWork & { readonly since: number },
): Promise<FinishedCopy> {
  const { source, context } = run;
  const isSuspect = previous?.isSuspect === true;
  const isUnknown = previous !== undefined && previous.sums === undefined;
  const sameness = isSuspect || isUnknown ? 'content' : 'time';
  await withStep(context, {
    step: 'copy-blobs',
    // Of what is shared with the copy before, it says nothing.
    totalBytes: previous === undefined ? run.expectedBytes : undefined,
    work: (progress) =>
      copyWithRsync({
        ...{ source, target, linkTo, of: 'live', sameness, options, progress },
        ...programEvents(context),
      }),
  });
  const before = isSuspect ? undefined : previous;
  return lookAtCopy(target, { live: source, since, before, signal: context.signal });
}

function warnOfExcluded(
  run: BlobRun,
  {
    lacking,
    reasons,
  }: { readonly lacking: readonly string[]; readonly reasons: readonly string[] },
): void {
  run.context.onEvent({
    kind: 'warning',
    code: 'blobs-left-out-by-rsync',
    source: run.source,
    options: reasons,
    ...someOf(lacking),
  });
}

function warnOfLink(run: BlobRun, link: string): void {
  const path = join(run.source, link);
  run.context.onEvent({ kind: 'warning', code: 'blob-link-copied', path });
}
