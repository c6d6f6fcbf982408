import {
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
} from '@aws-sdk/client-s3';
import { Failure, isFailure } from '../../../system/failure.ts';
import { isKey, requireKey } from '../object-key.ts';
import type { ObjectReader, StoredObject } from '../object-store.ts';
import { ask, type Bucket, nameIn, versionOf } from './bucket.ts';
import { modifiedMsOf } from './list-objects.ts';
import { openVersion, readObject } from './read-object.ts';

/**
 * Failure `usage` where a bucket was never told to keep versions. Who may not ask gets what the
 * list of versions says.
 */
export async function requireVersions(bucket: Bucket): Promise<void> {
  const command = new GetBucketVersioningCommand({ Bucket: bucket.bucket });
  const doing = `ask whether "s3://${bucket.bucket}" keeps versions`;
  try {
    const { Status } = await ask(bucket, doing, () => bucket.client.send(command));
    if (Status !== undefined) return;
  } catch (error) {
    if (isFailure(error, 'refused')) return;
    throw error;
  }
  const place = nameIn(bucket, '').replace(/\/$/, '');
  throw new Failure('usage', `Cannot read "${place}" as it was: the bucket keeps no versions`, {
    hint: { kind: 'leave-out-versions' },
  });
}

/** An object as it was, and what names that version. */
interface PastObject {
  readonly object: StoredObject;
  readonly versionId: string;
}

/**
 * A bucket as it was before a time: the newest version of each object that was written before it. Marks of deletion
 * don't count, as an intruder sets them, too; so what was removed on purpose is seen again while its versions are kept.
 * A page of it is a request, as is a look at one object; what was seen is not asked for again.
 */
export function bucketBefore(bucket: Bucket, timeMs: number): ObjectReader {
  const nameOf = (key: string) => nameIn(bucket, key);
  const seen = new Map<string, PastObject>();
  const find = async (key: string): Promise<PastObject | undefined> => {
    requireKey(key);
    const known = seen.get(key);
    if (known !== undefined) return known;
    for await (const page of pagesBefore(bucket, { prefix: key, timeMs })) {
      const found = page.find(({ object }) => object.key === key);
      if (found !== undefined) seen.set(key, found);
      // Longer keys with the same begin follow.
      if (found !== undefined || page.length > 0) return found;
    }
    return undefined;
  };
  const requirePast = async (key: string): Promise<PastObject> => {
    const found = await find(key);
    if (found !== undefined) return found;
    throw new Failure(
      'not-found',
      `Cannot read "${nameOf(key)}": no version of it is older than that time`,
      { hint: 'Name a later time.' },
    );
  };
  return {
    name: nameOf('').replace(/\/$/, ''),
    nameOf,
    pages: async function* (prefix) {
      for await (const page of pagesBefore(bucket, { prefix, timeMs })) {
        for (const past of page) seen.set(past.object.key, past);
        yield page.map(({ object }) => object);
      }
    },
    look: async (key) => (await find(key))?.object,
    read: async function* (key, range) {
      const { versionId } = await requirePast(key);
      yield* readObject(bucket, key, { range, versionId });
    },
    open: async (key) => {
      const { object, versionId } = await requirePast(key);
      return openVersion(bucket, object, { versionId });
    },
  };
}

/** The servers list the versions of a key one after the other, the newest first; a page may end between two. */
async function* pagesBefore(
  bucket: Bucket,
  { prefix, timeMs }: { readonly prefix: string; readonly timeMs: number },
): AsyncGenerator<readonly PastObject[]> {
  const doing = `list the versions in "${nameIn(bucket, prefix)}"`;
  let after: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } | undefined = {};
  let last: string | undefined;
  while (after !== undefined) {
    const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({
      Bucket: bucket.bucket,
      Prefix: bucket.prefix + prefix,
      ...after,
    });
    const page = await ask(bucket, doing, () => bucket.client.send(command));
    const found: PastObject[] = [];
    for (const version of page.Versions ?? []) {
      const past = pastObject(bucket, version);
      if (past === undefined || past.object.key === last) continue;
      if ((version.LastModified?.getTime() ?? Number.POSITIVE_INFINITY) >= timeMs) continue;
      last = past.object.key;
      found.push(past);
    }
    yield found;
    const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
    after =
      IsTruncated === true && NextKeyMarker !== undefined
        ? {
            KeyMarker: NextKeyMarker,
            ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker }),
          }
        : undefined;
  }
}

function pastObject(bucket: Bucket, version: ObjectVersion): PastObject | undefined {
  const { Key = '', VersionId, Size = 0, LastModified, ETag } = version;
  const key = Key.slice(bucket.prefix.length);
  if (VersionId === undefined || !isKey(key)) return undefined;
  const modifiedMs = modifiedMsOf(LastModified);
  return {
    object: { key, sizeBytes: Size, modifiedMs, version: versionOf(ETag) },
    versionId: VersionId,
  };
}
