import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Failure } from '../../../system/failure.ts';
import type { LockTrials } from '../object-store.ts';
import { isAnswer } from './answers.ts';
import { addressOf, ask, type Bucket, nameIn } from './bucket.ts';
import { md5Header, wholeSecond } from './lock-headers.ts';

/** A trial is locked for so long: its removal is tried meanwhile. */
const TRIAL_MS = 5000;

type Mode = 'COMPLIANCE' | 'GOVERNANCE';

/** What a key can destroy in a bucket: see {@link LockTrials}. @param now - by the clock of the server */
export function lockTrials(
  bucket: Bucket,
  { now }: { readonly now: () => Promise<number> },
): LockTrials {
  let lockedUntilMs = 0;
  const tryLock = async (key: string, mode: Mode): Promise<boolean> => {
    const untilMs = wholeSecond((await now()) + TRIAL_MS).getTime();
    lockedUntilMs = Math.max(lockedUntilMs, untilMs);
    return isKept(bucket, key, { mode, untilMs });
  };
  return {
    versions: async (key) => {
      await putTrial(bucket, key, {});
      await putTrial(bucket, key, {});
      return (await versionsBelow(bucket, key)).length > 1;
    },
    removal: async (key) => {
      await putTrial(bucket, key, {});
      const [version] = await versionsBelow(bucket, key);
      return version !== undefined && !(await isRemoved(bucket, version));
    },
    compliance: (key) => tryLock(key, 'COMPLIANCE'),
    governance: (key) => tryLock(key, 'GOVERNANCE'),
    cleanUp: async (prefix) => {
      const restMs = lockedUntilMs === 0 ? 0 : lockedUntilMs - (await now());
      if (restMs > 0) await pause(restMs + 1000);
      for (const version of await versionsBelow(bucket, prefix)) await isRemoved(bucket, version);
    },
  };
}

/** Writes an object with a lock, and tries to remove it with all means of this key. */
async function isKept(
  bucket: Bucket,
  key: string,
  { mode, untilMs }: { readonly mode: Mode; readonly untilMs: number },
): Promise<boolean> {
  await putTrial(bucket, key, { mode, untilMs });
  const doing = `look at "${nameIn(bucket, key)}"`;
  const head = new HeadObjectCommand(addressOf(bucket, key));
  const { ObjectLockMode } = await ask(bucket, doing, () => bucket.client.send(head));
  if (ObjectLockMode !== mode) throw ignored(bucket, key);
  const [version] = await versionsBelow(bucket, key);
  return version !== undefined && !(await isRemoved(bucket, version));
}

function ignored(bucket: Bucket, key: string): Failure {
  return new Failure(
    'system',
    `Cannot lock "${nameIn(bucket, key)}": the server ignores the lock`,
    {
      hint: 'Use another server, or let this key see the lock (s3:GetObjectRetention).',
    },
  );
}

async function putTrial(
  bucket: Bucket,
  key: string,
  lock: { readonly mode?: Mode; readonly untilMs?: number },
): Promise<void> {
  const content = Buffer.from(`trial ${performance.now()}`);
  const { mode, untilMs } = lock;
  const command = new PutObjectCommand({
    ...addressOf(bucket, key),
    Body: content,
    ...(untilMs !== undefined && {
      ObjectLockMode: mode,
      ObjectLockRetainUntilDate: new Date(untilMs),
      ...md5Header({ ...bucket, lockUntilMs: untilMs }, content),
    }),
  });
  await ask(bucket, `write "${nameIn(bucket, key)}"`, () => bucket.client.send(command));
}

/** What names one content that an object has had, or the mark that it was removed. */
interface Version {
  readonly key: string;
  readonly id: string;
}

/** Of one page: a trial has few. */
async function versionsBelow(bucket: Bucket, prefix: string): Promise<readonly Version[]> {
  const command = new ListObjectVersionsCommand({
    Bucket: bucket.bucket,
    Prefix: bucket.prefix + prefix,
  });
  const doing = `list the versions in "${nameIn(bucket, prefix)}"`;
  const page = await ask(bucket, doing, () => bucket.client.send(command));
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(
    ({ Key = '', VersionId: id }) =>
      id === undefined ? [] : [{ key: Key.slice(bucket.prefix.length), id }],
  );
}

/** Whether this key can remove a version, be it locked. */
async function isRemoved(bucket: Bucket, { key, id }: Version): Promise<boolean> {
  const remove = (isByForce: boolean) => {
    const command = new DeleteObjectCommand({
      ...addressOf(bucket, key),
      VersionId: id,
      ...(isByForce && { BypassGovernanceRetention: true }),
    });
    return ask(bucket, `remove "${nameIn(bucket, key)}"`, () =>
      bucket.client.send(command).then(
        () => true,
        (error: unknown) => {
          if (isAnswer(error, 401, 403, 'AccessDenied')) return false;
          throw error;
        },
      ),
    );
  };
  return (await remove(false)) || (await remove(true));
}
