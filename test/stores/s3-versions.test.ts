import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import type { ObjectReader } from '../../src/stores/objects/object-store.ts';
import { openS3, type S3Settings } from '../../src/stores/objects/s3/open-s3.ts';
import { collect, each } from '../../src/system/streams/pipeline.ts';
import { outcomeOf } from '../support/outcome.ts';
import { describeWithS3, type S3Server } from '../support/s3-server.ts';

/** Longer than a second, which is as exact as some servers tell a time. */
const MOMENT_MS = 1100;
const DAY_MS = 86_400_000;

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

describeWithS3('ceph', 'S3: object lock', (server) => {
  it('keeps what is written from any key, and can be made longer only', async () => {
    const settings = await lockedBucket(server(), 'protected');
    await using store = await openS3(settings);
    const untilMs = (await store.now()) + DAY_MS;
    const writer = store.lock?.writeUntil(untilMs);
    await store.lock?.require();
    await writer?.put('small', Buffer.from('mine'));
    await writer?.upload('parts', each([randomBytes(9 << 20)]), { sizeBytes: 9 << 20 });
    await store.put('free', Buffer.from('free'));
    expect(await store.lock?.look('free')).toBeUndefined();
    for (const key of ['small', 'parts']) {
      expect((await store.lock?.look(key)) ?? 0).toBeGreaterThanOrEqual(untilMs);
      await store.lock?.extend(key, untilMs + DAY_MS);
      await store.lock?.extend(key, untilMs);
      expect((await store.lock?.look(key)) ?? 0).toBeGreaterThanOrEqual(untilMs + DAY_MS);
    }
    await store.lock?.extend('free', untilMs);
    for (const { Key, VersionId } of await versionsOf(server().client, settings.bucket)) {
      const destroy = { Bucket: settings.bucket, Key, VersionId, BypassGovernanceRetention: true };
      await expect(server().client.send(new DeleteObjectCommand(destroy))).rejects.toThrow();
    }
    await store.remove(['small']);
    expect(await store.lock?.look('small')).toBeUndefined();
    const past = await store.versionsBefore?.(Date.now() + DAY_MS);
    expect(past && (await collect(past.read('small'))).toString()).toBe('mine');
  }, 60_000);

  it('is not there in a bucket that was made without', async () => {
    await using store = await openS3(await server().newBucket());
    expect(await outcomeOf(async () => store.lock?.require())).toMatchObject({ code: 'usage' });
  });
});

/** A bucket that keeps versions, and can lock them. */
async function lockedBucket({ client, newBucket }: S3Server, bucket: string): Promise<S3Settings> {
  const settings = await newBucket();
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  return { ...settings, bucket };
}

async function versionsOf(client: S3Client, bucket: string) {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  return Versions;
}

async function keysIn(store: ObjectReader, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.pages(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}
