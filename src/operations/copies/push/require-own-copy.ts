import { nameOfPoint } from '../../../copies/layout/keys.ts';
import { formatPlace, isSamePlace } from '../../../copies/layout/place.ts';
import type { PointRecord } from '../../../copies/layout/point-record.ts';
import { readIdentity } from '../../../repository/records/repository-id.ts';
import { Failure, isFailure } from '../../../system/failure.ts';
import type { Copying } from '../copying.ts';
import type { LocalPoint } from '../local-points.ts';
import { sourceOf } from '../prune/copied-source.ts';
import type { CopiedPoints } from './push-run.ts';

/**
 * Makes sure that no other site copies to the same place under the same name: a reader would take the restore points of
 * both for one line, and by the rules of the copy, those of one would push out those of the other. Reads the newest
 * record of each kind of backup of each storage. A site that was moved or restored goes on with its copy, and so does
 * what nothing can tell apart. Failure `refused`.
 */
export async function requireOwnCopy(
  { copy, below, local }: Pick<Copying, 'copy' | 'below' | 'local'>,
  points: CopiedPoints,
): Promise<void> {
  const here = new Set(local.map(nameOfPoint));
  const isShared = points.names.some((one) => here.has(nameOfPoint(one)));
  const places = new Map(local.map(({ place }) => [formatPlace(place), place]));
  for (const place of places.values()) {
    const newest = points.names.findLast((one) => isSamePlace(one.place, place));
    const read = newest && (await points.read(newest).catch(unlessBroken));
    if (read === undefined) continue;
    const own = local.filter((one) => isSamePlace(one.place, place));
    if (await isOf(read.record, own)) continue;
    if (!isShared && !isOtherDatabase(read.record, own)) continue;
    throw new Failure(
      'refused',
      `Cannot copy to "${below.name}": its newest restore point, ${read.name.stamp}, is a backup of another Data.fs, so another site copies there under the same name`,
      { hint: { kind: 'name-site-or-begin-again', copy: copy.name } },
    );
  }
}

/** Whether backups that are here were made of the same Data.fs; true, too, where nothing tells. */
async function isOf({ source }: PointRecord, own: readonly LocalPoint[]): Promise<boolean> {
  const ids = new Set<string>();
  for (const { data } of own) {
    const id = data && sourceOf(data, await readIdentity(data.store))?.id;
    if (id !== undefined) ids.add(id);
  }
  return source?.id === undefined || ids.size === 0 || ids.has(source.id);
}

/** By the first transaction. */
function isOtherDatabase({ data }: PointRecord, own: readonly LocalPoint[]): boolean {
  const first = data?.continues === undefined ? (data?.earlier[0] ?? data?.file) : undefined;
  const tids = new Set(own.flatMap((one) => one.data?.chain.links[0]?.record?.firstTid ?? []));
  return first?.firstTid !== undefined && tids.size > 0 && !tids.has(first.firstTid);
}

function unlessBroken(error: unknown): undefined {
  if (!isFailure(error, 'not-found', 'damaged')) throw error;
}
