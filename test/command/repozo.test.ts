import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, snapshot } from '../support/site.ts';

const scratch = scratchFolder();

/** A site and an empty repository, which repozo doesn't make by itself. */
async function siteForRepozo() {
  const site = await newSite(scratch);
  mkdirSync(site.repository);
  const repozo = (...words: readonly string[]) => site.run(['repozo', ...words]);
  const backUp = (...words: readonly string[]) =>
    repozo('-B', ...words, '-r', site.repository, '-f', site.dataFs);
  return { ...site, repozo, backUp };
}

describe('zodbvault repozo', () => {
  it('backs up, recovers and verifies with the short options in one group', async () => {
    const site = await siteForRepozo();
    expect(await site.repozo('-BQzr', site.repository, '-f', site.dataFs)).toMatchObject({
      ...{ status: 0, stdout: '', stderr: '' },
    });
    await growDatabase(site.dataFs, { transactions: 1 });
    expect(await site.backUp('-Qz')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(site.dataFiles().map((name) => name.slice(20))).toEqual(['fsz', 'deltafsz']);
    const out = join(site.folder, 'out.fs');
    expect(await site.repozo('-Rr', site.repository, '-o', out)).toMatchObject({ status: 0 });
    expect([
      sameBytes(out, site.dataFs),
      sameBytes(`${out}.index`, `${site.dataFs}.index`),
    ]).toEqual([true, true]);
    expect(await site.repozo('-V', '-r', site.repository)).toMatchObject({ status: 0, stdout: '' });
  });

  it('takes the long options, also shortened, and plain files without -z', async () => {
    const site = await siteForRepozo();
    const words = [`--repository=${site.repository}`, '--file', site.dataFs, '--full', '--verb'];
    const { status, stderr } = await site.repozo('--backup', ...words);
    expect([status, stderr]).toEqual([0, expect.stringContaining('writing full backup')]);
    expect(site.dataFiles()[0]).toMatch(/\.fs$/);
    const recovered = await site.repozo('--recover', `--repo=${site.repository}`, '--with-verify');
    expect(recovered.output.equals(readFileSync(site.dataFs))).toBe(true);
  });

  it('removes what is older than a full backup with -k, and only then', async () => {
    const site = await siteForRepozo();
    await site.backUp();
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.backUp('-k');
    expect(site.dataFiles().length).toBe(2);
    await site.backUp('-k', '-F');
    expect(site.dataFiles().length).toBe(1);
    expect(readdirSync(site.repository).filter((name) => !name.startsWith('.')).length).toBe(5);
  });

  it('does nothing when nothing changed, thorough or quick', async () => {
    const site = await siteForRepozo();
    await site.backUp();
    const before = snapshot(site.repository);
    for (const mode of [[], ['-Q']]) {
      const { status, stderr } = await site.backUp('-v', ...mode);
      expect([status, stderr]).toEqual([0, expect.stringContaining('No changes, nothing to do')]);
    }
    expect(snapshot(site.repository)).toEqual(before);
  });

  it('ignores options of another mode, with a note under -v', async () => {
    const site = await siteForRepozo();
    const { status, stderr } = await site.backUp('-v', '-o', 'x', '-D', '2026-01-01');
    expect(status).toBe(0);
    expect(stderr).toContain('--output means nothing in this mode');
    expect(stderr).toContain('--date means nothing in this mode');
  });

  it.each([
    ['no mode', []],
    ['two modes', ['-B', '-R', '-r', 'x']],
    ['no repository', ['-B', '-f', 'x']],
    ['no file', ['-B', '-r', 'x']],
    ['an unknown option', ['-B', '-X']],
    [
      'a repository that is not there',
      ['-B', '-r', '/nowhere/at/all', '-f', 'var/filestorage/Data.fs'],
    ],
    ['a file that is not there', ['-B', '-r', 'var/backups', '-f', 'nothing.fs']],
    ['nothing to recover', ['-R', '-r', 'var/backups', '-o', 'out.fs']],
    ['a date that is none', ['-R', '-r', 'var/backups', '-D', 'tomorrow']],
  ])('ends with 1 and one line on stderr for %s', async (_, words) => {
    const site = await siteForRepozo();
    const { status, stdout, stderr } = await site.repozo(...words);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n').length).toBe(1);
    expect(readdirSync(site.folder)).toEqual(['var']);
  });

  it('prints its options with -h', async () => {
    const site = await siteForRepozo();
    rmSync(site.repository, { recursive: true });
    const { status, stdout } = await site.repozo('--help');
    expect(status).toBe(0);
    for (const name of ['backup', 'recover', 'verify', 'kill-old-on-full', 'with-verify']) {
      expect(stdout).toContain(`--${name}`);
    }
  });
});
