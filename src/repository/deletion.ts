import type { Catalogue } from './layout/catalogue.ts';
import { parseDataFileName, stampOfFileName } from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';
import { datInFrontOf, familyOf, inOrderOfRemoval } from './remove-chain.ts';

/** A restore point that is to go, with all that nothing could be restored from without it. */
export interface Deletion {
  readonly stamp: Stamp;
  /** Stamps of the data files that go, oldest first: its own, if that is there, and those that need it. */
  readonly points: readonly Stamp[];
  /** In the order in which they go. */
  readonly fileNames: readonly string[];
  /** Name of the `.dat` of what stays in front of it, which loses its lines; undefined where nothing stays. */
  readonly dat: string | undefined;
}

/**
 * What has to go with a restore point: with a full backup all of its chain, with an increment all that
 * follows it. Of a chain that lost its full backup, everything.
 */
export function planDeletion(catalogue: Catalogue, wanted: Stamp): Deletion {
  const { head, names } = familyOf(catalogue, wanted);
  const isLost = head !== undefined && catalogue.datWithoutFull.includes(head);
  const stamp = isLost ? head : wanted;
  const fileNames = inOrderOfRemoval(
    names.filter((name) => (stampOfFileName(name) ?? stamp) >= stamp),
  );
  const points = fileNames.flatMap((name) => parseDataFileName(name)?.stamp ?? []).sort();
  return { stamp, points, fileNames, dat: datInFrontOf(catalogue, stamp) };
}
