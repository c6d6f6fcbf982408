import { type PointName, pointKey, tombstoneKey } from '../../../copies/layout/keys.ts';
import { encodeTombstone, type Tombstone } from '../../../copies/layout/tombstone.ts';
import { VERSION } from '../../../system/processes/version.ts';
import type { CopyRun } from '../push/push-run.ts';

/**
 * Takes restore points out of a copy: first it is written down that they went, then their records go. The objects that
 * no other record names stay for a while: see {@link sweepStorage}.
 */
export async function removePoints(
  names: readonly PointName[],
  {
    run: { site, storing, points, now },
    reason,
  }: { readonly run: CopyRun; readonly reason: Tombstone['reason'] },
): Promise<void> {
  for (const name of names) {
    const { record, sha256 } = await points.read(name);
    const { storage, kind, stamp, sequence, part, before } = record;
    const tombstone = encodeTombstone({
      format: 1,
      tool: `zodbvault ${VERSION}`,
      ...{ storage, kind, stamp, sequence, part, before, sha256 },
      removedAt: now().toISOString(),
      reason,
    });
    await storing.confirm();
    await site.put(tombstoneKey(name), tombstone);
  }
  await site.remove(names.map(pointKey));
  points.forget(names);
}
