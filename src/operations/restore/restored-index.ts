import { createHash } from 'node:crypto';
import { IndexDecoder } from '../../filestorage/index/index-decoder.ts';
import { indexOfPoint, type RestorePoint } from '../../repository/restore-point.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { NewFile } from '../../system/files/new-file.ts';
import { stagedPath } from '../../system/files/replacement.ts';
import type { Rights } from '../../system/files/rights.ts';
import { tap } from '../../system/streams/pipeline.ts';
import type { CutLog } from './moment/cut-log.ts';

/** Makes the index of a log that is cut beside its place, complete but not visible yet. @param path - of the Data.fs */
export async function makeCutIndex(
  log: CutLog,
  {
    path,
    anchor,
    rights,
  }: { readonly path: string; readonly anchor: string; readonly rights: Rights },
): Promise<NewFile> {
  const place = `${path}.index`;
  const file = await NewFile.create(place, { temporaryPath: stagedPath(place, anchor), rights });
  try {
    await file.write(log.index());
    await file.complete();
    return file;
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Makes the index of a restore point beside its place, complete but not visible yet. Undefined where
 * the backup has none that belongs to it: a server can do without.
 *
 * @param dataFs - path of the restored Data.fs, and its size in bytes
 * @param anchor - where the journal of the restore is
 */
export async function makeRestoredIndex(
  store: Store,
  {
    point,
    dataFs,
    anchor,
    rights,
  }: {
    readonly point: RestorePoint;
    readonly anchor: string;
    readonly rights: Rights;
    readonly dataFs: { readonly path: string; readonly sizeBytes: number };
  },
): Promise<NewFile | undefined> {
  const decoder = new IndexDecoder();
  const hash = createHash('sha256');
  const path = `${dataFs.path}.index`;
  const file = await NewFile.create(path, { temporaryPath: stagedPath(path, anchor), rights });
  try {
    await file.write(
      tap(store.read(indexOfPoint(point)), (chunk) => {
        decoder.feed(chunk);
        hash.update(chunk);
      }),
    );
    await file.complete();
  } catch (error) {
    await file[Symbol.asyncDispose]();
    if (isFailure(error, 'not-found')) return undefined;
    throw error;
  }
  const record = point.kind === 'listed' ? point.links.at(-1)?.record : undefined;
  const isAsWritten = record === undefined || record.index.sha256 === hash.digest('hex');
  if (isAsWritten && decoder.finish()?.position === dataFs.sizeBytes) return file;
  await file[Symbol.asyncDispose]();
  return undefined;
}
