import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildoutSiteIn,
  folderState,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

describe('scripts', () => {
  it('do nothing where they were copied with their site, until it is installed there', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    await site.scriptWell('backup');
    const folder = `${site.folder}-copy`;
    cpSync(site.folder, folder, { recursive: true });
    const copy = buildoutSiteIn(folder);
    const before = readFileSync(site.dataFs);
    for (const name of ['backup', 'restore']) {
      const { status, stderr } = await copy.script(name, ['-n']);
      expect([status, stderr]).toEqual([1, expect.stringContaining(`the site of "${site.folder}`)]);
    }
    expect((await copy.install()).stderr).not.toContain('another name');
    await copy.scriptWell('restore', '-n');
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    // A script alone, as in /etc/cron.daily, and a link work on their own site.
    const alone = join(scratch, 'plone-backup');
    cpSync(site.path('bin/backup'), alone);
    symlinkSync(site.path('bin/backup'), join(folder, 'bin/other'));
    expect((await runProgram(alone, [], { cwd: scratch })).status).toBe(0);
    expect((await copy.script('other')).status).toBe(0);
  });

  it('do nothing in a copy without the buildout.cfg, or with no more than all of them', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    await site.scriptWell('backup');
    const folder = `${site.folder}-copy`;
    cpSync(site.folder, folder, { recursive: true });
    const copy = buildoutSiteIn(folder);
    const before = folderState(site.folder);
    const refuses = async (sign: string) => {
      for (const name of ['backup', 'restore']) {
        const { status, stderr } = await copy.script(name, ['-n']);
        expect([status, stderr]).toEqual([1, expect.stringContaining(`here with "${sign}", and`)]);
      }
      expect(folderState(site.folder)).toEqual(before);
    };
    renameSync(copy.path('buildout.cfg'), copy.path('staging.cfg'));
    await refuses(copy.dataFs);
    await copy.install('--config', 'staging.cfg');
    await copy.scriptWell('restore', '-n');
    expect(folderState(site.folder)).toEqual(before);

    rmSync(copy.folder, { recursive: true });
    mkdirSync(copy.folder);
    cpSync(site.path('bin'), copy.path('bin'), { recursive: true });
    const { status, stderr } = await copy.script('restore', ['-n']);
    expect([status, stderr]).toEqual([1, expect.stringContaining(copy.path('bin/backup'))]);
    rmSync(copy.path('bin/restore'));
    await copy.scriptWell('backup');
  });
});
