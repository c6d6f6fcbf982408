import { type PointName, pointKey, tombstoneKey } from '../../../copies/layout/keys.ts';
import type { PointRecord } from '../../../copies/layout/point-record.ts';
import { decodeTombstone } from '../../../copies/layout/tombstone.ts';
import { notReadable, readIfThere } from '../../../copies/read-copy.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import type { CopiedPoints } from './push-run.ts';

/** The record that came to a copy last, be it gone since: the next one names it. */
export interface NewestRecord {
  /** 0: none has ever come. */
  readonly sequence: number;
  readonly link: PointRecord['before'];
}

/** Finds it: one request. @param gone - the restore points that were removed, in the order in which they came */
export async function findNewestRecord(
  site: ObjectStore,
  { points, gone }: { readonly points: CopiedPoints; readonly gone: readonly PointName[] },
): Promise<NewestRecord> {
  const there = points.names.at(-1);
  const removed = gone.at(-1);
  if (removed !== undefined && removed.sequence > (there?.sequence ?? 0)) {
    return await removedRecord(site, removed);
  }
  if (there === undefined) return { sequence: 0, link: null };
  const { sha256 } = await points.read(there);
  return { sequence: there.sequence, link: { key: pointKey(there), sha256 } };
}

async function removedRecord(site: ObjectStore, removed: PointName): Promise<NewestRecord> {
  const key = tombstoneKey(removed);
  const tombstone = decodeTombstone((await readIfThere(site, key))?.toString('utf8') ?? '');
  if (tombstone === undefined) throw notReadable(site, key);
  return {
    sequence: removed.sequence,
    link: { key: pointKey(removed), sha256: tombstone.sha256 },
  };
}
