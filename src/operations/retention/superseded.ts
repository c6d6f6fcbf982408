import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { CountingBlobs } from '../../blobs/ownership/retention-repository.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import { type Deletion, planDeletion } from '../../repository/deletion.ts';
import { isSound } from '../../repository/judgement.ts';
import { type Chain, type ChainLink, readChains } from '../../repository/layout/chain.ts';
import { momentOfStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { chainsByPlace } from '../../repository/lineage/chains-by-place.ts';
import { isChainOf } from '../../repository/lineage/same-database.ts';
import { sourceFaultsOf, sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { type Judgements, readJudgements } from '../../repository/read-judgements.ts';
import { findUnreadChecks } from '../../repository/records/check-results.ts';
import { runEndOf } from '../../repository/records/completion.ts';
import { noteGoingBlobs, readGoingBlobs } from '../../repository/records/going-blobs.ts';
import { removeListed } from '../../repository/remove-chain.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import type { JobContext } from '../run/events.ts';
import { type PastRun, readPastRuns } from '../run/past-runs.ts';
import type { WhyKept } from '../run/warnings/backup-warnings.ts';
import type { RemovalGuard } from './removal-guard.ts';
import { tellRemoval } from './tell-removal.ts';

/** What tells whether a newer backup has taken the place of one that is incomplete. */
export interface Superseding {
  /** The Data.fs that is backed up. */
  readonly dataFs: string;
  /** Folder of the repository, with the log of its runs. */
  readonly folder: string;
  readonly blobs: CountingBlobs;
  /** Whether an earlier state was put in the place of the Data.fs after a backup was made. */
  readonly wasSetBack: (link: ChainLink, chains: readonly Chain[]) => boolean;
  readonly backups: OpenBackups;
  /** A backup that is planned: it will be complete. */
  readonly coming?: ComingBackup;
}

interface ComingBackup {
  readonly kind: BackupPlan['kind'];
  /** Whether it lacks something, or may lack it. */
  readonly isUncertain: boolean;
}

/** What becomes of the incomplete restore points behind the last complete one but one. */
export interface Superseded {
  readonly going: readonly Deletion[];
  readonly staying: readonly { readonly stamp: Stamp; readonly why: WhyKept }[];
}

/**
 * What failed or killed runs have left incomplete at the ends of chains since the last complete point, where the newest
 * complete one goes on from it: it was made of the same Data.fs, and nobody doubts that it has all that was backed up
 * before. What a mark alone is missing of stays: its own blobs are there, as many as were recorded, and no run has
 * noted that a pack came between.
 */
export async function findSuperseded(
  repository: OpenRepository,
  settings: Superseding,
): Promise<Superseded> {
  const { dataFs, folder, blobs, backups, coming } = settings;
  const catalogue = await repository.catalogue();
  const place = await realPlaceOf(dataFs);
  const chains = (await readChains(catalogue, chainsByPlace(repository.chainOf, dataFs))).filter(
    (chain) => isChainOf(chain, place) === 'yes',
  );
  const judgements = await readJudgements(repository, { blobsOf: blobs.factsOf });
  const { complete, ends } = findLeft(chains, { judgements, coming: coming?.kind });
  const going: Deletion[] = [];
  const staying: { stamp: Stamp; why: WhyKept }[] = [];
  const isKnown = (await findUnreadChecks(repository.store)) === undefined;
  if (ends.length === 0 || !isKnown) return { going, staying };
  const doomed = await readGoingBlobs(repository.store);
  const runs = await readPastRuns(folder, backups);
  const isChanges = chains[complete]?.links[0]?.record?.changes;
  for (const { index, from } of ends) {
    const links = chains[index]?.links.slice(from) ?? [];
    const between = chains.slice(index + 1, complete + 1);
    const isUncertain =
      coming?.isUncertain === true ||
      between.some(sparesOrMayLack) ||
      (complete < chains.length && chains[index]?.links[0]?.record?.changes !== isChanges);
    // What a removal begins with takes all that follows it in its chain.
    let first: Stamp | undefined;
    let why: WhyKept | undefined;
    for (const link of links.toReversed()) {
      const { stamp } = link.file;
      if (isUncertain) why ??= 'doubt';
      else if (settings.wasSetBack(link, chains)) why ??= 'set-back';
      else if (!doomed.includes(stamp)) why ??= await whatKeeps(link, { blobs, runs });
      if (why === undefined) first = stamp;
      else staying.push({ stamp, why });
    }
    if (first !== undefined) going.push(planDeletion(catalogue, first));
  }
  return { going, staying };
}

/** The points of a chain. */
interface Points {
  readonly links: readonly Pick<ChainLink, 'file'>[];
}

/** What is incomplete at the ends of chains since the last complete point. */
interface Left {
  /** Index of the chain with the newest complete point, or that will have it; -1: there is none. */
  readonly complete: number;
  /** Older chains, the oldest first, and the index of the point from which on nothing is complete. */
  readonly ends: readonly { readonly index: number; readonly from: number }[];
}

/** @param chains - of one Data.fs, oldest first */
export function findLeft(
  chains: readonly Points[],
  {
    judgements,
    coming,
  }: { readonly judgements: Judgements; readonly coming?: BackupPlan['kind'] | undefined },
): Left {
  const complete = newestComplete(chains, { judgements, coming });
  const ends: { index: number; from: number }[] = [];
  for (let index = complete - 1; index >= 0; index -= 1) {
    const links = chains[index]?.links ?? [];
    const from =
      links.findLastIndex(({ file }) => judgements.get(file.stamp)?.run !== 'incomplete') + 1;
    if (from < links.length) ends.unshift({ index, from });
    if (from > 0 || links.length === 0) break;
  }
  return { complete, ends };
}

function newestComplete(
  chains: readonly Points[],
  {
    judgements,
    coming,
  }: { readonly judgements: Judgements; readonly coming: BackupPlan['kind'] | undefined },
): number {
  if (coming === 'full') return chains.length;
  // But for a full one, what comes makes the newest complete, or builds on it.
  if (coming !== undefined) return chains.length - 1;
  return chains.findLastIndex(({ links }) =>
    links.some(({ file }) => {
      const judgement = judgements.get(file.stamp);
      return judgement?.run === 'complete' && isSound(judgement);
    }),
  );
}

function sparesOrMayLack(chain: Chain): boolean {
  const known = sourceFaultsOf(chain);
  return known.mayLack || sparesOlder(known);
}

async function whatKeeps(
  link: ChainLink,
  { blobs, runs }: { readonly blobs: CountingBlobs; readonly runs: readonly PastRun[] },
): Promise<WhyKept | undefined> {
  const { stamp } = link.file;
  const facts = await blobs.factsOf({
    stamp,
    runEnd: runEndOf(link),
    blobFolder: link.record?.blobs?.folder,
  });
  // They may be in another folder, where nobody looks for them.
  if (facts.kind === 'unseen') return 'blobs-are-there';
  const isExact = facts.kind === 'there' && facts.isExact;
  if (isExact && (await blobs.amountOf(stamp)) === 'as-recorded') return 'blobs-are-there';
  return wasLeftByRun(stamp, runs) ? undefined : 'no-failed-run';
}

/**
 * Whether the run in which a backup was made has not ended well: it failed, was killed, or goes on and has begun anew. A
 * stamp names a whole second, in which another run may have begun: one that ended well says what it made.
 */
export function wasLeftByRun(
  stamp: Stamp,
  runs: readonly Pick<PastRun, 'verb' | 'begun' | 'result' | 'made'>[],
): boolean {
  const moment = momentOfStamp(stamp)?.getTime();
  if (moment === undefined) return false;
  const backups = runs.filter(({ verb }) => verb === 'backup');
  const before = backups.findLast(({ begun }) => Date.parse(begun) < moment);
  const meanwhile = backups.filter(({ begun }) => {
    const millis = Date.parse(begun) - moment;
    return millis >= 0 && millis < 1000;
  });
  const makers = before === undefined ? meanwhile : [before, ...meanwhile];
  const hasEndedWell = ({ result }: Pick<PastRun, 'result'>) =>
    result === 'done' || result === 'warnings';
  const isFinished = makers.some(
    (run) =>
      hasEndedWell(run) &&
      (run.made?.some((point) => point.stamp === stamp) ?? run === makers.at(-1)),
  );
  return !isFinished && makers.some((run) => !hasEndedWell(run));
}

/** Removes that. The caller holds the repository's lock. Returns the names of the removed files. */
export async function removeSuperseded(
  repository: OpenRepository,
  {
    guard,
    context,
    ...settings
  }: Superseding & { readonly guard: RemovalGuard; readonly context: JobContext },
): Promise<readonly string[]> {
  const { store } = repository;
  const catalogue = await repository.catalogue();
  const { going, staying } = await findSuperseded(repository, settings);
  tellStaying(staying, context);
  if (going.length === 0 || (await guard.ask()) !== 'may-remove') return [];
  await noteGoingBlobs(
    store,
    going.flatMap(({ points }) => points),
  );
  const removed: string[] = [];
  for (const { stamp, fileNames } of going) {
    const names = await tellRemoval(context, {
      folder: store.name,
      reason: { kind: 'superseded' },
      remove: (onFile) => removeListed(store, { catalogue, stamp, names: fileNames, onFile }),
    });
    removed.push(...names);
  }
  return removed;
}

function tellStaying(staying: Superseded['staying'], { onEvent }: JobContext): void {
  for (const why of new Set(staying.map((one) => one.why))) {
    const stamps = staying.flatMap((one) => (one.why === why ? [one.stamp] : [])).sort();
    onEvent({ kind: 'notice', code: 'incomplete-backup-kept', stamps, why });
  }
}
