import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { folderState } from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { openSite } from '../support/opened-site.ts';
import { describeReal, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';

const scratch = scratchFolder();
const AUTHORIZED = { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` };
const AS_JSON = { Accept: 'application/json', 'Content-Type': 'application/json' };

describeReal('plone', 'copy of a Plone site', () => {
  it('shows the site as it was, takes edits, and leaves the live site alone', async () => {
    const site = siteIn(join(scratch, 'site'));
    const instance = join(site.folder, 'instance');
    const blobs = join(site.folder, 'var/blobstorage');
    mkdirSync(dirname(site.dataFs), { recursive: true });
    await plone('mkwsgiinstance', '-d', instance, '-u', 'admin:admin');
    const program = join(import.meta.dirname, 'programs/plone_site.py');
    // Plone writes when a page is seen for the first time, which a copy that is read-only can't.
    for (const command of ['make', 'look'])
      await plone('python', program, command, instance, site.dataFs, blobs);
    writeFileSync(
      join(instance, 'etc/zope.conf'),
      confOf({ instance, dataFs: site.dataFs, blobs }),
    );
    await site.runWell('backup');
    const before = folderState(site.folder);
    const env = { PATH: `${dirname(programOf('plone', 'runwsgi'))}:${process.env['PATH']}` };

    const kept = join(scratch, 'kept');
    const words = ['--run', '--keep-changes', kept];
    const opened = await openSite(site.folder, { words, storages: 2, env });
    const url = opened.storages.at(-1) ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await statusOf(`${url}Plone`)).toBe(200);
    expect(await statusOf(`${url}Plone/@@search?SearchableText=garden`)).toBe(200);
    const content = { '@type': 'Document', id: 'made', title: 'made in the copy' };
    const added = {
      method: 'POST',
      headers: { ...AUTHORIZED, ...AS_JSON },
      body: JSON.stringify(content),
    };
    expect(await statusOf(`${url}Plone/++api++`, added)).toBe(201);
    expect(await statusOf(`${url}Plone/made`, { headers: AUTHORIZED })).toBe(200);
    const { status, log } = await opened.stop();
    expect({ status, isSaid: log.includes('names clock-server') }).toEqual({
      status: 0,
      isSaid: true,
    });
    expect(folderState(site.folder)).toEqual(before);
    expect(readdirSync(join(kept, 'var/1'))).toContain('changes.fs');

    const again = await openSite(site.folder, {
      words: ['--run', '--read-only'],
      storages: 2,
      env,
    });
    const second = again.storages.at(-1) ?? '';
    expect(await statusOf(`${second}Plone`)).toBe(200);
    expect(await statusOf(`${second}Plone/made`, { headers: AUTHORIZED })).toBe(404);
    expect(await statusOf(`${second}Plone/++api++`, added)).toBeGreaterThanOrEqual(400);
    await again.stop();
    expect(folderState(site.folder)).toEqual(before);
  });
});

function confOf(paths: Readonly<Record<'instance' | 'dataFs' | 'blobs', string>>): string {
  return `%define INSTANCE ${paths.instance}
instancehome $INSTANCE
<environment>
  CHAMELEON_CACHE $INSTANCE/var/cache
</environment>
<clock-server>
  method /Plone/tick
  period 60
</clock-server>
<zodb_db main>
  mount-point /
  <filestorage>
    path ${paths.dataFs}
    blob-dir ${paths.blobs}
  </filestorage>
</zodb_db>
`;
}

async function statusOf(url: string, request: RequestInit = {}): Promise<number> {
  const response = await fetch(url, request);
  await response.arrayBuffer();
  return response.status;
}

async function plone(name: string, ...words: readonly string[]): Promise<void> {
  const { status, stderr } = await runProgram(programOf('plone', name), words);
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
}
