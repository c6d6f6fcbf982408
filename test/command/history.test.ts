import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { COMMAND } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';
import { slowDisk } from '../support/slow-disk.ts';

const scratch = scratchFolder();
const LOG = '.zodbvault.runs.jsonl';

const historyOf = async (site: Pick<TestSite, 'run'>, ...words: readonly string[]) => {
  return documentOf(await site.run(['history', '--json', ...words])).runs;
};

describe('zodbvault history', () => {
  it('tells each run, newest first: what, when, how long, bytes, result, error', async () => {
    const site = await newSite(scratch, 8);
    // An empty blob directory would make it read all again, for a look at what it should have.
    await site.runWell('backup', '--no-blobs');
    await site.runWell('verify');
    await site.runWell('test-restore', '--in', site.folder);
    await site.runWell('restore', '--to', 'out.fs');
    const none = await site.run(['restore', '--to', 'again.fs', '1999-01-01']);
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('1999-01-01')]);
    expect((await site.run(['test-restore', '1999-01-01'])).status).toBe(1);
    expect((await site.run(['verify', '--deep', '1999-01-01'])).status).toBe(1);
    const [restored, rehearsed, verified, backup, ...more] = await historyOf(site);
    expect(more).toEqual([]);
    expect(restored).toMatchObject({ verb: 'restore', result: 'done' });
    expect(rehearsed).toMatchObject({ verb: 'test-restore', result: 'done' });
    expect(verified).toMatchObject({
      verb: 'verify',
      kind: 'all',
      result: 'done',
      warningCount: 0,
    });
    expect(backup).toMatchObject({ verb: 'backup', kind: 'backup', result: 'done' });
    expect(backup.readBytes).toBe(readFileSync(site.dataFs).length);
    expect(backup.storedBytes).toBeGreaterThan(1000);
    expect(new Date(backup.begun).getTime()).toBeLessThan(Date.now());
    expect((await historyOf(site, '--last', '1'))[0]).toEqual(restored);
    const { stdout } = await site.runWell('history');
    expect(stdout.split('\n')[4]).toMatch(/backup +[\d.]+ s +[\d.]+ kB +[\d.]+ kB .*done/);
  });

  it('tells of a run that was killed, and check does, too', async () => {
    const site = await newSite(scratch, 30);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 2 });
    const log = join(site.repository, LOG);
    for (const words of [['backup', '--full'], ['verify']]) {
      const before = readFileSync(log, 'utf8').length;
      const child = spawn(process.execPath, [COMMAND, ...words], {
        cwd: site.folder,
        env: { ...process.env, ...slowDisk(500) },
        stdio: 'ignore',
      });
      while (readFileSync(log, 'utf8').length === before) await sleep(20);
      const running = await site.run(['history', '--last', '1']);
      expect([words, running.stdout]).toEqual([words, expect.stringMatching(/ running *$/m)]);
      expect((await site.run(['check', '--free', 'off'])).stdout).not.toContain(
        `last ${words[0]} was killed`,
      );
      child.kill('SIGKILL');
      await once(child, 'close');
      expect((await historyOf(site))[0]).toMatchObject({ verb: words[0], result: 'killed' });
    }
    const { status, stdout } = await site.run(['check', '--free', 'off']);
    expect(status).toBe(1);
    expect(stdout).toContain('the last backup was killed: it began at ');
    expect(stdout).toContain('the last verify was killed');
    await site.runWell('backup');
    await site.runWell('verify');
    expect((await site.run(['check', '--free', 'off'])).stdout).not.toContain('killed');
    expect((await historyOf(site)).map(({ result }: { result: string }) => result)).toEqual([
      ...['done', 'done', 'killed', 'killed', 'done'],
    ]);
  });

  it('has what a run was warned of, also of one that failed', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([
        ...['blob_storage = var/blobstorage', 'rsync_options = --exclude=*.blob'],
        'post_command = false',
      ]),
    );
    await site.script('backup');
    const [run] = await historyOf(site);
    expect(run).toMatchObject({ result: 'failed', error: { code: 'program' }, warningCount: 1 });
    expect(run.firstWarnings).toEqual([expect.stringContaining('the backup leaves out ')]);
    const { stdout } = await site.run(['history']);
    expect(stdout).toContain('the backup leaves out ');
  });

  it('is not begun in an empty folder', async () => {
    const site = await newSite(scratch, 3);
    for (const name of ['e', 'f']) mkdirSync(join(site.folder, name));
    for (const words of [['verify'], ['verify', '--deep'], ['test-restore']]) {
      const places = ['--location', 'e', '--blobbackuplocation', 'f'];
      expect((await site.run([...words, ...places])).status).toBe(1);
    }
    for (const name of ['e', 'f']) expect(readdirSync(join(site.folder, name))).toEqual([]);
  });

  it('says what a check found wrong, and that a run was warned', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    writeFileSync(join(site.repository, site.dataFiles()[0] ?? ''), 'spoiled');
    await site.run(['verify', '--deep']);
    await site.run(['verify']);
    const [verified, deep] = await historyOf(site);
    expect(verified).toMatchObject({ verb: 'verify', result: 'failed' });
    expect(verified.error.code).toBe('damaged');
    expect(verified.error.message).toMatch(/^\d+ problems? (was|were) found$/);
    expect(deep).toMatchObject({
      ...{ verb: 'verify-deep', result: 'failed' },
      error: { code: 'damaged' },
    });
  });

  it('is for the scripts of a buildout, too, and shows the failure of a command', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    await site.scriptWell('backup');
    await site.scriptWell('snapshotbackup');
    site.configure(recipeCfg(['backup_blobs = false', 'post_command = echo "\x1b[31m"; exit 7']));
    await site.install();
    const failed = await site.script('backup');
    expect(failed.status).toBe(1);
    // What was made is told before it.
    expect(failed.stderr).toMatch(
      /Nothing to back up[\s\S]*The backup is complete, but the post_command failed/,
    );
    const runs = await historyOf(site);
    expect(runs).toMatchObject([
      { verb: 'backup', result: 'failed', error: { code: 'program' }, site: 'backup' },
      { verb: 'backup', kind: 'snapshot', result: 'done' },
      { verb: 'backup', kind: 'backup', result: 'done' },
    ]);
    const restored = await site.script('restore', ['-n']);
    expect(restored.status).toBe(1);
    expect(restored.stderr).toMatch(
      /Restored [\s\S]*restore --undo[\s\S]*The restore is complete, but the post_command failed/,
    );
    const { stdout } = await site.run(['history']);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toContain('post_command');
  });
});

