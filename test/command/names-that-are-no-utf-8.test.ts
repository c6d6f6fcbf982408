/** Names that are no UTF-8, which Node can't hold: what is named so is never taken for another folder. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { COMMAND } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
const NAME = 'caf\xe9';
const ERROR = 'a name in that path is not UTF-8';

/** A path with that name in it, as bytes. */
function pathOf(folder: string, ...names: readonly string[]): Buffer {
  return Buffer.concat([
    Buffer.from(`${folder}/`),
    Buffer.from([NAME, ...names].join('/'), 'latin1'),
  ]);
}

/** All names below a folder, a character for each byte. */
function namesBelow(folder: string): readonly string[] {
  const script = 'cd "$1" && find . -not -name "*.lock" | LC_ALL=C sort';
  return execFileSync('sh', ['-c', script, 'sh', folder], {
    encoding: 'latin1',
  }).split('\n');
}

/** Runs it by a shell, which gives the bytes of the script on. */
function byShell(script: string, folder: string) {
  const file = join(folder, '..', 'script.sh');
  writeFileSync(file, Buffer.from(`exec 2>&1\n${script}\necho "status $?"\n`, 'latin1'));
  const words = `"${process.execPath}" "${COMMAND}"`;
  return execFileSync('sh', [file], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ZV: words },
  });
}

describe('a folder with a name that is no UTF-8', () => {
  it.each([
    ['to work in', `cd ${NAME}/site && eval "$ZV backup"`, 2],
    ['of a check', `cd ${NAME}/site && eval "$ZV check"`, 3],
    ['of backups', `eval "$ZV backup --location ${NAME}/new"`, 2],
    ['of repozo', `eval "$ZV repozo -B -r ${NAME}/new -f var/filestorage/Data.fs"`, 2],
    [
      'in a variable',
      `ZODBVAULT_LOCATION=$PWD/${NAME}/new; export ZODBVAULT_LOCATION; eval "$ZV backup"`,
      2,
    ],
    ['in a file', `echo 'location = "${NAME}/new"' > zodbvault.toml; eval "$ZV backup"`, 2],
    [
      'behind a link',
      `mkdir ${NAME}/new; ln -s ${NAME}/new link; eval "$ZV backup --location link"`,
      2,
    ],
  ])('%s is refused', async (_, script, status) => {
    const { folder } = await newSite(scratch, 3);
    mkdirSync(pathOf(folder, 'site'), { recursive: true });
    cpSync(join(folder, 'var'), join(folder, 'copy/var'), { recursive: true });
    execFileSync('sh', ['-c', 'cp -a copy/var "$(printf caf\\\\351)/site/"'], { cwd: folder });
    const before = namesBelow(folder);
    const said = byShell(script, folder);
    expect(said).toContain(ERROR);
    expect(said).toContain(`status ${status}\n`);
    const made = ['./zodbvault.toml', './link', `./${NAME}/new`];
    expect(namesBelow(folder).filter((name) => !made.includes(name))).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.includes('\uFFFD'))).toHaveLength(1);
  });
});

describe('a name among the blobs that is no UTF-8', () => {
  const BLOBS = 'blob_storage = var/blobstorage';

  it.each([
    ['rsync', [BLOBS]],
    ['copies', [BLOBS, 'use_rsync = false']],
  ])('is refused with %s, and nothing is left of the copy', async (_, lines) => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    writeFileSync(pathOf(site.blobs), 'x');
    const { status, stderr } = await site.script('backup');
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/the name ".*" in it is not UTF-8/),
    ]);
    expect(namesBelow(site.path('var/blobstoragebackups'))).toEqual(['.', '']);
  });

  it('comes back from an archive', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'archive_blob = true']));
    mkdirSync(pathOf(site.blobs));
    writeFileSync(pathOf(site.blobs, NAME), 'x');
    await site.scriptWell('backup');
    const before = namesBelow(site.blobs).filter((name) => !name.startsWith('./tmp'));
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('restore', '-n');
    expect(namesBelow(site.blobs)).toEqual(before);
    expect(before).toContain(`./${NAME}/${NAME}`);
  });
});
