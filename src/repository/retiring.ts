import type { Store } from '../stores/store.ts';
import { collectSmall } from '../system/stages.ts';
import type { Catalogue } from './catalogue.ts';
import { decodeDat } from './dat.ts';
import { datFileName, parseDataFileName, stampOfFileName } from './file-names.ts';
import { familyOf, inOrderOfRemoval, removeListed } from './removing.ts';
import type { Stamp } from './stamp.ts';

/** A restore point that is to go, with all that nothing could be restored from without it. */
export interface Retirement {
  readonly stamp: Stamp;
  /** Stamps of the data files that go, oldest first: its own, if that is there, and those that need it. */
  readonly points: readonly Stamp[];
  /** In the order in which they go. */
  readonly fileNames: readonly string[];
  /** The `.dat` of what stays in front of it; undefined where nothing stays. */
  readonly dat: { readonly name: string; readonly text: string } | undefined;
}

/**
 * What has to go with a restore point: with a full backup all of its chain, with an increment all that
 * follows it. Of a chain that lost its full backup, everything.
 */
export async function planRetirement(
  store: Store,
  { catalogue, stamp: wanted }: { readonly catalogue: Catalogue; readonly stamp: Stamp },
): Promise<Retirement> {
  const { head, names } = familyOf(catalogue, wanted);
  const isLost = head !== undefined && catalogue.datWithoutFull.includes(head);
  const stamp = isLost ? head : wanted;
  const fileNames = inOrderOfRemoval(
    names.filter((name) => (stampOfFileName(name) ?? stamp) >= stamp),
  );
  const points = fileNames.flatMap((name) => parseDataFileName(name)?.stamp ?? []).sort();
  const isWhole = head === undefined || head === stamp || !names.includes(datFileName(head));
  const dat = isWhole ? undefined : await shortenedDat(store, { name: datFileName(head), stamp });
  return { stamp, points, fileNames, dat };
}

/**
 * Removes it: first the lines of the `.dat`, with which it ceases to count. The caller holds the
 * repository's lock.
 */
export async function retire(store: Store, { stamp, fileNames, dat }: Retirement): Promise<void> {
  if (dat !== undefined) {
    await using file = await store.stage(dat.name, [Buffer.from(dat.text)]);
    await file.publish();
  }
  await removeListed(store, { stamp, names: fileNames });
}

/** Its lines up to that of the stamp, as they are. */
async function shortenedDat(
  store: Store,
  { name, stamp }: { readonly name: string; readonly stamp: Stamp },
): Promise<{ readonly name: string; readonly text: string }> {
  const text = (await collectSmall(store.read(name))).toString('utf8');
  const { lines } = decodeDat(text, name);
  const first = lines.findIndex(
    ({ fileName }) => (parseDataFileName(fileName)?.stamp ?? stamp) >= stamp,
  );
  const kept = text.split('\n').slice(0, first < 0 ? lines.length : first);
  return { name, text: kept.map((line) => `${line}\n`).join('') };
}
