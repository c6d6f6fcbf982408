import {
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { Failure, isFailure } from '../../../system/failure.ts';
import { isAnswer } from './answers.ts';
import { addressOf, ask, type Bucket, nameIn } from './bucket.ts';
import { wholeSecond } from './lock-headers.ts';

/**
 * Requires that a bucket was made with object lock. Failures: `usage` where it wasn't, or the server knows no lock;
 * `refused` where this key may not ask.
 */
export async function requireLock(bucket: Bucket): Promise<void> {
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket.bucket });
  const doing = `ask whether "s3://${bucket.bucket}" has object lock`;
  const answer = await ask(bucket, doing, () =>
    bucket.client.send(command).catch((error: unknown) => {
      if (isAnswer(error, 'ObjectLockConfigurationNotFoundError', 404, 501)) return undefined;
      throw error;
    }),
  );
  // What knows no lock answers with something else.
  if (answer?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled') return;
  throw new Failure(
    'usage',
    `Cannot lock what is in "s3://${bucket.bucket}": it has no object lock`,
    {
      hint: { kind: 'leave-out-lock' },
    },
  );
}

/**
 * Locks the newest version of an object until a time, in the mode that nobody can get round, unless it is locked for
 * longer. For a bucket with object lock alone: a server that knows none may take this for a new content.
 */
export async function extendLock(bucket: Bucket, key: string, untilMs: number): Promise<void> {
  const until = wholeSecond(untilMs);
  const command = new PutObjectRetentionCommand({
    ...addressOf(bucket, key),
    Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until },
  });
  try {
    await ask(bucket, `lock "${nameIn(bucket, key)}"`, () => bucket.client.send(command));
  } catch (error) {
    // Nobody may bring a time forward.
    const isLonger =
      isFailure(error, 'refused') && ((await lockOf(bucket, key)) ?? 0) >= until.getTime();
    if (!isLonger) throw error;
  }
}

/**
 * Locks an object that was uploaded in parts, where it is to be locked and isn't: a killed run may have begun it under
 * an earlier lock, and Ceph forgets the one that an upload was begun with.
 */
export async function requireLocked(bucket: Bucket, key: string): Promise<void> {
  const { lockUntilMs } = bucket;
  if (lockUntilMs === undefined || ((await lockOf(bucket, key)) ?? 0) >= lockUntilMs) return;
  await extendLock(bucket, key, lockUntilMs);
}

/** Until when the newest version of an object is locked, in that mode: milliseconds since 1970; undefined: it isn't. */
export async function lockOf(bucket: Bucket, key: string): Promise<number | undefined> {
  const command = new HeadObjectCommand(addressOf(bucket, key));
  const found = await ask(bucket, `look at "${nameIn(bucket, key)}"`, () =>
    bucket.client.send(command).catch((error: unknown) => {
      if (isAnswer(error, 404)) return undefined;
      throw error;
    }),
  );
  return found?.ObjectLockMode === 'COMPLIANCE'
    ? found.ObjectLockRetainUntilDate?.getTime()
    : undefined;
}
