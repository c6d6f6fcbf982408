import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenedDatabase, openDatabase } from './real-parts.ts';
import type { TestSite } from './site.ts';

/** What a restore of one point gave, and what the real ZODB finds in it. */
export interface RestoredPoint {
  readonly stamp: string;
  /** 0: restored; 3: restored, with a warning; 1: refused. */
  readonly status: number | null;
  readonly said: string;
  /** With its blobs where the status is 0; of a point that lacks some, the Data.fs alone. */
  readonly opened: OpenedDatabase | undefined;
}

/** Restores every point of a site beside it, one after the other, and opens each with the real ZODB. */
export async function restoreEach(site: TestSite): Promise<readonly RestoredPoint[]> {
  const points: RestoredPoint[] = [];
  for (const stamp of site.dataFiles().map((name) => name.slice(0, 19))) {
    const folder = join(site.folder, 'restored');
    rmSync(folder, { recursive: true, force: true });
    const { status, stderr } = await site.run(['restore', '-n', '--to', folder, stamp]);
    const dataFs = join(folder, 'filestorage/Data.fs');
    const whole = { blobs: join(folder, 'blobstorage') };
    const opened = status === 1 ? undefined : openDatabase(dataFs, status === 0 ? whole : {});
    points.push({ stamp, status, said: stderr, opened });
  }
  return points;
}
