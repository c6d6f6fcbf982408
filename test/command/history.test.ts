import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const LOG = '.zodbvault.runs.jsonl';

const historyOf = async (site: Pick<TestSite, 'run'>, ...words: readonly string[]) => {
  const { stdout } = await site.run(['history', '--json', ...words]);
  return stdout.trim() === ''
    ? []
    : stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
};

describe('zodbvault history', () => {
  it('tells each run, newest first: what, when, how long, bytes, result, error', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup');
    await site.runWell('verify');
    await site.runWell('rehearse', '--in', site.folder);
    await site.runWell('restore', '--to', 'out.fs');
    await site.run(['restore', '--to', 'again.fs', '1999-01-01']);
    const [failed, restored, rehearsed, verified, backup, ...more] = await historyOf(site);
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ verb: 'restore', result: 'failed', code: 'not-found' });
    expect(failed.message).toContain('1999-01-01');
    expect(restored).toMatchObject({ verb: 'restore', result: 'done' });
    expect(rehearsed).toMatchObject({ verb: 'rehearse', result: 'done' });
    expect(verified).toMatchObject({ verb: 'verify', of: 'all', result: 'done', warnings: 0 });
    expect(backup).toMatchObject({ verb: 'backup', of: 'backup', result: 'done' });
    expect(backup.readBytes).toBe(readFileSync(site.dataFs).length);
    expect(backup.storedBytes).toBeGreaterThan(1000);
    expect(new Date(backup.begun).getTime()).toBeLessThan(Date.now());
    expect((await historyOf(site, '--last', '1'))[0]).toEqual(failed);
    const { stdout } = await site.runWell('history');
    expect(stdout.split('\n')[1]).toMatch(/restore .*failed \(not-found\) +Cannot restore from/);
    expect(stdout.split('\n')[5]).toMatch(/backup +[\d.]+ s +[\d.]+ kB +[\d.]+ kB .*done/);
  });

  it('says what a check found wrong, and that a run was warned', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    writeFileSync(join(site.repository, site.dataFiles()[0] ?? ''), 'spoiled');
    await site.run(['verify', '--deep']);
    await site.run(['verify']);
    const [verified, deep] = await historyOf(site);
    expect(verified).toMatchObject({ verb: 'verify', result: 'failed', code: 'damaged' });
    expect(verified.message).toMatch(/^\d+ problems? (was|were) found$/);
    expect(deep).toMatchObject({ verb: 'verify-deep', result: 'failed', code: 'damaged' });
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
      /Nothing to do[\s\S]*The backup is complete, but the post_command failed/,
    );
    const runs = await historyOf(site);
    expect(runs).toMatchObject([
      { verb: 'backup', result: 'failed', code: 'program', part: 'backup' },
      { verb: 'backup', of: 'snapshot', result: 'done' },
      { verb: 'backup', of: 'backup', result: 'done' },
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
    expect([status, stderr]).toEqual([0, expect.stringContaining('Note: the run log was not')]);
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
