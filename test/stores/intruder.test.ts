import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { expectSameBlobs } from '../support/copied-site.ts';
import { growDatabase } from '../support/database.ts';
import { describeWithS3, type S3Server, type S3User } from '../support/s3-server.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes } from '../support/site.ts';

const scratch = scratchFolder();
/** Longer than a second, which is as exact as some servers tell a time. */
const MOMENT_MS = 1100;

describeWithS3('ceph', 'S3: an intruder on the machine of a site', (server) => {
  it('overwrites and removes the whole copy, and all of it comes back', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    const versions = new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration });
    await server().client.send(versions);
    await deny(server(), { bucket, actions: ['s3:DeleteObjectVersion'] });
    const site = await newSite(scratch);
    const url = `s3://${bucket}/backups`;
    const copy = { url, name: 's3', site: 'plone', endpoint, credentials_file: credentialsFile };
    configure(site.folder, copy);
    // Ceph turns down each condition in a bucket with versions: who may write there has to be declared.
    const refused = await site.run(['backup']);
    expect([refused.status, refused.stderr]).toEqual([3, expect.stringContaining('two writers')]);
    configure(site.folder, { ...copy, single_writer: true });
    await site.runWell('copy');
    await pause(MOMENT_MS);
    const before = new Date().toISOString().replace('T', ' ').replace(/\..*/, 'Z');
    await pause(MOMENT_MS);
    await destroy(server(), bucket);

    expect((await site.run(['list', '--from', 's3'])).status).not.toBe(0);
    const elsewhere = join(scratch, 'elsewhere');
    mkdirSync(elsewhere);
    const machines = [
      { from: ['--from', 's3'], options: { cwd: site.folder } },
      {
        from: ['--from', url],
        options: {
          cwd: elsewhere,
          env: { AWS_ENDPOINT_URL: endpoint, AWS_SHARED_CREDENTIALS_FILE: credentialsFile },
        },
      },
    ];
    for (const [index, { from, options }] of machines.entries()) {
      const words = [...from, '--versions-before', before];
      const to = join(scratch, `restored-${index}`);
      for (const command of [['restore', '-n', '--to', to], ['list'], ['verify']]) {
        const { status, stderr } = await zodbvault([...command, ...words], options);
        expect([command, status, stderr]).toEqual([command, 0, expect.anything()]);
      }
      expect(sameBytes(join(to, 'filestorage/Data.fs'), site.dataFs)).toBe(true);
      expectSameBlobs(join(to, 'blobstorage'), join(site.folder, 'var/blobstorage'));
    }
    const { stdout } = await zodbvault(
      ['list', '--sites', '--from', url, '--versions-before', before],
      { ...machines[1]?.options },
    );
    expect(stdout).toContain('plone');
  }, 180_000);

  it('gains nothing by a key that may not remove, which is enough for an append-only copy', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    const { client } = server();
    await deny(server(), { bucket, actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'] });
    const site = await newSite(scratch);
    const copy = { url: `s3://${bucket}`, name: 's3', endpoint, credentials_file: credentialsFile };
    await site.runWell('backup');
    configure(site.folder, { ...copy, append_only: true, keep: 1 });
    await site.runWell('copy');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--full');
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    for (const { Key } of Contents.slice(0, 3)) {
      await expect(
        client.send(new DeleteObjectCommand({ Bucket: bucket, Key })),
      ).rejects.toMatchObject({
        name: 'AccessDenied',
      });
    }
    expect(Contents.filter(({ Key = '' }) => Key.includes('/points/')).length).toBe(2);
    const to = join(scratch, 'restored');
    await site.runWell('restore', '-n', '--from', 's3', '--to', to);
    expect(sameBytes(join(to, 'filestorage/Data.fs'), site.dataFs)).toBe(true);
  }, 120_000);

  it('destroys no copy that is locked, though his key may remove every version', async () => {
    const { bucket, endpoint, user } = await bucketOfOther(server(), 'locked');
    await allow(server(), { bucket, user, actions: ['s3:*'] });
    const site = await newSite(scratch);
    const url = `s3://${bucket}/backups`;
    const options = { single_writer: true, lock_days: 1, credentials_file: user.credentialsFile };
    configure(site.folder, { url, name: 's3', site: 'plone', endpoint, ...options });
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    const { stdout } = await site.runWell('verify', '--from', 's3', '--seal');
    const line = stdout.trim().split('\n').at(-1) ?? '';
    await pause(MOMENT_MS);
    const before = new Date().toISOString().replace('T', ' ').replace(/\..*/, 'Z');
    await pause(MOMENT_MS);
    await destroyVersions(user.client, bucket);

    expect((await site.run(['list', '--from', 's3'])).status).not.toBe(0);
    const elsewhere = join(scratch, 'nothing-but-the-place');
    mkdirSync(elsewhere);
    const env = { AWS_ENDPOINT_URL: endpoint, AWS_SHARED_CREDENTIALS_FILE: user.credentialsFile };
    const to = join(scratch, 'restored-locked');
    for (const words of [['restore', '-n', '--to', to], ['verify'], ['verify', '--seal', line]]) {
      const { status, stderr } = await zodbvault(
        [...words, '--from', url, '--versions-before', before],
        { cwd: elsewhere, env },
      );
      expect([words, status, stderr]).toEqual([words, 0, expect.anything()]);
    }
    expect(sameBytes(join(to, 'filestorage/Data.fs'), site.dataFs)).toBe(true);
    expectSameBlobs(join(to, 'blobstorage'), join(site.folder, 'var/blobstorage'));
  }, 180_000);

  it('is foreseen by doctor, which tries what a key can destroy', async () => {
    const { bucket, endpoint, user } = await bucketOfOther(server(), 'tried');
    const actions = ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetObject', 's3:PutObject'];
    const locking = ['s3:GetBucketObjectLockConfiguration', 's3:PutObjectRetention'];
    const more = ['s3:DeleteObject', 's3:GetObjectRetention', 's3:GetBucketVersioning'];
    await allow(server(), { bucket, user, actions: [...actions, ...locking, ...more] });
    const { bucket: plain, credentialsFile = '' } = await server().newBucket();
    const examine = async (url: string, credentials: string) => {
      const words = ['doctor', `s3://${url}/x`, '--endpoint', endpoint, '--json'];
      const { stdout } = await zodbvault([...words, '--credentials-file', credentials]);
      const [place] = (JSON.parse(stdout) as DoctorResult).places;
      const { protection, writers, trials = [] } = place ?? {};
      const good = trials.flatMap((one) => (one.good ? one.ability : []));
      return { protection, writers, good };
    };
    const [owner, other, none] = await Promise.all([
      examine(bucket, credentialsFile),
      examine(bucket, user.credentialsFile),
      examine(plain, credentialsFile),
    ]);
    const always = ['list', 'write', 'read', 'ranges', 'order', 'sync', 'remove'];
    const locks = { protection: 'lock', writers: 'one' };
    expect(owner).toEqual({ ...locks, good: [...always, 'versions', 'lock'] });
    const stays = ['versions', 'versions-stay', 'lock', 'governance'];
    expect(other).toEqual({ ...locks, good: [...always, ...stays] });
    const conditions = ['create-once', 'replace-unchanged'];
    expect(none).toMatchObject({ protection: 'none', writers: 'several' });
    expect(none.good).toEqual([...always.toSpliced(5, 0, ...conditions)]);
    const { Contents } = await server().client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(Contents).toBeUndefined();
  }, 120_000);

  it('is not fought in a bucket that keeps no versions', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    const { status, stderr } = await zodbvault(
      ['list', '--from', `s3://${bucket}/x`, '--versions-before', 'today'],
      { env: { AWS_ENDPOINT_URL: endpoint, AWS_SHARED_CREDENTIALS_FILE: credentialsFile } },
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining('keeps no versions')]);
  }, 60_000);
});

