import type { BlobFacts, BlobsGone } from '../../repository/judgement.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { FailedRead } from '../../repository/problem.ts';
import type { BlobFactsOf } from '../../repository/read-judgements.ts';
import type { Store } from '../../stores/store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { type BlobContent, blobsAmong, layoutBytesIn } from '../layout/blob-content.ts';
import type { BlobEntry } from '../layout/catalogue.ts';
import { type BlobChoice, blobChooser, type Match, type Wanted } from '../layout/choose.ts';
import { contentOf } from '../layout/record.ts';
import { treeIn } from '../layout/tree-in.ts';
import type { OwnBlobs } from './ownership.ts';

/** The blob backup that a restore of a point would take. */
export type BelongingBlobs =
  /** The storage has none, or they are not backed up. */
  | { readonly kind: 'none' }
  /** `wasExact`: one was made with this very point, and nothing can be restored from it. */
  | { readonly kind: 'missing'; readonly wasExact: boolean; readonly why: BlobsGone }
  | {
      readonly kind: 'found';
      readonly name: string;
      readonly match: Match;
      /** Undefined where another program made it. */
      readonly content: BlobContent | undefined;
    };

/** The blobs of the points of one repository, in one folder. */
export interface BlobsOfPoints {
  readonly belongingTo: (stamp: Stamp) => Promise<BelongingBlobs>;
  readonly factsOf: BlobFactsOf;
}

/** @param stamps - of all the points, oldest first */
export function blobsOfPoints(
  catalogue: OwnBlobs,
  {
    stamps,
    preferred,
  }: { readonly stamps: readonly Stamp[]; readonly preferred: Wanted['preferred'] },
): BlobsOfPoints {
  const found = new Map<Stamp, Promise<BelongingBlobs>>();
  const choose = blobChooser(catalogue, preferred);
  const made = new Set([...catalogue.entries, ...catalogue.foreign].map((one) => one.stamp));
  const following = new Map(stamps.map((stamp, index) => [stamp, stamps[index + 1]]));
  const belongingTo = (stamp: Stamp) => {
    const blobs =
      found.get(stamp) ??
      findBelonging(catalogue.store, {
        choose: () => choose({ kind: 'point', stamp, next: following.get(stamp) }),
        wasExact: made.has(stamp),
      });
    found.set(stamp, blobs);
    return blobs;
  };
  const factsOf: BlobFactsOf = async ({ stamp, runEnd, blobFolder }) => {
    const isNewest = stamp === stamps.at(-1);
    const facts = factsFrom(await belongingTo(stamp), {
      isExpected: runEnd === 'complete' || isNewest,
    });
    const isExact = facts.kind === 'there' && facts.isExact;
    // Who looks for them here has not looked where they are. A restore of the newest misses them all the same.
    const isElsewhere = !isExact && !isNewest && (await isOther(blobFolder, catalogue.store));
    return isElsewhere ? { kind: 'unseen' } : facts;
  };
  return { belongingTo, factsOf };
}

function factsFrom(
  blobs: BelongingBlobs,
  { isExpected }: { readonly isExpected: boolean },
): BlobFacts {
  switch (blobs.kind) {
    case 'none':
      return { kind: 'none' };
    case 'missing':
      return { ...blobs, isExpected: isExpected || blobs.wasExact };
    case 'found': {
      const isExact = blobs.match === 'exact';
      return { kind: 'there', isExact, amount: 'not-counted' };
    }
    default:
      return blobs satisfies never;
  }
}

/** Whether the blobs of a backup went to another folder than this, which is still there. */
async function isOther(recorded: string | undefined, store: Store): Promise<boolean> {
  if (recorded === undefined) return false;
  const here = await store.location().catch(() => undefined);
  return recorded !== here && (await isThere(recorded));
}

async function findBelonging(
  store: Store,
  {
    choose,
    wasExact,
  }: { readonly choose: () => BlobChoice | undefined; readonly wasExact: boolean },
): Promise<BelongingBlobs> {
  try {
    const choice = choose();
    if (choice === undefined) return { kind: 'missing', wasExact, why: { kind: 'none-there' } };
    const { name } = choice.entry;
    const seen = await lookIntoChoice(choice, store);
    if (seen.kind === 'gone') return { kind: 'missing', wasExact, why: seen.why };
    return { kind: 'found', name, match: choice.match, content: seen.content };
  } catch (error) {
    if (isFailure(error, 'damaged')) {
      return { kind: 'missing', wasExact, why: { kind: 'failed-read', message: error.message } };
    }
    throw error;
  }
}

/** The same as {@link lookInto} of what a restore takes. */
export function lookIntoChoice(choice: BlobChoice, store: Store): ReturnType<typeof lookInto> {
  const [entry = choice.entry] = choice.kind === 'archives' ? choice.chain : [];
  return lookInto(entry, { recorded: choice.entry, store });
}

/**
 * What an entry holds, as was recorded when it was made; of a copy, whether it is there at all.
 *
 * @param entry - the one that has the file that names the layout, if there is one
 * @param recorded - the one whose record tells how much there is
 */
export async function lookInto(
  entry: BlobEntry,
  { recorded, store }: { readonly recorded: BlobEntry; readonly store: Store },
): Promise<
  | { readonly kind: 'there'; readonly content: BlobContent | undefined }
  | { readonly kind: 'gone'; readonly why: FailedRead }
> {
  const content = contentOf(recorded.record);
  // A server writes that file into every blob directory; nobody looks into an archive for it.
  if (entry.form !== 'directory') {
    const layoutBytes = entry.form === 'archive' ? 'bushy'.length : undefined;
    return { kind: 'there', content: content && blobsAmong(content, layoutBytes) };
  }
  try {
    const tree = await treeIn(entry, store);
    return { kind: 'there', content: content && blobsAmong(content, await layoutBytesIn(tree)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { kind: 'gone', why: { kind: 'failed-read', message: error.message } };
  }
}
