import { createHash } from 'node:crypto';
import type { ObjectReader } from '../stores/objects/object-store.ts';
import { Failure, isFailure } from '../system/failure.ts';
import { keepHeapLean } from '../system/processes/lean-heap.ts';
import { giveWay } from '../system/streams/cooperative.ts';
import { collect } from '../system/streams/pipeline.ts';
import type { BlobList } from './layout/blob-list.ts';
import { type BlobManifest, blobsOf } from './layout/blob-manifest.ts';
import {
  POINTS_PREFIX,
  type PointName,
  parsePointKey,
  parseTombstoneKey,
  pointKey,
  TOMBSTONES_PREFIX,
} from './layout/keys.ts';
import { ManifestDecoder } from './layout/manifest-decoder.ts';
import { decodePointRecord, type PointRecord } from './layout/point-record.ts';
import type { StoredObjectRecord } from './layout/stored-object.ts';
import { sha256Of } from './store-object.ts';

/** Largest object that is read into memory: a list of some millions of objects. */
const LARGEST_RECORD_BYTES = 1 << 30;

/** The restore points that a copy of a site has, in the order in which they came: one request for each 1,000. */
export async function copiedPoints(site: ObjectReader): Promise<readonly PointName[]> {
  return await pointsBelow(site, { prefix: POINTS_PREFIX, parse: parsePointKey });
}

/** Those that were removed. */
export async function removedPoints(site: ObjectReader): Promise<readonly PointName[]> {
  return await pointsBelow(site, { prefix: TOMBSTONES_PREFIX, parse: parseTombstoneKey });
}

async function pointsBelow(
  site: ObjectReader,
  {
    prefix,
    parse,
  }: { readonly prefix: string; readonly parse: (key: string) => PointName | undefined },
): Promise<readonly PointName[]> {
  const found: PointName[] = [];
  for await (const page of site.pages(prefix)) {
    for (const { key } of page) found.push(...[parse(key) ?? []].flat());
  }
  return found.sort((one, other) => one.sequence - other.sequence);
}

/** A record, and what the one after it calls its bytes. */
export interface ReadPoint {
  readonly name: PointName;
  readonly record: PointRecord;
  /** In hex. */
  readonly sha256: string;
}

/** Reads the record of a restore point: one request. Failures: `not-found`; `damaged` where it isn't what its key says. */
export async function readPoint(site: ObjectReader, name: PointName): Promise<ReadPoint> {
  const key = pointKey(name);
  const bytes = await readWhole(site, key);
  const record = decodePointRecord(bytes.toString('utf8'));
  if (record === undefined) throw notReadable(site, key);
  const { storage, kind, stamp, sequence, part } = record;
  const own = pointKey({ place: { storage, kind }, stamp, sequence, part });
  if (own !== key) throw damaged(site, { key, state: `it is the record of "${own}"` });
  return { name, record, sha256: sha256Of(bytes) };
}

/** The blobs of a restore point. */
export interface ReadBlobs {
  readonly manifest: BlobManifest;
  /** What it builds on; undefined: nothing. */
  readonly base: BlobManifest | undefined;
  readonly all: BlobList;
}

/**
 * Reads the blobs of a restore point: one request, or two. Failures: `not-found`; `damaged` where a list isn't what the
 * record says.
 */
export async function readBlobs(
  site: ObjectReader,
  stored: StoredObjectRecord,
): Promise<ReadBlobs> {
  const manifest = await readManifest(site, stored);
  const base = manifest.base && (await readManifest(site, manifest.base));
  return { manifest, base, all: blobsOf(manifest, base) };
}

/** One manifest, whatever base it has. Failures: the same. */
export async function readManifest(
  site: ObjectReader,
  { key, sizeBytes, sha256 }: StoredObjectRecord,
): Promise<BlobManifest> {
  keepHeapLean();
  const decoder = new ManifestDecoder();
  const hash = createHash('sha256');
  let count = 0;
  for await (const chunk of site.read(key)) {
    count += chunk.length;
    if (count > sizeBytes) break;
    hash.update(chunk);
    decoder.take(chunk);
    await giveWay();
  }
  // Nobody sees what was decoded before all of it is known to be what was written.
  if (count !== sizeBytes || hash.digest('hex') !== sha256) {
    throw damaged(site, { key, state: 'its checksum is not the recorded one' });
  }
  const manifest = decoder.end();
  if (manifest === undefined) throw notReadable(site, key);
  return manifest;
}

/** A whole object that belongs into memory; undefined where there is none. */
export async function readIfThere(site: ObjectReader, key: string): Promise<Buffer | undefined> {
  try {
    return await readWhole(site, key);
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    throw error;
  }
}

async function readWhole(site: ObjectReader, key: string): Promise<Buffer> {
  return await collect(limited(site, key));
}

async function* limited(site: ObjectReader, key: string): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of site.read(key)) {
    sizeBytes += chunk.length;
    if (sizeBytes > LARGEST_RECORD_BYTES) {
      throw damaged(site, { key, state: `it has more than ${LARGEST_RECORD_BYTES} bytes` });
    }
    yield chunk;
  }
}

/** The failure for an object that this version can't read. */
export function notReadable(site: Pick<ObjectReader, 'nameOf'>, key: string): Failure {
  return new Failure(
    'damaged',
    `Cannot read "${site.nameOf(key)}": it is no record of this version`,
    {
      hint: 'If a newer version wrote it, update this one. If not, run a verification of the copy.',
    },
  );
}

function damaged(
  site: ObjectReader,
  { key, state }: { readonly key: string; readonly state: string },
): Failure {
  return new Failure('damaged', `Cannot use "${site.nameOf(key)}": ${state}`, {
    hint: 'Run a verification of the copy: it shows what else is damaged.',
  });
}