describe('the run log', () => {
  it('has a line for each run in spite of one that was cut, and passes over strange ones', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    appendFileSync(join(site.repository, LOG), '{"verb":"backup","begun":"20');
    await site.runWell('backup');
    appendFileSync(join(site.repository, LOG), '{"verb":"dance"}\n\n[]\nnull\n');
    expect(await historyOf(site)).toHaveLength(2);
    rmSync(join(site.repository, LOG));
    expect((await site.runWell('history')).stderr).toContain('No run has been logged yet');
  });

  it('gives its name to a second file when it has grown to a mebibyte; both are read', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    const [line = ''] = readFileSync(join(site.repository, LOG), 'utf8').split('\n');
    const many = Math.ceil((1 << 20) / (line.length + 1));
    const { begun, ...rest } = JSON.parse(line);
    const lines = Array.from({ length: many }, (_, index) => {
      const earlier = new Date(Date.parse(begun) - (many - index) * 1000).toISOString();
      return JSON.stringify({ ...rest, begun: earlier });
    });
    writeFileSync(join(site.repository, LOG), `${lines.join('\n')}\n`);
    await site.runWell('backup');
    expect(readFileSync(join(site.repository, LOG), 'utf8').split('\n')).toHaveLength(2);
    const runs = await historyOf(site, '--last', '9999');
    expect(runs).toHaveLength(many + 1);
    expect(runs[0].storedBytes).toBe(0);
  });

  it('fails no run when it can not be written', async () => {
    const site = await newSite(scratch, 3);
    mkdirSync(join(site.repository, LOG), { recursive: true });
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining('Note: zodbvault could not write the run log'),
    ]);
    expect((await site.run(['verify'])).status).toBe(0);
  });

  it('is no file of repozo', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    await site.runWell('repozo', '-B', '-f', site.dataFs, '-r', site.repository);
    await site.runWell('repozo', '-V', '-r', site.repository);
    expect(await historyOf(site)).toHaveLength(1);
  });
});
