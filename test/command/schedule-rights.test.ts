import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/system/processes/programs.ts';
import { userName } from '../../src/system/processes/users.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const NOBODY = 65_534;
const scratch = scratchFolder();
const user = userName(NOBODY) ?? '';
const canTry =
  process.getuid?.() === 0 && user !== '' && (await findProgram('runuser')) !== undefined;

describe('schedule --systemd system', () => {
  it.skipIf(!canTry)(
    'runs as the owner of the Data.fs, and refuses where that user can not write the backups (needs root, runuser)',
    async () => {
      chmodSync(scratch, 0o755);
      const site = await newSite(scratch, 3);
      chownSync(site.dataFs, NOBODY, NOBODY);
      const words = ['schedule', '--systemd', 'system', '--keep', '2'];
      const printed = await site.runWell(...words);
      expect(printed.stdout.split('\n').filter((line) => line === `User=${user}`)).toHaveLength(2);
      const plan = [...words, '--install', '--dry-run'];
      const refused = await site.run(plan);
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining(`the user ${user} cannot write to "${join(site.folder, 'var')}"`),
      ]);
      chmodSync(site.dataFs, 0o200);
      const unread = await site.run(plan);
      expect(unread.stderr).toContain(`the user ${user} cannot read "${site.dataFs}"`);
      chmodSync(site.dataFs, 0o600);
      for (const name of ['', ...readdirSync(join(site.folder, 'var'))]) {
        chownSync(join(site.folder, 'var', name), NOBODY, NOBODY);
      }
      expect((await site.runWell(...plan)).stdout).toContain('zodbvault-backup-');
    },
  );
});

describe('schedule', () => {
  it('says that nothing would be removed', async () => {
    const site = await newSite(scratch, 3);
    const message = 'these jobs delete no old backup';
    expect((await site.runWell('schedule')).stderr).toContain(message);
    expect((await site.runWell('schedule', '--keep', '3')).stderr).not.toContain(message);
  });
});
