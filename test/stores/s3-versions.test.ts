import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import type { ObjectReader } from '../../src/stores/objects/object-store.ts';
import { openS3, type S3Settings } from '../../src/stores/objects/s3/open-s3.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { outcomeOf } from '../support/outcome.ts';
import { describeWithS3, type S3Server } from '../support/s3-server.ts';

/** Longer than a second, which is as exact as some servers tell a time. */
const MOMENT_MS = 1100;

describeWithS3('ceph', 'S3: versions', (server) => {
  it('before a time are what was there, whatever somebody did since', async () => {
    await using store = await openS3({ ...(await lockedBucket(server(), 'past')), prefix: 'x/' });
    for (const key of ['a/1', 'a/2', 'a/20', 'b']) await store.put(key, Buffer.from(`old ${key}`));
    await store.put('a/1', Buffer.from('newer a/1'));
    await pause(MOMENT_MS);
    const timeMs = await store.now();
    await pause(MOMENT_MS);
    await store.put('a/1', randomBytes(100));
    await store.put('a/2', randomBytes(9));
    await store.put('a/3', randomBytes(9));
    await store.remove(['a/1', 'a/20', 'b']);

    const past = await store.versionsBefore?.(timeMs);
    if (past === undefined) throw new Error('a bucket keeps versions');
    expect(await keysIn(past, 'a/')).toEqual(['a/1', 'a/2', 'a/20']);
    expect(await keysIn(past, '')).toEqual(['a/1', 'a/2', 'a/20', 'b']);
    const fresh = (await store.versionsBefore?.(timeMs)) ?? past;
    for (const view of [past, fresh]) {
      expect((await collect(view.read('a/1'))).toString()).toBe('newer a/1');
      expect((await collect(view.read('a/2', { start: 4, end: 7 }))).toString()).toBe('a/2');
      await using source = await view.open('b');
      expect((await source.read({ start: 0, end: source.sizeBytes })).toString()).toBe('old b');
      expect(await view.look('a/20')).toMatchObject({ key: 'a/20', sizeBytes: 8 });
      for (const key of ['a/3', 'a', 'c']) expect(await view.look(key)).toBeUndefined();
      expect(await outcomeOf(() => collect(view.read('a/3')))).toMatchObject({ code: 'not-found' });
    }
    expect(await keysIn(store, '')).toEqual(['a/2', 'a/3']);
  });

  it('are not there in a bucket that keeps none', async () => {
    await using store = await openS3(await server().newBucket());
    await store.put('a', Buffer.from('mine'));
    expect(await outcomeOf(async () => store.versionsBefore?.(Date.now()))).toMatchObject({
      code: 'usage',
    });
  });
});

/** A bucket that keeps versions, and can lock them. */
async function lockedBucket({ client, newBucket }: S3Server, bucket: string): Promise<S3Settings> {
  const settings = await newBucket();
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  return { ...settings, bucket };
}

async function keysIn(store: ObjectReader, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.pages(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}
