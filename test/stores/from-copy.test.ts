import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushSite } from '../../src/operations/copies/push-site.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import type { ObjectStore } from '../../src/stores/objects/object-store.ts';
import { openS3 } from '../../src/stores/objects/s3/open-s3.ts';
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

const scratch = scratchFolder();
let site: CopiedTestSite;

beforeAll(async () => {
  site = await copiedSite(scratch);
}, 120_000);

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
});
