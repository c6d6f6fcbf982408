import type { CountingBlobs } from '../../blobs/ownership/retention-repository.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import { isSound } from '../../repository/judgement.ts';
import type { Catalogue, ChainFiles } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { knownAtBackup, sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { type Judgements, readJudgements } from '../../repository/read-judgements.ts';
import { noteGoingBlobs } from '../../repository/records/going-blobs.ts';
import { removeListed } from '../../repository/remove-chain.ts';
import { planRetirement, type Retirement } from '../../repository/retiring.ts';
import { type JobContext, withStep } from '../run/events.ts';
import type { RemovalGuard } from './removal-guard.ts';

/** Why what was superseded goes. */
export const SUPERSEDED = 'its run never finished its blobs, and a newer backup is complete';

/**
 * What runs have left incomplete, where a newer point is complete and nothing else builds on it: a pack came between
 * its Data.fs and its blobs, or something ended the run. No one will ever make it complete.
 */
export function findSuperseded(
  catalogue: Catalogue,
  judgements: Judgements,
): readonly Retirement[] {
  const complete = [...judgements.values()].findLast(
    (one) => one.run === 'complete' && isSound(one),
  );
  const ends = complete === undefined ? [] : incompleteEnds(catalogue.chains, judgements);
  return ends
    .filter((first) => complete !== undefined && first < complete.stamp)
    .map((first) => planRetirement(catalogue, first));
}

/** The same for when a backup that is planned will be complete. */
export function planSuperseded(
  catalogue: Catalogue,
  { judgements, coming }: { readonly judgements: Judgements; readonly coming: BackupPlan['kind'] },
): readonly Retirement[] {
  // But for a full one, it makes the newest complete, or builds on it.
  const chains = coming === 'full' ? catalogue.chains : catalogue.chains.slice(0, -1);
  return incompleteEnds(chains, judgements).map((first) => planRetirement(catalogue, first));
}

function incompleteEnds(chains: readonly ChainFiles[], judgements: Judgements): readonly Stamp[] {
  return chains.flatMap((files) => firstOfIncompleteEnd(files, judgements) ?? []);
}

/** From where on nothing in a chain is complete; undefined where its last point is. */
function firstOfIncompleteEnd(
  { full, increments }: ChainFiles,
  judgements: Judgements,
): Stamp | undefined {
  const stamps = [full, ...increments].map(({ stamp }) => stamp);
  const last = stamps.findLastIndex((stamp) => judgements.get(stamp)?.run !== 'incomplete');
  return stamps[last + 1];
}

/**
 * Removes that, unless the newest full backup knows no better than what is older. The caller holds the repository's
 * lock. Returns the names of the removed files.
 */
export async function removeSuperseded(
  repository: OpenRepository,
  {
    blobs,
    guard,
    context,
  }: {
    readonly blobs: CountingBlobs;
    readonly guard: RemovalGuard;
    readonly context: JobContext;
  },
): Promise<readonly string[]> {
  const { store } = repository;
  const catalogue = await repository.catalogue();
  const newest = catalogue.chains.at(-1);
  if (newest === undefined || sparesOlder(knownAtBackup(await repository.chainOf(newest))))
    return [];
  const judgements = await readJudgements(repository, { blobsOf: blobs.factsOf });
  const superseded = findSuperseded(catalogue, judgements);
  if (superseded.length === 0 || (await guard.ask()) !== 'may-remove') return [];
  await noteGoingBlobs(
    store,
    superseded.flatMap(({ points }) => points),
  );
  const removed: string[] = [];
  for (const { stamp, fileNames } of superseded) {
    await withStep(context, {
      step: 'remove',
      totalBytes: undefined,
      work: ({ onFile }) => removeListed(store, { catalogue, stamp, names: fileNames, onFile }),
    });
    removed.push(...fileNames);
    context.onEvent({ kind: 'files-removed', folder: store.name, fileNames, reason: SUPERSEDED });
  }
  return removed;
}
