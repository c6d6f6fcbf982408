import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

it('the line that a restoring script prints undoes it, from anywhere and with nothing set', async () => {
  const site = await newBuildoutSite(scratch, undefined);
  renameSync(site.path('var'), site.path('real'));
  // What only the installation knew.
  site.configure(recipeCfg(['datafs = $PLACE/filestorage/Data.fs', 'blob_storage = $PLACE/blobs']));
  const env = { PLACE: site.path('real') };
  renameSync(site.path('real/blobstorage'), site.path('real/blobs'));
  const installed = await site.run(['install', 'backup:location=kept'], { env });
  expect([installed.status, installed.stderr]).toEqual([0, expect.any(String)]);
  await site.scriptWell('backup', '-q');
  const dataFs = site.path('real/filestorage/Data.fs');
  writeFileSync(dataFs, 'another');
  const { stderr } = await site.scriptWell('restore', '-n');
  const line = stderr.split('\n').find((one) => one.includes(' --undo')) ?? '';
  const command = line.replace(/^INFO: +/, '');
  expect(command).toBe(`${site.path('bin/restore')} --undo`);
  const bare = (more: string) =>
    runProgram('/usr/bin/env', ['-i', 'PATH=/usr/bin:/bin', '/bin/sh', '-c', command + more], {
      cwd: '/',
    });
  const asked = await bare('');
  expect([asked.status, asked.stdout]).toEqual([1, expect.stringContaining(dataFs)]);
  const undone = await bare(' -n');
  expect([undone.status, undone.stderr]).toEqual([0, expect.stringContaining(command)]);
  expect(readFileSync(dataFs, 'utf8')).toBe('another');
  const mixed = await site.script('restore', ['--undo', '2026-01-01']);
  expect([mixed.status, mixed.stderr]).toEqual([1, expect.stringContaining('Cannot undo')]);
  const backup = await site.script('backup', ['--undo']);
  expect([backup.status, backup.stderr]).toEqual([1, expect.stringContaining('undo a backup')]);
});