function configure(
  folder: string,
  copy: Readonly<Record<string, string | number | boolean>>,
): void {
  const options = Object.entries(copy).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  writeFileSync(join(folder, 'zodbvault.toml'), `[[copies]]\n${options.join('\n')}\n`);
}

/** A bucket with object lock, and somebody who is not its owner. */
async function bucketOfOther(server: S3Server, name: string) {
  const { endpoint = '' } = await server.newBucket();
  const lock = { Bucket: name, ObjectLockEnabledForBucket: true };
  await server.client.send(new CreateBucketCommand(lock));
  return { bucket: name, endpoint, user: server.newUser(name) };
}

/** What somebody may do with a bucket, and with its objects. */
async function allow(
  { client }: S3Server,
  {
    bucket,
    user,
    actions,
  }: { readonly bucket: string; readonly user: S3User; readonly actions: readonly string[] },
): Promise<void> {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const Principal = { AWS: [user.arn] };
  const statement = { Effect: 'Allow', Principal, Action: actions, Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

/** What nobody may do with the objects of a bucket. */
async function deny(
  { client }: S3Server,
  { bucket, actions }: { readonly bucket: string; readonly actions: readonly string[] },
): Promise<void> {
  const Resource = [`arn:aws:s3:::${bucket}/*`];
  const statement = { Effect: 'Deny', Principal: '*', Action: actions, Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

/**
 * With a key like that of the site: what is there is overwritten, and every second object removed after that. No
 * version of it can be.
 */
async function destroy({ client }: S3Server, bucket: string): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const keys = Contents.flatMap(({ Key }) => Key ?? []);
  expect(keys.length).toBeGreaterThan(5);
  for (const Key of keys) {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'pay me' }));
  }
  const Objects = keys.filter((_, index) => index % 2 === 0).map((Key) => ({ Key }));
  await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  expect(Versions.length).toBeGreaterThan(keys.length);
  for (const { Key, VersionId } of Versions.slice(0, 4)) {
    const destroying = new DeleteObjectCommand({ Bucket: bucket, Key, VersionId });
    await expect(client.send(destroying)).rejects.toMatchObject({ name: 'AccessDenied' });
  }
}

/** Removes whatever version may be removed, then overwrites all that was there, and removes half of that. */
async function destroyVersions(client: S3Client, bucket: string): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const versions = async () => {
    const command = new ListObjectVersionsCommand({ Bucket: bucket });
    const { Versions = [], DeleteMarkers = [] } = await client.send(command);
    return [...Versions, ...DeleteMarkers];
  };
  let stayed = 0;
  for (const { Key, VersionId } of await versions()) {
    const destroy = { Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true };
    await client.send(new DeleteObjectCommand(destroy)).catch(() => {
      stayed += 1;
    });
  }
  expect([stayed, (await versions()).length]).toEqual([stayed, stayed]);
  expect(stayed).toBeGreaterThan(10);
  for (const [index, { Key }] of Contents.entries()) {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'pay me' }));
    if (index % 2 === 0) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  }
}

interface DoctorResult {
  readonly places: readonly {
    readonly protection: string;
    readonly writers: string;
    readonly trials: readonly { readonly ability: string; readonly good: boolean }[];
  }[];
}
