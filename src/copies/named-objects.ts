import type { PointRecord } from './layout/point-record.ts';
import type { StoredObjectRecord } from './layout/stored-object.ts';

/** All objects that a record names itself; the list of its blobs names more. */
export function objectsNamedBy({
  data,
  blobs,
}: Pick<PointRecord, 'data' | 'blobs'>): readonly StoredObjectRecord[] {
  const files = data === null ? [] : [...data.earlier, data.file].map(({ stored }) => stored);
  const beside = [data?.index ?? [], data?.records ?? []].flat();
  return [...files, ...beside, ...blobObjects(blobs)];
}

function blobObjects(blobs: PointRecord['blobs']): readonly StoredObjectRecord[] {
  switch (blobs.kind) {
    case 'none':
    case 'missing':
      return [];
    case 'directory':
      return [blobs.manifest, ...blobs.others];
    case 'archives':
      return blobs.archives.map(({ stored }) => stored);
    default:
      return blobs satisfies never;
  }
}
