import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeTid, type Tid } from '../../../filestorage/tid.ts';
import { transactionEndingAt, viewOf } from '../../../filestorage/uncommitted-tail.ts';
import { Failure } from '../../../system/failure.ts';
import { openFileSource } from '../../../system/files/byte-source.ts';

/** A cache begins with four bytes that name its format, and the last tid that its client has seen (ZEO, `cache.py`). */
const MAGIC = /^ZEC[34]$/;
const MAGIC_BYTES = 4;
const HEADER_BYTES = 12;
const NAME = /\.zec$/;

/**
 * The persistent caches of ZEO clients that have seen later transactions than a Data.fs which was restored has: such a
 * client never connects again. They are looked for where clients keep them: in `var`, and in the folders there.
 */
export async function findClientCachesAhead(dataFs: string): Promise<readonly string[]> {
  const last = await lastTidIn(dataFs);
  if (last === undefined) return [];
  const ahead: string[] = [];
  for (const path of await cachesNear(dataFs)) {
    const seen = await lastTidSeen(path);
    if (seen !== undefined && seen > last) ahead.push(path);
  }
  return ahead;
}

async function lastTidIn(dataFs: string): Promise<Tid | undefined> {
  await using source = await openFileSource(dataFs);
  return (await transactionEndingAt(source, source.sizeBytes))?.tid;
}

async function cachesNear(dataFs: string): Promise<readonly string[]> {
  const top = dirname(dirname(dataFs));
  const entries = await readdir(top, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((one) => one.isDirectory()).map(({ name }) => join(top, name));
  const found: string[] = [];
  for (const folder of [top, ...folders]) {
    const names = await readdir(folder).catch(() => []);
    found.push(...names.filter((name) => NAME.test(name)).map((name) => join(folder, name)));
  }
  return found.sort();
}

/** Undefined for what is no cache, or can't be read: nobody can tell. */
async function lastTidSeen(path: string): Promise<Tid | undefined> {
  try {
    await using file = await openFileSource(path);
    if (file.sizeBytes < HEADER_BYTES) return undefined;
    const header = await file.read({ start: 0, end: HEADER_BYTES });
    const magic = Buffer.from(header.subarray(0, MAGIC_BYTES)).toString('latin1');
    return MAGIC.test(magic) ? decodeTid(viewOf(header), MAGIC_BYTES) : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
