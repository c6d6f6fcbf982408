import { ZERO_TID } from '../../../filestorage/tid.ts';
import { newestTransactionUpTo, tidBehind } from '../../../filestorage/uncommitted-tail.ts';
import type { Chain, ChainLink } from '../../../repository/layout/chain.ts';
import type { ObjectFacts } from '../../../repository/lineage/continuity.ts';
import { lackedLinks, lastTidOf } from '../../../repository/lineage/covered-until.ts';
import { isChainOf } from '../../../repository/lineage/same-database.ts';
import { sourceFaultsOf, wasCertain } from '../../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../../repository/open-repository.ts';
import type { ObservedSource } from '../../../sources/source.ts';
import type { JobContext } from '../../run/events.ts';
import { isExplained } from './explained-by-restore.ts';
import { judgeAgainst } from './judge-against.ts';
import { type PastRestore, type RestoreTraces, restoresOf } from './restore-history.ts';
import { wasMadeBefore } from './swap-moment.ts';

/** Whether a Data.fs has all that was backed up of it, but for what a pack or a known restore took away. */
export type SourceContinuity =
  | { readonly kind: 'continued' }
  /** Its end is lost: the backups that it lacks the end of, oldest first. */
  | { readonly kind: 'lost'; readonly links: readonly ChainLink[] }
  /** Nobody can tell. */
  | {
      readonly kind: 'unknown';
      /** The backup that it was held against. */
      readonly base: ChainLink;
      /** Undefined where the backup, or the Data.fs, can't be read. */
      readonly objects: ObjectFacts | undefined;
    };

const CONTINUED: SourceContinuity = { kind: 'continued' };

/** What a Data.fs is held against. */
export interface Judging {
  readonly repository: OpenRepository;
  /** All of the repository by place, oldest first. */
  readonly chains: readonly Chain[];
  readonly traces: RestoreTraces;
  readonly now: Date;
  readonly context: JobContext;
}

/** The backups of a Data.fs, and the restores that explain what it lacks of them. */
export interface OwnPast {
  /** Oldest first; those of another Data.fs that came here by mistake say nothing of this one. */
  readonly chains: readonly Chain[];
  /** Oldest first. */
  readonly past: readonly PastRestore[];
}

export async function ownPastOf(
  observed: ObservedSource,
  { chains, traces, now, context: { backups } }: Judging,
): Promise<OwnPast> {
  const { place } = observed.source;
  const own = chains.filter((chain) => isChainOf(chain, place) === 'yes');
  const isUnexplained = own.length === 0 || (await hasRemains(observed, own));
  return {
    chains: own,
    past: isUnexplained ? [] : await restoresOf(place, { ...traces, backups, now }),
  };
}

/**
 * Holds a Data.fs against the newest backups that were made of it and that no restore explains; against older ones,
 * too, where those lacked something themselves.
 */
export async function findSourceContinuity(
  observed: ObservedSource,
  {
    repository: { store },
    context,
    own: { chains: own, past },
  }: Pick<Judging, 'repository' | 'context'> & { readonly own: OwnPast },
): Promise<SourceContinuity> {
  const { source, end } = observed;
  const { place } = source;
  if (own.length === 0) return CONTINUED;
  const judged = { source: source.log, end, old: await source.old() };
  const lost: ChainLink[] = [];
  let uncertain: SourceContinuity = CONTINUED;
  let isOfLost = false;
  for (const chain of own.toReversed()) {
    const base = baseIn(chain, { place, past, chains: own });
    const last = base.at(-1);
    if (last === undefined) continue;
    const answer = await judgeAgainst(judged, { store, base, context });
    if (answer.kind === 'lost' || (answer.kind === 'unknown' && isOfLost)) {
      lost.unshift(...(await lackedOf(observed, { base, chain })));
    } else if (answer.kind === 'unknown' && uncertain.kind === 'continued') {
      uncertain = { kind: 'unknown', base: last, objects: answer.objects };
    }
    // It was held against the ones before when it was made.
    if (!sourceFaultsOf(chain).isTruncated) break;
    // What goes on from it lacks the same; what was restored since goes on from another one.
    isOfLost ||= answer.kind !== 'lost' && wasCertain(chain) && !wasReplaced(chain, { last, past });
  }
  return lost.length === 0 ? uncertain : { kind: 'lost', links: lost };
}

/** Whether the Data.fs goes on from another chain by now. */
function wasReplaced(
  { links }: Chain,
  { last, past }: { readonly last: ChainLink; readonly past: readonly PastRestore[] },
): boolean {
  const newest = past.at(-1);
  if (newest?.kind !== 'restore' || !wasMadeBefore(last, newest.moment)) return false;
  return !links.some(({ file }) => file.stamp === newest.stamp);
}

/** What a loss has left behind the end says more than any restore before. */
async function hasRemains(
  { source: { log, place }, end }: ObservedSource,
  chains: readonly Chain[],
): Promise<boolean> {
  const remains = await tidBehind(log, end.position);
  return remains > end.lastTid && chains.some((chain) => remains <= lastTidOf(chain, place));
}

/** The backups of a chain up to the last one of this Data.fs that no restore explains. */
function baseIn(
  chain: Chain,
  {
    place,
    past,
    chains,
  }: {
    readonly place: string;
    readonly past: readonly PastRestore[];
    readonly chains: readonly Chain[];
  },
): readonly ChainLink[] {
  const last = chain.links.findLastIndex(
    (link) => link.record?.source === place && !isExplained(link, { past, chains }),
  );
  return chain.links.slice(0, last + 1);
}

/** Those of them that it should hold to their end, and doesn't. */
async function lackedOf(
  { source: { log, place }, end }: ObservedSource,
  { base, chain }: { readonly base: readonly ChainLink[]; readonly chain: Chain },
): Promise<readonly ChainLink[]> {
  const limit = lastTidOf(chain, place);
  const reached = await newestTransactionUpTo(log, { end: end.position, limit });
  const lacked = lackedLinks(chain, { path: place, lastTid: reached?.tid ?? ZERO_TID });
  return lacked.filter((link) => base.includes(link));
}
