import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderState } from '../support/buildout-site.ts';
import { COMMAND } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

function confOf(site: TestSite): string {
  return `${site.folder}/parts/instance/etc/zope.conf`;
}

/** A backed-up site whose zope.conf has whole paths, and a copy of all of it that has grown. */
async function copiedSite(): Promise<{ readonly original: TestSite; readonly copy: TestSite }> {
  const original = await newSite(scratch, 3);
  mkdirSync(dirname(confOf(original)), { recursive: true });
  writeFileSync(
    confOf(original),
    `<zodb_db main>\n  <filestorage>\n    path ${original.dataFs}\n  </filestorage>\n  mount-point /\n</zodb_db>\n`,
  );
  await original.runWell('backup');
  const copy = siteIn(`${original.folder}-copy`);
  cpSync(original.folder, copy.folder, { recursive: true });
  await growDatabase(copy.dataFs, { transactions: 1 });
  return { original, copy };
}

describe('a copy of a site whose zope.conf has whole paths', () => {
  it('leaves the original alone, until it is said which Data.fs is meant', async () => {
    const { original, copy } = await copiedSite();
    const before = folderState(original.folder);
    const refused = [1, expect.stringMatching(`"${original.dataFs}".*"${copy.dataFs}"`)];
    const refuses = async (...words: readonly string[]) => {
      const { status, stderr } = await copy.run(words);
      expect([status, stderr]).toEqual(refused);
    };
    await refuses('backup');
    await refuses('restore', '-n');
    await refuses('list');
    writeFileSync(join(copy.folder, 'zodbvault.toml'), 'keep = 3\n');
    await refuses('backup');
    await refuses('restore', '-n');
    expect(folderState(original.folder)).toEqual(before);
    await copy.runWell('backup', '--datafs', copy.dataFs);
    expect(copy.dataFiles().length).toBe(2);
    expect(folderState(original.folder)).toEqual(before);
    await copy.runWell('restore', '-n', '--config', confOf(copy));
    writeFileSync(join(copy.folder, 'zodbvault.toml'), 'datafs = "var/filestorage/Data.fs"\n');
    await copy.runWell('backup');
  });

  it('is none where what it has is a link to what the file names', async () => {
    const { original, copy } = await copiedSite();
    execFileSync('rm', ['-r', join(copy.folder, 'var')]);
    symlinkSync(join(original.folder, 'var'), join(copy.folder, 'var'));
    await copy.runWell('backup');
  });
});

describe('the volume of a container', () => {
  it.skipIf(process.getuid?.() !== 0)(
    'is not taken for the Data.fs that is here (needs root, to mount a root with /data)',
    async () => {
      const site = await newSite(scratch, 3);
      const bytes = readFileSync(site.dataFs, 'hex');
      const run = (line: string) => {
        const zodbvault = `'${process.execPath}' '${COMMAND}'`;
        const script = [
          'mount -t tmpfs root "$1" && mkdir "$1/data"',
          'for one in /*; do [ ! -d "$one" ] || [ "$one" = /data ] || { mkdir "$1$one" && mount --rbind "$one" "$1$one"; }; done',
          'mkdir "$1/data/filestorage" && cp var/filestorage/Data.fs "$1/data/filestorage"',
          `chroot "$1" sh -c 'cd "$1" && ${line.replaceAll('zodbvault', zodbvault).replaceAll("'", `'\\''`)}' sh "$PWD" 2>&1 || echo "exit $?"`,
        ].join('\n');
        const root = join(scratch, 'root');
        mkdirSync(root, { recursive: true });
        const words = ['-m', 'sh', '-ec', script, 'sh', root];
        return execFileSync('unshare', words, { cwd: site.folder, encoding: 'utf8' });
      };
      for (const line of ['zodbvault backup', 'zodbvault restore -n']) {
        const said = run(line);
        expect(said).toContain('"/data/filestorage/Data.fs"');
        expect(said).toContain(`"${site.dataFs}"`);
        expect(said).toContain('exit 1');
      }
      expect(run('ZODBVAULT_DATA=/data zodbvault backup -q')).toBe('');
      expect(run('zodbvault backup -q --datafs var/filestorage/Data.fs')).toBe('');
      expect(site.dataFiles().length).toBe(1);
      expect(readFileSync(site.dataFs, 'hex')).toBe(bytes);
    },
  );
});
