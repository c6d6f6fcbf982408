import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushSite } from '../../src/operations/copies/push-site.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import type { ObjectStore } from '../../src/stores/objects/object-store.ts';
import { openS3 } from '../../src/stores/objects/s3/open-s3.ts';
import { zodbvault } from '../support/command.ts';
import {
  type CopiedTestSite,
  copiedSite,
  expectSameBlobs,
  restoreFrom,
} from '../support/copied-site.ts';
import { quietContext } from '../support/quiet-context.ts';
import { describeWithS3 } from '../support/s3-server.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newFolderOn, openOn } from '../support/sftp-store.ts';
import { sameBytes } from '../support/site.ts';
import { hasSshServer, SshServer } from '../support/ssh-server.ts';
import { expectBack, siteOfTwoStorages } from '../support/two-storages.ts';

const scratch = scratchFolder();
let site: CopiedTestSite;

beforeAll(async () => {
  site = await copiedSite(scratch);
}, 120_000);

/** The same for a site with two storages and all kinds of backups, in a closed copy. */
async function sealedAndBack(open: () => Promise<ObjectStore>) {
  const sealed = await siteOfTwoStorages(scratch, 'compressed and encrypted');
  await expectBack(sealed, { open, folder: mkdtempSync(join(scratch, 'sealed-')) });
}

/** Copies a site to a store, and brings it back out of that alone. */
async function thereAndBack(open: () => Promise<ObjectStore>) {
  const now = () => new Date(Date.UTC(2026, 2, 6));
  const request = { site: site.site, copy: site.copy, now, open };
  expect(await pushSite(request, quietContext())).toMatchObject({ points: 5 });
  const latest = { scratch, wanted: LATEST_BACKUP };
  const { dataFs, blobs, requests } = await restoreFrom(await open(), latest);
  expect(sameBytes(dataFs, site.test.dataFs)).toBe(true);
  expectSameBlobs(blobs, join(site.test.folder, 'var/blobstorage'));
  return requests;
}

describeWithS3('ceph', 'S3: Ceph', (server) => {
  it('brings a site back out of a bucket', async () => {
    const settings = await server().newBucket();
    const requests = await thereAndBack(async () => openS3({ ...settings, prefix: 'plone/' }));
    expect(new Set(requests.map((one) => one.split(' ')[0]))).toEqual(new Set(['LIST', 'GET']));
  }, 120_000);

  it('brings all storages and kinds back out of a closed copy', async () => {
    const settings = await server().newBucket();
    await sealedAndBack(async () => openS3({ ...settings, prefix: 'closed/' }));
  }, 120_000);

  it('is reached by a new machine with nothing but the URL and the environment', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    const bucketUrl = `s3://${bucket}/plone`;
    const env = { AWS_ENDPOINT_URL: endpoint, AWS_SHARED_CREDENTIALS_FILE: credentialsFile };
    const cwd = join(scratch, 'new-machine');
    mkdirSync(cwd);
    const run = (words: readonly string[], env: Readonly<Record<string, string>>) =>
      zodbvault([...words, '--from', bucketUrl], { cwd, env });
    const none = await run(['list'], env);
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('Cannot find a copy')]);
    const access = `endpoint = "${endpoint}", credentials_file = "${credentialsFile}"`;
    const toml = `copies = [{ url = "${bucketUrl}", site = "plone", ${access} }]\n`;
    writeFileSync(join(site.test.folder, 'zodbvault.toml'), toml);
    expect((await site.test.run(['copy'])).status).toBe(0);
    expect((await run(['restore', '-n', '--to', 'new'], env)).status).toBe(0);
    expect(sameBytes(join(cwd, 'new/filestorage/Data.fs'), site.test.dataFs)).toBe(true);
    const key = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
    const strange = await run(['list'], { ...env, ...key });
    expect(strange.status).toBe(1);
    expect(strange.stderr).toContain('AWS_ENDPOINT_URL');
    const nowhere = await run(['list'], { ...env, AWS_ENDPOINT_URL: 's3.example' });
    expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringContaining('endpoint')]);
  }, 120_000);
});

describe.skipIf(!hasSshServer)('SFTP: OpenSSH', () => {
  let server: SshServer;

  beforeAll(async () => {
    const state = join(scratch, 'ssh');
    mkdirSync(state);
    server = await SshServer.start(state);
  }, 60_000);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('brings a site back out of a folder of a server', async () => {
    const folder = newFolderOn(server);
    await thereAndBack(async () => openOn(server, folder));
  }, 120_000);

  it('brings all storages and kinds back out of a closed copy', async () => {
    const folder = newFolderOn(server);
    await sealedAndBack(async () => openOn(server, folder));
  }, 120_000);
});
