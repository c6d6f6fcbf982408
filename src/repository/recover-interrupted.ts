import { createHash } from 'node:crypto';
import type { Store } from '../stores/store.ts';
import { collect, collectSmall, drain, tap } from '../system/streams/pipeline.ts';
import { decodeBackupRecord } from './layout/backup-record.ts';
import { type Catalogue, type DataFile, stampsOf } from './layout/catalogue.ts';
import { type Chain, readRecord } from './layout/chain.ts';
import { decodeDat } from './layout/dat.ts';
import {
  completeFileName,
  indexFileName,
  parseDataFileName,
  recordFileName,
  recordIndexFileName,
} from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';
import { stageDat } from './write-backup.ts';

/**
 * Finishes a backup of which everything was written but the line in the `.dat`: its data file is
 * there, unlisted, and our record beside it says what it must hold and where it belongs. Gives the
 * file that counts from now on, or undefined where there is nothing to finish, or too little is
 * known; then the file stays as it is, and the next backup is a full one.
 *
 * The caller holds the repository's lock, so that the unlisted file is not one in the making.
 */
export async function finishInterrupted(store: Store, chain: Chain): Promise<DataFile | undefined> {
  const file = unlistedFile(chain);
  if (file === undefined) return undefined;
  const record = await readRecord(store, file);
  const end = chain.dat === '' ? 0 : chain.links.at(-1)?.range.end;
  if (record === undefined || record.start !== end) return undefined;
  const hash = createHash('sha256');
  await drain(tap(store.read(file.name), (chunk) => hash.update(chunk)));
  if (hash.digest('hex') !== record.stored.sha256) return undefined;
  const line = {
    fileName: file.name,
    range: { start: record.start, end: record.end },
    md5: record.md5,
  };
  await using dat = await stageDat(store, { chain, stamp: chain.stamp, line });
  await dat.publish();
  return file;
}

/**
 * Removes what a run left that died before its data file was visible, or what repozo and the recipe left
 * when they removed one of ours: a record, and perhaps indexes and a mark, of which the data file isn't there. Where a
 * `.dat` lists that file, it was there and is lost: what is left of it stays. The caller holds the repository's lock.
 */
export async function removeLeftovers(
  store: Store,
  catalogue: Catalogue,
): Promise<readonly string[]> {
  const removed: string[] = [];
  const stampsWithData = new Set(
    catalogue.names.flatMap((name) => parseDataFileName(name)?.stamp ?? []),
  );
  for (const stamp of new Set(stampsOf(catalogue))) {
    const isThere = (name: string) => catalogue.names.includes(name);
    const record = recordFileName(stamp);
    const mark = completeFileName(stamp);
    if (stampsWithData.has(stamp) || !(isThere(record) || isThere(mark))) continue;
    if (await isListed(store, { catalogue, stamp })) continue;
    const isProven = isThere(record) && (await isOurs(store, record));
    if (isThere(record) && !isProven) continue;
    // The record goes last: without it, nothing would prove that the indexes are ours.
    const indexes = [indexFileName(stamp), recordIndexFileName(stamp)];
    for (const leftover of isProven ? [mark, ...indexes, record] : [mark]) {
      await store.remove(leftover);
      if (isThere(leftover)) removed.push(leftover);
    }
  }
  return removed;
}

async function isOurs(store: Store, record: string): Promise<boolean> {
  return decodeBackupRecord((await collect(store.read(record))).toString('utf8')) !== undefined;
}

/** Whether the `.dat` to which a stamp belongs has a line for its data file. */
async function isListed(
  store: Store,
  { catalogue, stamp }: { readonly catalogue: Catalogue; readonly stamp: Stamp },
): Promise<boolean> {
  const dat = catalogue.names
    .filter((name) => name.endsWith('.dat') && name.slice(0, stamp.length) <= stamp)
    .sort()
    .at(-1);
  if (dat === undefined) return false;
  const { lines } = decodeDat((await collectSmall(store.read(dat))).toString('utf8'), dat);
  return lines.some(({ fileName }) => parseDataFileName(fileName)?.stamp === stamp);
}

/** The one file that is there and isn't listed, if that is all that is wrong with the chain. */
function unlistedFile(chain: Chain): DataFile | undefined {
  const [fault, ...more] = chain.faults;
  if (fault === undefined || more.length > 0) return undefined;
  switch (fault.kind) {
    case 'missing-dat':
      return chain.files.increments.length === 0 && !chain.files.hasDat
        ? chain.files.full
        : undefined;
    case 'unlisted-file':
      return chain.files.increments.at(-1)?.name === fault.fileName
        ? chain.files.increments.at(-1)
        : undefined;
    case 'missing-file':
    case 'gap':
    case 'broken-dat':
      return undefined;
    default:
      return fault satisfies never;
  }
}
