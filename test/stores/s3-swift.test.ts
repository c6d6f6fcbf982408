import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openS3 } from '../../src/stores/objects/s3/open-s3.ts';
import { zodbvault } from '../support/command.ts';
import { describeObjectStoreContract } from '../support/object-store-contract.ts';
import { describeWithS3 } from '../support/s3-server.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

describeWithS3('swift', 'S3: Swift', (server) => {
  describeObjectStoreContract('bucket', async () => openS3(await server().newBucket()));

  it('takes a copy of one machine that says it is the only one, and locks nothing', async () => {
    const { bucket, endpoint = '', credentialsFile = '' } = await server().newBucket();
    const access = ['--endpoint', endpoint, '--credentials-file', credentialsFile];
    const { stdout } = await zodbvault(['doctor', `s3://${bucket}`, ...access, '--json']);
    expect(JSON.parse(stdout).places).toMatchObject([{ writers: 'one', protection: 'none' }]);
    const site = await newSite(scratch);
    const configure = (settings: string) => {
      const place = `url = "s3://${bucket}", endpoint = "${endpoint}", credentials_file = "${credentialsFile}"`;
      writeFileSync(join(site.folder, 'zodbvault.toml'), `copies = [{ ${place}${settings} }]\n`);
    };
    configure('');
    const alone = await site.run(['backup']);
    expect([alone.status, alone.stderr]).toEqual([
      3,
      expect.stringContaining('keeps to no condition'),
    ]);
    expect((await site.run(['copy'])).stderr).toContain('single_writer');
    configure(', single_writer = true, lock_days = 1');
    const locked = await site.run(['copy']);
    expect([locked.status, locked.stderr]).toEqual([2, expect.stringContaining('no object lock')]);
    configure(', single_writer = true');
    await site.runWell('copy');
  }, 120_000);
});
