/** Archives that would read or write outside the folder that they are unpacked to, or hang. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { inspectArchive } from '../../src/blobs/archive/inspect-archive.ts';
import { openFileSource } from '../../src/system/files/byte-source.ts';
import {
  type BuildoutSite,
  folderState,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { outcomeOf } from '../support/outcome.ts';
import { scratchFolder } from '../support/scratch.ts';
import { type TarEntry, tarOf } from '../support/tar-builder.ts';

const scratch = scratchFolder();
const signal = new AbortController().signal;

const HOSTILE: readonly (readonly [what: string, entries: readonly TarEntry[]])[] = [
  ['a name with ..', [{ name: './../outside' }]],
  ['a folder with ..', [{ name: '0x00/../../outside/', type: '5' }]],
  ['an absolute name', [{ name: '/tmp/zodbvault-outside' }]],
  ['a link to an absolute path', [{ name: './link', type: '2', linksTo: '/etc' }]],
  ['a link upwards', [{ name: './link', type: '2', linksTo: '../..' }]],
  [
    'a file through a link',
    [
      { name: './link', type: '2', linksTo: '../outside' },
      { name: './link/file', content: 'x' },
    ],
  ],
  ['a hard link to an absolute path', [{ name: './0x00', type: '1', linksTo: '/etc/passwd' }]],
  ['a hard link upwards', [{ name: './0x00', type: '1', linksTo: './../../Data.fs' }]],
  ['a character device', [{ name: './0x00', type: '3' }]],
  ['a block device', [{ name: './0x00', type: '4' }]],
  ['a listing with ..', [{ name: './', type: 'D', content: 'Y..\0\0' }]],
  ['a listing with a path', [{ name: './', type: 'D', content: 'N../x\0\0' }]],
  ['a renaming from outside', [{ name: './', type: 'D', content: 'R../x\0T./y\0\0' }]],
  ['a renaming to outside', [{ name: './', type: 'D', content: 'R./y\0T/tmp/x\0\0' }]],
  ['a name in between outside', [{ name: './', type: 'D', content: 'X../x\0\0' }]],
  ['a long listing', [{ name: './', type: 'D', content: 'Na\0'.repeat(6_000_000) }]],
];

async function inspectFile(path: string) {
  await using file = await openFileSource(path);
  return await inspectArchive(file, { signal });
}

it.each(HOSTILE)('%s is refused where an archive is read', async (_, entries) => {
  const path = join(scratch, 'hostile.tar.gz');
  writeFileSync(path, gzipSync(tarOf(entries), { level: 1 }));
  expect(await outcomeOf(() => inspectFile(path))).toMatchObject({
    kind: 'failure',
    code: 'damaged',
  });
});

let site: BuildoutSite;

beforeAll(async () => {
  const cfg = recipeCfg(['blob_storage = var/blobstorage', 'archive_blob = true']);
  site = await newBuildoutSite(scratch, cfg);
  await site.scriptWell('backup');
});

/** Everything around the site but its backups: nothing of it may change. */
function pathEnvironment(): object {
  const live = [folderState(site.path('var/filestorage')), folderState(site.blobs)];
  return { live, around: readdirSync(scratch), inside: readdirSync(site.folder) };
}

it('of which none is restored', async () => {
  const folder = site.path('var/blobstoragebackups');
  const [kept = ''] = readdirSync(folder).filter((name) => /\.tar$/.test(name));
  const path = join(folder, kept);
  rmSync(`${path}.json`); // Whoever exchanges an archive takes its record away, too.
  const before = pathEnvironment();
  // Each start takes its time: one of each way to be refused.
  const tried = [
    'an absolute name',
    'a file through a link',
    'a character device',
    'a renaming to outside',
  ];
  for (const [what, entries] of HOSTILE) {
    if (!tried.includes(what)) continue;
    writeFileSync(path, tarOf(entries));
    const { status, stderr } = await site.script('restore', ['--no-prompt']);
    expect([what, status, stderr]).toEqual([
      what,
      1,
      expect.stringMatching(/would land outside|which no blob directory has/),
    ]);
    expect(pathEnvironment()).toEqual(before);
  }
  const verified = await site.run(['verify', '--kind', 'backup']);
  expect([verified.status, verified.stderr]).toEqual([1, expect.stringContaining(kept)]);
  expect(pathEnvironment()).toEqual(before);
});

it('what is honest is restored, whatever its names look like', async () => {
  const path = join(scratch, 'odd.tar');
  const names = [
    './-rf',
    './--checkpoint-action=exec=sh',
    './$(id)',
    './a\nb',
    './\x1b[31m',
    './\xff\xfe',
  ];
  writeFileSync(path, tarOf(names.map((name) => ({ name, content: 'x' }))));
  const { files } = await inspectFile(path);
  expect(files).toBe(names.length);
});
