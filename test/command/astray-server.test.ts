import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { countTransactions, openDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const BACKUP = ['backup', '--no-blobs'];

/** The test's own process is the server: it has the Data.fs and its lock open. */
describe('a server that writes into a Data.fs that is not there any more', () => {
  it('is told of by "backup", "check" and "restore", with a command that rescues all that it wrote', async () => {
    const { site, server } = await servedSite(5);
    await using writer = server;
    replaceByCopy(site);
    await commit(writer);
    const backup = await site.runWarned(...BACKUP);
    expect(backup.stderr).toContain(`the process ${process.pid} is a server of "${site.dataFs}"`);
    expect(backup.stderr).toContain('Nothing to back up (nothing was committed');
    const check = await site.run(['check', '--free', 'off']);
    expect([check.status, check.stdout]).toEqual([2, expect.stringContaining('was deleted')]);
    const restore = await site.run(['restore', '-n', '--no-blobs']);
    expect([restore.status, restore.stderr]).toEqual([
      4,
      expect.stringContaining('before you stop the process: cp /proc/'),
    ]);
    const [command = ''] = /cp \S+ \S+\.rescued/.exec(backup.stderr) ?? [];
    execFileSync('/bin/sh', ['-c', command]);
    expect(await countTransactions(`${site.dataFs}.rescued`)).toBe(6);
    expect(await countTransactions(site.dataFs)).toBe(5);
  });

  it('is found where the file has another name now, and where its lock was deleted, too', async () => {
    const { site, server } = await servedSite(3);
    await using _writer = server;
    const renamed = join(site.folder, 'Data.fs.before');
    renameSync(site.dataFs, renamed);
    copyFileSync(renamed, site.dataFs);
    expect((await site.runWarned(...BACKUP)).stderr).toContain(`it writes into "${renamed}"`);
    rmSync(`${site.dataFs}.lock`);
    expect((await site.runWarned(...BACKUP)).stderr).toContain(`it writes into "${renamed}"`);
  });

  it('is named where no file is in the place', async () => {
    const { site, server } = await servedSite(3);
    await using _writer = server;
    rmSync(site.dataFs);
    const { status, stderr } = await site.run(BACKUP);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/Hint: .*: cp \/proc\/\d+\/fd\/\d+ /),
    ]);
  });

  it('is none that has its Data.fs, or has packed it within the last minute, or serves another one, too', async () => {
    const { site, server } = await servedSite(3);
    await using _writer = server;
    const other = join(site.folder, 'var/filestorage/catalog.fs');
    await using _other = await openDatabase(other);
    await site.runWell(...BACKUP);
    renameSync(site.dataFs, `${site.dataFs}.old`);
    copyFileSync(`${site.dataFs}.old`, site.dataFs);
    await site.runWell(...BACKUP);
    expect((await site.run(['check', '--free', 'off'])).status).toBe(0);
  });

  it('is none of this site where it serves a copy elsewhere', async () => {
    const { site, server } = await servedSite(3);
    await using _writer = server;
    const copy = await newSite(scratch, 3);
    await copy.runWell(...BACKUP);
    replaceByCopy(site);
    await copy.runWell(...BACKUP);
  });

  it('that is not seen from here is noted by "config"', async () => {
    const { site, server } = await servedSite(3);
    // The program that took this lock for the test has ended: no process that is seen holds it.
    await using _writer = server;
    expect((await site.runWell('config')).stderr).toContain('not visible from here');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'of another user is noted by "config" alone (needs root)',
    async () => {
      const site = await newSite(scratch, 3);
      execFileSync('chown', ['-R', '54321:54321', site.folder]);
      execFileSync('chmod', ['755', scratch]);
      const holder = spawn('flock', ['-x', `${site.dataFs}.lock`, 'sh', '-c', 'echo held; read _']);
      await once(holder.stdout, 'data');
      const user = ['--reuid=54321', '--regid=54321', '--clear-groups'];
      const asUser = (...words: readonly string[]) =>
        runProgram('setpriv', [...user, process.execPath, COMMAND, ...words], {
          cwd: site.folder,
          env: { HOME: site.folder },
        });
      const config = await asUser('config');
      expect([config.status, config.stderr]).toEqual([
        0,
        expect.stringContaining(`the process ${holder.pid} of another user holds`),
      ]);
      const backup = await asUser(...BACKUP);
      expect([backup.status, backup.stderr]).toEqual([0, expect.not.stringContaining('holds')]);
      const check = await asUser('check', '--free', 'off');
      expect([check.status, check.stdout]).toEqual([0, expect.stringContaining('OK')]);
      holder.stdin.end();
      await once(holder, 'close');
    },
  );
});

/** A site that was backed up, and its server, which has it open. */
async function servedSite(
  transactions: number,
): Promise<{ readonly site: TestSite; readonly server: DatabaseWriter }> {
  const site = await newSite(scratch, transactions);
  await site.runWell(...BACKUP);
  return { site, server: await openDatabase(site.dataFs) };
}

/** As an editor, rsync, or a restore by hand does it. */
function replaceByCopy({ dataFs }: TestSite): void {
  copyFileSync(dataFs, `${dataFs}.new`);
  renameSync(`${dataFs}.new`, dataFs);
}

async function commit(writer: DatabaseWriter): Promise<void> {
  const data = new Map([['value', 1]]);
  const oid = writer.newOid();
  await writer.commit({ changes: [{ kind: 'state', oid, state: { kind: 'mapping', data } }] });
}
