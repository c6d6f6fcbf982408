import { type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { Store } from '../../stores/store.ts';
import type { ChainLink } from '../layout/chain.ts';
import { type Cut, cutBehind } from './cut.ts';
import { scanLink } from './scan-link.ts';

/** What one backup of a chain tells of a moment. */
export interface LinkSearch {
  /** Its last transaction that is within the bounds. */
  readonly cut: Cut | undefined;
  /** The last one that was there before a pack; 0: there is none. */
  readonly packedTid: Tid;
  /** The last one of all; 0: it holds none. */
  readonly lastTid: Tid;
  /** Whether the transaction that was asked for is in it. */
  readonly holdsAsked: boolean;
}

/** Tids, both included. */
export interface TidBounds {
  readonly from: Tid;
  readonly upTo: Tid;
}

/**
 * Looks for a moment in the transactions of one backup. Failure `damaged`.
 *
 * @param asked - a transaction that is looked for beside
 */
export async function searchLink(
  store: Store,
  {
    link,
    bounds: { from, upTo },
    asked,
  }: { readonly link: ChainLink; readonly bounds: TidBounds; readonly asked?: Tid | undefined },
): Promise<LinkSearch> {
  let cut: Cut | undefined;
  let packedTid = ZERO_TID;
  let holdsAsked = false;
  const { lastTid } = await scanLink(store, {
    link,
    visitor: {
      transaction: (transaction) => {
        const { tid, status } = transaction.header;
        if (status === 'p') packedTid = tid;
        if (tid === asked) holdsAsked = true;
        if (tid >= from && tid <= upTo) cut = cutBehind(transaction);
      },
    },
  });
  return { cut, packedTid, lastTid, holdsAsked };
}
