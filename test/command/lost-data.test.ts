import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobState } from '../support/blobs.ts';
import { folderState } from '../support/buildout-site.ts';
import { COMMAND, type Finished, runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

interface LostSite {
  readonly site: TestSite;
  /** The folders of its backups, in the environment and in words. */
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  readonly isBack: () => boolean;
}

/** A site whose backups are elsewhere, and whose data is gone. */
async function lostSite({ data = 'var' }: { readonly data?: string } = {}): Promise<LostSite> {
  const site = await newSite(scratch);
  if (data !== 'var') renameSync(join(site.folder, 'var'), join(site.folder, data));
  const [dataFs, blobs] = ['filestorage/Data.fs', 'blobstorage'].map((name) =>
    join(site.folder, data, name),
  ) as [string, string];
  const [location, blobLocation] = [`${site.folder}-bk`, `${site.folder}-bkb`];
  const words = ['--location', location, '--blobbackuplocation', blobLocation];
  const of = data === 'var' ? [] : ['--datafs', dataFs, '--blob-storage', blobs];
  await site.runWell('backup', ...of, ...words);
  const bytes = readFileSync(dataFs, 'hex');
  const wanted = blobState(blobs);
  expect(Object.keys(wanted).length).toBeGreaterThan(1);
  rmSync(join(site.folder, data), { recursive: true });
  return {
    site,
    words,
    env: { ZODBVAULT_LOCATION: location, ZODBVAULT_BLOBBACKUPLOCATION: blobLocation },
    isBack: () => {
      expect(readFileSync(dataFs, 'hex')).toBe(bytes);
      expect(blobState(blobs)).toEqual(wanted);
      return true;
    },
  };
}

/** Runs what a hint says, word by word. */
async function follow(
  { stderr }: Finished,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Finished> {
  const [, command = 'false'] =
    /^Hint:.*?: ((?:zodbvault|node|\S+\/main\.js) .*)$/m.exec(stderr) ?? [];
  const words = command.includes('main.js')
    ? command
    : command.replace('zodbvault', `'${process.execPath}' '${COMMAND}'`);
  return runProgram('sh', ['-c', `${words} --no-prompt`], options);
}

describe('a site that has lost all of its data, and whose backups are elsewhere,', () => {
  it.each(['environment', 'words'])('is restored to its place: by the %s', async (by) => {
    const { site, env, words, isBack } = await lostSite();
    const options = by === 'words' ? {} : { env };
    const said = by === 'words' ? words : [];
    const listed = await site.run(['list', ...said], options);
    expect([listed.status, listed.stdout]).toEqual([0, expect.stringContaining('full')]);
    const backup = await site.run(['backup', ...said], options);
    expect([backup.status, backup.stderr]).toEqual([1, expect.stringContaining('brings it back')]);
    expect(existsSync(join(site.folder, 'var'))).toBe(false);
    const { status, stderr } = await site.run(['restore', '-n', ...said], options);
    expect([status, stderr]).toEqual([0, expect.stringContaining(site.dataFs)]);
    expect(isBack()).toBe(true);
    expect((await site.run(['restore', '-n', ...said], options)).status).toBe(0);
    expect((await site.run(['restore', '--undo', '-n', ...said], options)).status).toBe(0);
  });

  it('is restored to the place that its backups name, where that is another', async () => {
    const { site, env, isBack } = await lostSite({ data: 'data' });
    const { status, stderr } = await site.run(['restore', '-n'], { env });
    expect([status, stderr]).toEqual([0, expect.stringContaining('data/filestorage/Data.fs')]);
    expect(isBack()).toBe(true);
    expect(existsSync(join(site.folder, 'var'))).toBe(false);
  });

  it('is restored where it was, when its volume is there and empty', async () => {
    const { site, env, isBack } = await lostSite();
    mkdirSync(join(site.folder, 'var'));
    const elsewhere = `${site.folder}-elsewhere`;
    mkdirSync(elsewhere);
    const { status, stderr } = await site.run(['restore', '-n'], { env, cwd: elsewhere });
    expect([status, stderr]).toEqual([0, expect.anything()]);
    expect(isBack()).toBe(true);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('is told how to go on from another folder, by a line that works', async () => {
    const { site, env, isBack } = await lostSite();
    const elsewhere = `${site.folder}-else where`;
    mkdirSync(elsewhere);
    const refused = await site.run(['restore', '-n'], { env, cwd: elsewhere });
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining(site.dataFs)]);
    expect(existsSync(join(site.folder, 'var'))).toBe(false);
    const { status, stderr } = await follow(refused, { cwd: elsewhere, env });
    expect([status, stderr]).toEqual([0, expect.anything()]);
    expect(isBack()).toBe(true);
    // What is live is nobody's who stands elsewhere.
    const before = folderState(site.folder);
    expect((await site.run(['restore', '-n'], { env, cwd: elsewhere })).status).toBe(1);
    expect(folderState(site.folder)).toEqual(before);
  });

  it('is told how to go on where no backup tells, as of repozo, by a line that works', async () => {
    const { site, env, isBack } = await lostSite();
    for (const folder of Object.values(env)) {
      execFileSync('find', [folder, '-name', '*.json', '-delete']);
    }
    const refused = await site.run(['restore', '-n'], { env });
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('--location')]);
    const { status, stderr } = await follow(refused, { cwd: site.folder, env });
    expect([[0, 3], stderr]).toEqual([expect.arrayContaining([status]), expect.anything()]);
    expect(isBack()).toBe(true);
  });

  it('gets its blobs back where nothing else is backed up', async () => {
    const site = await newSite(scratch);
    const blobs = join(site.folder, 'var/blobstorage');
    const env = {
      ZODBVAULT_ONLY_BLOBS: 'true',
      ZODBVAULT_BLOBBACKUPLOCATION: `${site.folder}-bkb`,
    };
    expect((await site.run(['backup'], { env })).status).toBe(0);
    const wanted = blobState(blobs);
    rmSync(join(site.folder, 'var'), { recursive: true });
    const { status, stderr } = await site.run(['restore', '-n'], { env });
    expect([status, stderr]).toEqual([0, expect.anything()]);
    expect(blobState(blobs)).toEqual(wanted);
  });
});

describe('a site that no file configures, and that has lost its blob backups,', () => {
  it('is not taken for one without blobs', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    expect((await site.run(['check', '--free', 'off'])).status).toBe(0);
    const folder = join(site.folder, 'var/blobstoragebackups');
    rmSync(folder, { recursive: true });
    for (const words of [['check', '--free', 'off'], ['verify']]) {
      const { status, stdout, stderr } = await site.run(words);
      expect(status).toBe(words[0] === 'check' ? 2 : 1);
      expect(stdout + stderr).toContain(`cannot restore its blobs from "${folder}"`);
    }
    rmSync(join(site.folder, 'var/filestorage'), { recursive: true });
    rmSync(join(site.folder, 'var/blobstorage'), { recursive: true });
    const refused = await site.run(['restore', '-n']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/there is no folder ".*blobstoragebackups".*\nHint: .*--no-blobs/),
    ]);
    expect(existsSync(join(site.folder, 'var/filestorage'))).toBe(false);
    await site.runWell('restore', '-n', '--no-blobs');
  });
});
