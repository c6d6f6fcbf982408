import { formatTid, parseTid } from '../../../filestorage/tid.ts';
import { newestTransactionUpTo } from '../../../filestorage/uncommitted-tail.ts';
import type { Chain, ChainLink } from '../../../repository/layout/chain.ts';
import { folderOfDat } from '../../../repository/layout/dat.ts';
import { coveredUntil } from '../../../repository/lineage/covered-until.ts';
import {
  backupsOfCopies,
  isChainOf,
  type Origin,
} from '../../../repository/lineage/same-database.ts';
import { sourceFaultsOf, wasCertain } from '../../../repository/lineage/source-faults.ts';
import { findFilestorageSource } from '../../../sources/filestorage-source.ts';
import type { ObservedSource, Source } from '../../../sources/source.ts';
import type { Store } from '../../../stores/store.ts';
import { Failure } from '../../../system/failure.ts';
import { leadToOne } from '../../../system/files/place.ts';
import type { JobContext } from '../../run/events.ts';
import { judgeAgainst } from './judge-against.ts';

/** What the next full backup of a Data.fs will tell of where it comes from. */
export function originOfSource({ source, first }: ObservedSource, isChanges?: boolean): Origin {
  return {
    beginning: source.beginning,
    contents: new Set(isChanges === undefined ? [] : [isChanges ? 'changes' : 'database']),
    sources: new Set([source.place]),
    firstTids: new Set(first === undefined ? [] : [formatTid(first.tid)]),
  };
}

/** Whether another copy of the database, which has gone on by itself, is backed up to the same place. */
export type OtherCopy =
  | { readonly kind: 'none' }
  /** The Data.fs lacks what this backup holds, or what it was made of is still in its place. */
  | { readonly kind: 'other'; readonly link: ChainLink; readonly isStillThere: boolean }
  /** It may have moved here, and been packed. */
  | { readonly kind: 'unknown'; readonly link: ChainLink };

/**
 * Looks for a backup of another copy: the Data.fs doesn't go on from it, or the other one is still in its place. Where
 * the site has only moved here, it does, unless it was set back before its first backup here, which nobody can tell from
 * a copy.
 *
 * @param chains - all of the repository by place, oldest first
 */
export async function findOtherCopy(
  observed: ObservedSource,
  {
    store,
    chains,
    context,
  }: {
    readonly store: Store;
    readonly chains: readonly Chain[];
    readonly context: JobContext;
  },
): Promise<OtherCopy> {
  if (chains.length === 0) return { kind: 'none' };
  const { source, end } = observed;
  const path = source.place;
  const origin = originOfSource(observed);
  const newest = chains.findLast((chain) => isChainOf(chain, path) === 'yes');
  const known = newest === undefined ? undefined : sourceFaultsOf(newest);
  const lackedBefore = known?.hasOtherCopy === true || known?.isTruncated === true;
  const stillLacks = newest !== undefined && lackedBefore && wasCertain(newest);
  const judged = { source: source.log, end, old: await source.old() };
  let uncertain: OtherCopy = { kind: 'none' };
  for (const link of await backupsOfCopies(store, { chains, path, origin })) {
    const chain = chains.find(({ links }) => links.includes(link));
    const base = chain?.links.slice(0, chain.links.indexOf(link) + 1) ?? [];
    const { kind } = await judgeAgainst(judged, { store, base, context });
    const isThere = (await wasWrittenHere(chain, store)) && (await isStillThere(link));
    const lacks = kind === 'lost' || (kind === 'unknown' && stillLacks);
    if (isThere || lacks) return { kind: 'other', link, isStillThere: isThere };
    if (kind === 'unknown' && uncertain.kind === 'none') uncertain = { kind, link };
  }
  return uncertain;
}

/** Whether the Data.fs that a backup was made of is in its place, and still has the last transaction of the backup. */
async function isStillThere({ record }: ChainLink): Promise<boolean> {
  const last = parseTid(record?.lastTid ?? '');
  if (record === undefined || last === undefined) return false;
  await using source = await findFilestorageSource(record.source);
  if (source === undefined) return false;
  try {
    const { end } = await source.observe();
    const reached = await newestTransactionUpTo(source.log, { end: end.position, limit: last });
    return reached?.tid === last;
  } catch (error) {
    // What is wrong with the other one is not for this backup to say.
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Whether a chain was written in this folder; else the backups were copied with their site, and the other has its own. */
async function wasWrittenHere(chain: Chain | undefined, { name }: Store): Promise<boolean> {
  const folder = folderOfDat(chain?.dat ?? '');
  return folder === undefined || leadToOne(folder, name).catch(() => false);
}

/** Says that; cleanup spares the old backups of another copy from then on, too. */
export function tellOtherCopy(
  source: Source,
  { other, context }: { readonly other: OtherCopy; readonly context: JobContext },
): void {
  if (other.kind === 'none') return;
  const { file, record } = other.link;
  const told = {
    source: source.path,
    otherSource: record?.source,
    backup: file.name,
    coveredUntil: coveredUntil(other.link),
  };
  switch (other.kind) {
    case 'other':
      context.onEvent({
        kind: 'warning',
        code: 'other-copy',
        ...told,
        isStillThere: other.isStillThere,
      });
      return;
    case 'unknown':
      context.onEvent({ kind: 'notice', code: 'perhaps-other-copy', ...told });
      return;
    default:
      other satisfies never;
  }
}
