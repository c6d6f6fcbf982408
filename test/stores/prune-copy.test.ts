import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { headKey } from '../../src/copies/layout/keys.ts';
import { encodeSiteHead } from '../../src/copies/layout/site-head.ts';
import { readSiteHeads } from '../../src/operations/from-copy/site-heads.ts';
import { formatStamp } from '../../src/repository/layout/stamp.ts';
import { openObjectStore } from '../../src/stores/objects/open-object-store.ts';
import { each, inParallel } from '../../src/system/streams/pipeline.ts';
import { zodbvault } from '../support/command.ts';
import { countedObjects } from '../support/counted-objects.ts';
import { describeWithS3 } from '../support/s3-server.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes } from '../support/site.ts';

const scratch = scratchFolder();
/** Two backups of one second would need names of their own. */
const NEXT_SECOND_MS = 1100;

describeWithS3('ceph', 'S3: old restore points of a copy', (server) => {
  it('go by a machine that has nothing but the place, and a key that may remove them', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    const { client } = server();
    const Resource = [`arn:aws:s3:::${bucket}/*`];
    const Statement = { Effect: 'Deny', Principal: '*', Action: ['s3:DeleteObject'], Resource };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    const url = `s3://${bucket}/backups`;
    const site = await newSite(scratch, 25);
    const access = `endpoint = "${endpoint}", credentials_file = "${credentialsFile}"`;
    writeFileSync(
      join(site.folder, 'zodbvault.toml'),
      `copies = [{ url = "${url}", site = "plone", append_only = true, ${access} }]\n`,
    );
    for (let count = 0; count < 3; count++) {
      await site.runWell('backup', '--full');
      await pause(NEXT_SECOND_MS);
    }
    const elsewhere = join(scratch, 'elsewhere');
    mkdirSync(elsewhere);
    const env = { AWS_ENDPOINT_URL: endpoint, AWS_SHARED_CREDENTIALS_FILE: credentialsFile };
    const prune = () => zodbvault(['prune', '--from', url, '--keep', '1'], { cwd: elsewhere, env });
    expect((await prune()).status).toBe(1);
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    const pruned = await prune();
    expect([pruned.status, pruned.stdout]).toEqual([
      0,
      expect.stringContaining('2 restore points'),
    ]);
    await site.runWell('copy', '--verify');
    // What went is not brought again.
    expect((await site.runWell('copy')).stderr).not.toContain('1 restore point');
    const to = join(elsewhere, 'restored');
    const words = ['restore', '-n', '--from', url, '--to', to];
    expect((await zodbvault(words, { cwd: elsewhere, env })).status).toBe(0);
    expect(sameBytes(join(to, 'filestorage/Data.fs'), site.dataFs)).toBe(true);
  }, 120_000);

  it('of a thousand sites are looked at with one listing, and a request for each site that changed', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    process.env['XDG_CACHE_HOME'] = join(scratch, 'cache');
    const store = await openObjectStore(`s3://${bucket}/many`, { endpoint, credentialsFile });
    await using objects = store;
    const put = async (number: number) => {
      const site = `site-${number}`;
      const at = new Date();
      const places = [
        { storage: 'Data', kind: 'backup', points: 7, newest: formatStamp(at) },
      ] as const;
      const head = { format: 1, tool: 'zodbvault', site, at: at.toISOString(), places } as const;
      await objects.put(headKey(site), encodeSiteHead({ ...head, sequence: 7 }));
    };
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    for await (const _ of inParallel(each(numbers), { limit: 32, work: put }));
    const look = async () => {
      const counted = countedObjects(objects);
      const heads = await readSiteHeads(counted);
      return { sites: heads.length, requests: counted.requests.length };
    };
    expect(await look()).toEqual({ sites: 1000, requests: 1001 });
    await put(3);
    expect(await look()).toEqual({ sites: 1000, requests: 2 });
  }, 120_000);
});
