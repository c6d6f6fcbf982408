import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND, runProgram } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
const USER = 54_321;

/** Whose the files and folders below one are, without what is the user's. */
function notTheUsers(folder: string): readonly string[] {
  return ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].filter(
    (name) => statSync(join(folder, name)).uid !== USER,
  );
}

describe.skipIf(process.getuid?.() !== 0)('a site of an ordinary user (needs root)', () => {
  it('stays theirs when root backs it up, verifies it and restores it in between', async () => {
    const site = await newSite(scratch, 5);
    chmodSync(scratch, 0o755);
    execFileSync('chown', ['-R', `${USER}:${USER}`, site.folder]);
    const asUser = async (...words: readonly string[]) => {
      const { status, stderr } = await runProgram(
        'setpriv',
        [
          `--reuid=${USER}`,
          `--regid=${USER}`,
          '--clear-groups',
          process.execPath,
          COMMAND,
          ...words,
        ],
        { cwd: site.folder, env: { HOME: site.folder } },
      );
      expect([words, status, stderr]).toEqual([words, 0, expect.anything()]);
    };
    await site.runWell('backup');
    await asUser('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    execFileSync('chown', ['-R', `${USER}:${USER}`, join(site.folder, 'var/filestorage')]);
    await site.runWell('backup');
    await site.runWell('verify', '--deep');
    await asUser('backup', '--full');
    await asUser('list');
    await site.runWell('restore', '-n');
    await asUser('restore', '-n');
    expect(notTheUsers(site.folder)).toEqual([]);
  });

  it('is backed up by a root that may give nothing away, too', async () => {
    const site = await newSite(scratch, 5);
    execFileSync('chown', ['-R', `${USER}:${USER}`, site.folder]);
    const words = [
      '--bounding-set=-chown',
      '--inh-caps=-chown',
      process.execPath,
      COMMAND,
      'backup',
      '--no-blobs',
    ];
    const { status, stderr } = await runProgram('setpriv', words, { cwd: site.folder });
    expect([status, stderr]).toEqual([0, expect.anything()]);
  });
});
