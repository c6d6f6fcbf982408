import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '../../../system/failure.ts';
import { requireKey } from '../object-key.ts';
import type { ObjectStore, ObjectWriter } from '../object-store.ts';
import { requirePut } from '../put-rules.ts';
import { isAnswer } from './answers.ts';
import { addressOf, ask, type Bucket, nameIn } from './bucket.ts';
import { listObjects } from './list-objects.ts';
import { extendLock, lockOf, requireLock } from './lock.ts';
import { lockTrials } from './lock-trials.ts';
import { putObject } from './put-object.ts';
import { lookAtObject, openObject, readObject } from './read-object.ts';
import { removeObjects } from './remove-objects.ts';
import { removeUnfinishedUploads } from './unfinished-uploads.ts';
import { uploadObject } from './upload-object.ts';
import { bucketBefore, requireVersions } from './versions.ts';

/** An {@link ObjectStore} in a bucket, or below a prefix of one. Its connections are closed with it. */
export function s3Objects(
  bucket: Bucket,
  { conditions }: { readonly conditions: ObjectStore['conditions'] },
): ObjectStore {
  const nameOf = (key: string) => nameIn(bucket, key);
  const writer = (to: Bucket): ObjectWriter => ({
    put: async (key, content, condition) => {
      requirePut({ conditions, nameOf }, { key, content, condition });
      return putObject(to, key, { content, condition });
    },
    upload: async (key, content, options = {}) => {
      requireKey(key);
      await uploadObject(to, key, content, options);
    },
  });
  const now = async () => bucket.clock.now() ?? askForTime(bucket);
  return {
    name: nameOf('').replace(/\/$/, ''),
    nameOf,
    conditions,
    pages: (prefix) => listObjects(bucket, prefix),
    look: async (key) => {
      requireKey(key);
      return lookAtObject(bucket, key);
    },
    read: async function* (key, range) {
      requireKey(key);
      yield* readObject(bucket, key, { range });
    },
    open: async (key) => {
      requireKey(key);
      return openObject(bucket, key);
    },
    ...writer(bucket),
    remove: async (keys) => {
      for (const key of keys) requireKey(key);
      await removeObjects(bucket, keys);
    },
    removeUnfinished: (prefix, beganBeforeMs) =>
      removeUnfinishedUploads(bucket, prefix, beganBeforeMs),
    versionsBefore: async (timeMs) => {
      await requireVersions(bucket);
      return bucketBefore(bucket, timeMs);
    },
    lock: {
      require: () => requireLock(bucket),
      writeUntil: (untilMs) => writer({ ...bucket, lockUntilMs: untilMs }),
      extend: async (key, untilMs) => {
        requireKey(key);
        await extendLock(bucket, key, untilMs);
      },
      look: async (key) => {
        requireKey(key);
        return lockOf(bucket, key);
      },
    },
    lockTrials: lockTrials(bucket, { now }),
    now,
    [Symbol.asyncDispose]: async () => bucket.client.destroy(),
  };
}

/** Any answer has the time, so an object is asked for that needs no right and no room. */
async function askForTime(bucket: Bucket): Promise<number> {
  const command = new HeadObjectCommand(addressOf(bucket, 'zodbvault.json'));
  const doing = `read the clock of "${nameIn(bucket, '')}"`;
  await ask(bucket, doing, () =>
    bucket.client.send(command).catch((error: unknown) => {
      if (!isAnswer(error, 403, 404)) throw error;
    }),
  );
  const now = bucket.clock.now();
  if (now !== undefined) return now;
  throw new Failure('system', `Cannot ${doing}: its answers have no date`, {
    hint: 'Use another server: without its clock nobody can tell how old a lock is.',
  });
}
