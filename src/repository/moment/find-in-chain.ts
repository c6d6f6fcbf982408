import { parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { OpenRepository } from '../open-repository.ts';
import { type ListedPoint, pointOfLinks } from '../restore-point.ts';
import type { Cut } from './cut.ts';
import type { TidBounds } from './link-transactions.ts';
import { transactionsOf } from './transactions-of.ts';

/** What is looked for in a chain. */
export interface MomentSearch {
  readonly repository: OpenRepository;
  readonly bounds: TidBounds;
  /** A transaction that is looked for beside, not earlier than the bounds. */
  readonly asked?: Tid | undefined;
}

/** Where a moment is in a chain. */
export interface FoundInChain {
  /** Undefined: all transactions of the chain are later. */
  readonly point: ListedPoint | undefined;
  /** The last transaction that was there before a pack, where the moment is in the full backup and may be earlier; else 0. */
  readonly packedTid: Tid;
  /** Whether the transaction that was asked for is there. */
  readonly holdsAsked: boolean;
}

/**
 * Finds the last transaction within bounds. Where records tell which backup has it, it reads that one alone. Failure
 * `damaged`.
 *
 * @param links - of a chain, from its full backup on
 */
export async function findInChain(
  links: readonly ChainLink[],
  { repository, bounds, asked }: MomentSearch,
): Promise<FoundInChain> {
  let holdsAsked = false;
  let packedTid = ZERO_TID;
  for (const [index, link] of [...links.entries()].reverse()) {
    const { firstTid, lastTid } = tidsOf(link);
    if (firstTid !== undefined && firstTid > (asked ?? bounds.upTo)) continue;
    const isAskedInside = asked !== undefined && (lastTid ?? asked) >= asked && !holdsAsked;
    if (lastTid !== undefined && isWithin(lastTid, bounds) && !isAskedInside) {
      return { point: pointOfLinks(links.slice(0, index + 1), undefined), packedTid, holdsAsked };
    }
    const found = await transactionsOf(repository, { link, moment: bounds.upTo });
    holdsAsked ||= asked !== undefined && found.holds(asked);
    if (index === 0) packedTid = found.packedTid;
    const cut = found.lastWithin(bounds);
    if (cut === undefined) continue;
    const point = pointAt(links.slice(0, index + 1), cut);
    return { point, packedTid, holdsAsked };
  }
  return { point: undefined, packedTid, holdsAsked };
}

/** A cut at the end of a backup is that backup. */
export function pointAt(links: readonly ChainLink[], cut: Cut): ListedPoint {
  return pointOfLinks(links, cut.end === links.at(-1)?.range.end ? undefined : cut);
}

/** The tids of a backup, as far as its record tells; of an empty one, there are none. */
function tidsOf({ record }: ChainLink): {
  readonly firstTid: Tid | undefined;
  readonly lastTid: Tid | undefined;
} {
  const read = (text: string | null | undefined) => parseTid(text ?? '');
  return { firstTid: read(record?.firstTid), lastTid: read(record?.lastTid) };
}

function isWithin(tid: Tid, { from, upTo }: TidBounds): boolean {
  return tid >= from && tid <= upTo;
}
