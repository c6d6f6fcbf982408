import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isKey } from '../object-key.ts';
import type { StoredObject } from '../object-store.ts';
import { ask, type Bucket, nameIn, versionOf } from './bucket.ts';

/** Objects of a prefix, a page for each request. What has a name that can't be a key isn't ours. */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
): AsyncGenerator<readonly StoredObject[]> {
  const doing = `list "${nameIn(bucket, prefix)}"`;
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.bucket,
      Prefix: bucket.prefix + prefix,
      ContinuationToken: token,
    });
    const page = await ask(bucket, doing, () => bucket.client.send(command));
    yield (page.Contents ?? []).flatMap(({ Key = '', Size = 0, LastModified, ETag }) => {
      const key = Key.slice(bucket.prefix.length);
      if (!isKey(key)) return [];
      return [
        { key, sizeBytes: Size, modifiedMs: modifiedMsOf(LastModified), version: versionOf(ETag) },
      ];
    });
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** In whole seconds: an answer about a single object tells no more. */
export function modifiedMsOf(modified: Date | undefined): number {
  return Math.floor((modified?.getTime() ?? 0) / 1000) * 1000;
}
