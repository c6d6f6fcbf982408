import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { Failure } from '../../../system/failure.ts';
import { ask, type Bucket, nameIn } from './bucket.ts';

/** So many keys fit into a request. */
const KEYS_AT_ONCE = 1000;

/** Removes objects; one that isn't there is no failure. In a bucket with versions, the versions stay. */
export async function removeObjects(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (let begin = 0; begin < keys.length; begin += KEYS_AT_ONCE) {
    await removePage(bucket, keys.slice(begin, begin + KEYS_AT_ONCE));
  }
}

async function removePage(bucket: Bucket, keys: readonly string[]): Promise<void> {
  const [first = ''] = keys;
  const command = new DeleteObjectsCommand({
    Bucket: bucket.bucket,
    Delete: { Quiet: true, Objects: keys.map((key) => ({ Key: bucket.prefix + key })) },
  });
  const { Errors = [] } = await ask(bucket, `remove "${nameIn(bucket, first)}"`, () =>
    bucket.client.send(command),
  );
  const [failed] = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
  if (failed === undefined) return;
  const isRefused = failed.Code === 'AccessDenied';
  throw new Failure(
    isRefused ? 'refused' : 'system',
    `Cannot remove "s3://${bucket.bucket}/${failed.Key}": the server answered ${failed.Code}`,
    {
      hint: isRefused
        ? 'Check what this key may do in the bucket, and whether the object is locked.'
        : 'Look into the log of the server, then run the command again.',
    },
  );
}
