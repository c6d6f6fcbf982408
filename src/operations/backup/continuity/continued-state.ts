import { formatTid, parseTid, type Tid, ZERO_TID } from '../../../filestorage/tid.ts';
import { newestTransactionUpTo } from '../../../filestorage/uncommitted-tail.ts';
import type { BackupRecord } from '../../../repository/layout/backup-record.ts';
import type { Chain, ChainLink } from '../../../repository/layout/chain.ts';
import { transactionsOf } from '../../../repository/moment/transactions-of.ts';
import type { OpenRepository } from '../../../repository/open-repository.ts';
import type { ObservedSource } from '../../../sources/source.ts';
import { isFailure } from '../../../system/failure.ts';
import type { PastRestore } from './restore-history.ts';
import type { SourceContinuity } from './source-continuity.ts';
import { wasMadeBefore } from './swap-moment.ts';

/** The state that a Data.fs goes on from, as the record of its next full backup names it. */
export type ContinuedState = NonNullable<BackupRecord['continues']>;

/** What is known of a Data.fs and its backups. */
interface Known {
  readonly repository: OpenRepository;
  /** Of the same Data.fs, oldest first. */
  readonly chains: readonly Chain[];
  /** Oldest first. */
  readonly past: readonly PastRestore[];
  readonly continuity: SourceContinuity;
}

/**
 * Finds what a Data.fs goes on from: what a restore has put there since its newest backup, or else the end of that backup.
 * Undefined where nobody can tell. Reads a backup only where the Data.fs was cut within one, or the restore was from
 * other backups.
 */
export async function findContinuedState(
  observed: ObservedSource,
  known: Known,
): Promise<ContinuedState | undefined> {
  const { chains, past, continuity } = known;
  const newest = chains.at(-1)?.links.at(-1);
  const swap = past.at(-1);
  if (newest === undefined) return undefined;
  if (swap === undefined || !wasMadeBefore(newest, swap.moment)) {
    const isWhole = continuity.kind === 'continued' || (await holdsEndOf(newest, observed));
    return isWhole ? endOf(newest, chains) : whereCut(observed, known);
  }
  const state = await putThere(swap, { observed, known });
  const { at } = swap.moment;
  return state && at !== undefined ? { ...state, restoredAt: at.toISOString() } : state;
}

/** What a restore, or an undo of one, has brought back. */
async function putThere(
  swap: PastRestore,
  { observed, known }: { readonly observed: ObservedSource; readonly known: Known },
): Promise<ContinuedState | undefined> {
  const { chains } = known;
  switch (swap.kind) {
    case 'restore': {
      const tid = parseTid(swap.tid ?? '');
      if (tid !== undefined) return inChainWith(tid, known);
      const links = chains.flatMap((chain) => chain.links);
      const link = links.find(({ file }) => file.stamp === swap.stamp);
      return link === undefined ? whereCut(observed, known) : endOf(link, chains);
    }
    case 'undo': {
      const links = chains.flatMap((chain) => chain.links);
      const last = links.findLast((link) => wasMadeBefore(link, swap.undone.moment));
      const isBack = last !== undefined && (await holdsEndOf(last, observed));
      return isBack ? endOf(last, chains) : undefined;
    }
    default:
      return swap satisfies never;
  }
}

/** The last transaction of what was backed up that a Data.fs still has, unless a pack has been there. */
async function whereCut(
  { source: { log }, end }: ObservedSource,
  known: Known,
): Promise<ContinuedState | undefined> {
  const limit = lastTidOf(known.chains.at(-1)?.links.at(-1));
  const reached = await newestTransactionUpTo(log, { end: end.position, limit });
  if (reached === undefined || reached.status === 'p') return undefined;
  return inChainWith(reached.tid, known);
}

/** The oldest chain that holds a transaction. */
async function inChainWith(
  tid: Tid,
  { repository, chains }: Known,
): Promise<ContinuedState | undefined> {
  for (const { stamp, links } of chains) {
    const link = links.find((one) => lastTidOf(one) >= tid);
    if (link !== undefined && (await isHeldIn(link, { tid, repository }))) {
      return { chain: stamp, tid: formatTid(tid) };
    }
  }
  return undefined;
}

/** A backup that can't be read tells nothing: that is for others to say. */
async function isHeldIn(
  link: ChainLink,
  { tid, repository }: { readonly tid: Tid; readonly repository: OpenRepository },
): Promise<boolean> {
  try {
    return (await transactionsOf(repository, { link, moment: tid })).holds(tid);
  } catch (error) {
    if (isFailure(error, 'damaged', 'not-found')) return false;
    throw error;
  }
}

async function holdsEndOf(
  link: ChainLink,
  { source: { log }, end }: ObservedSource,
): Promise<boolean> {
  const limit = lastTidOf(link);
  const reached = await newestTransactionUpTo(log, { end: end.position, limit });
  return reached?.tid === limit;
}

function endOf(link: ChainLink, chains: readonly Chain[]): ContinuedState | undefined {
  const chain = chains.find(({ links }) => links.includes(link));
  const tid = link.record?.lastTid;
  return chain && tid !== undefined ? { chain: chain.stamp, tid } : undefined;
}

function lastTidOf(link: ChainLink | undefined): Tid {
  return parseTid(link?.record?.lastTid ?? '') ?? ZERO_TID;
}
