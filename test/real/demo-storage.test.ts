import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeReal, runProgramOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';

const scratch = scratchFolder();

describeReal('zodb', 'DemoStorage', () => {
  it('has its changes backed up, with a root among them and a first change that was undone', async () => {
    const site = siteIn(join(scratch, 'site'));
    const path = (name: string) => join(site.folder, 'var', name);
    mkdirSync(path('filestorage'), { recursive: true });
    const base = [site.dataFs, path('blobstorage')] as const;
    const changes = [path('filestorage/changes.fs'), path('changeblobs')] as const;
    const run = (verb: 'write' | 'read') =>
      runProgramOf('zodb', 'demo_storage.py', [verb, ...base, ...changes]);
    run('write');
    const before = run('read');
    const storage = (name: string, [dataFs, blobs]: readonly [string, string]) =>
      [`<filestorage ${name}>`, `path ${dataFs}`, `blob-dir ${blobs}`, '</filestorage>'].join('\n');
    mkdirSync(join(site.folder, 'etc'));
    writeFileSync(
      join(site.folder, 'etc/zope.conf'),
      ['<zodb_db main>', '<demostorage>', storage('base', base), storage('changes', changes)]
        .concat(['</demostorage>', '</zodb_db>'])
        .join('\n'),
    );
    await site.runWell('backup');
    const { stderr } = await site.runWell('verify', '--deep');
    expect(stderr).toContain('it holds the changes of a DemoStorage: the base must have 5 objects');
    await site.runWell('test-restore');
    for (const lost of changes) rmSync(lost, { recursive: true });
    rmSync(`${changes[0]}.index`, { force: true });
    await site.runWell('restore', '-n');
    expect(run('read')).toBe(before);
  });
});
