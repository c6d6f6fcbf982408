import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { folderState } from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { openSite } from '../support/opened-site.ts';
import { type PloneSite, ploneSiteIn } from '../support/plone-instance.ts';
import { describeReal, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn, type TestSite } from '../support/site.ts';
import { AS_ADMIN } from '../support/zope-server.ts';

const scratch = scratchFolder();
const AS_JSON = { Accept: 'application/json', 'Content-Type': 'application/json' };
/** As somebody has it who has activated the virtual environment. */
const ACTIVATED = { PATH: `${dirname(programOf('plone', 'runwsgi'))}:${process.env['PATH']}` };

describeReal('plone', 'copy of a Plone site', () => {
  let live: PloneSite;
  beforeAll(async () => {
    live = await ploneSiteIn(join(scratch, 'site'));
    // Plone writes when a page is seen for the first time, which a copy that is read-only can't.
    for (const command of ['make', 'look']) await live.runPlone('plone_site.py', command);
    await live.runWell('backup');
  });

  it('shows the site as it was, takes edits, and leaves the live site alone', async () => {
    const before = folderState(live.folder);
    const kept = join(scratch, 'kept');
    const words = ['--run', '--keep-changes', kept];
    const opened = await openSite(live.folder, { words, storages: 2, env: ACTIVATED });
    const url = opened.storages.at(-1) ?? '';
    expect(url).toMatch(/^http:\/\/localhost:\d+\/$/);
    const page = await fetch(`${url}Plone`);
    // With its theme: Plone has none for 127.0.0.1.
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('barceloneta')]);
    expect(await statusOf(`${url}Plone/@@search?SearchableText=garden`)).toBe(200);
    const content = { '@type': 'Document', id: 'made', title: 'made in the copy' };
    const added = {
      method: 'POST',
      headers: { ...AS_ADMIN, ...AS_JSON },
      body: JSON.stringify(content),
    };
    expect(await statusOf(`${url}Plone/++api++`, added)).toBe(201);
    expect(await statusOf(`${url}Plone/made`, { headers: AS_ADMIN })).toBe(200);
    const { status, log } = await opened.stop();
    expect({ status, isSaid: log.includes('names clock-server') }).toEqual({
      status: 0,
      isSaid: true,
    });
    expect(folderState(live.folder)).toEqual(before);
    expect(readdirSync(join(kept, 'var/1'))).toContain('changes.fs');

    const again = await openSite(live.folder, {
      words: ['--run', '--read-only'],
      storages: 2,
      env: ACTIVATED,
    });
    const second = again.storages.at(-1) ?? '';
    expect(await statusOf(`${second}Plone`)).toBe(200);
    expect(await statusOf(`${second}Plone/made`, { headers: AS_ADMIN })).toBe(404);
    expect(await statusOf(`${second}Plone/++api++`, added)).toBeGreaterThanOrEqual(400);
    await again.stop();
    expect(folderState(live.folder)).toEqual(before);
  });

  it.each([
    ['a buildout, with the Python of its part', makeBuildout],
    ['cookiecutter-zope-instance, with its virtual environment', makeCookiecutter],
    ['plone-backend, without the variables of its entrypoint', makeImage],
  ])('is made of an instance of %s', async (_, make) => {
    const site = await make(live);
    await site.runWell('backup');
    const before = folderState(site.folder);
    const opened = await openSite(site.folder, { words: ['--run'], storages: 2 });
    const page = await fetch(`${opened.storages.at(-1)}Plone`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('>Garden<')]);
    expect((await opened.stop()).status).toBe(0);
    expect(folderState(site.folder)).toEqual(before);
  });

  it('gives one folder back, by the script for bin/instance', async () => {
    const site = siteIn(join(scratch, 'buildout'));
    await site.runWell('export', '/Plone/garden', '-o', 'garden.zexp');
    const bring = (folder: string) => {
      const words = ['run', 'garden.zexp.import.py', folder];
      return runProgram(join(site.folder, 'bin/instance'), words, { cwd: site.folder });
    };
    expect((await bring('/Plone')).stderr).toContain('/Plone has a garden already');
    await live.runPlone('plone_site.py', 'remove');
    copyData(live, join(site.folder, 'var'));
    const { stdout, stderr } = await bring('/Plone/aside');
    expect([stdout, stderr]).toEqual(['Imported /Plone/aside/garden: 13 objects\n', '']);
  });
});

async function makeBuildout(live: PloneSite): Promise<TestSite> {
  const site = siteIn(join(scratch, 'buildout'));
  copyData(live, join(site.folder, 'var'));
  writeFileSync(
    join(site.folder, 'buildout.cfg'),
    `[buildout]
parts = instance
offline = true

[instance]
recipe = plone.recipe.zope2instance
eggs = Plone
user = admin:admin
file-storage = \${buildout:directory}/var/filestorage/Data.fs
blob-storage = \${buildout:directory}/var/blobstorage

[backup]
recipe = collective.recipe.backup
`,
  );
  const words = ['-c', join(site.folder, 'buildout.cfg')];
  const { status, stderr } = await runProgram(programOf('plone', 'buildout'), words, {
    cwd: site.folder,
  });
  if (status !== 0) throw new Error(stderr);
  return site;
}

/** As cookiecutter renders it for an `instance.yaml` that says nothing. */
async function makeCookiecutter(live: PloneSite): Promise<TestSite> {
  const folder = join(scratch, 'cookiecutter');
  const home = join(folder, 'instance');
  copyData(live, join(home, 'var'), 'blobs');
  mkdirSync(join(home, 'etc'));
  symlinkSync(dirname(dirname(programOf('plone', 'python'))), join(folder, '.venv'));
  writeFileSync(join(folder, 'instance.yaml'), 'default_context:\n    wsgi_threads: "2"\n');
  writeFileSync(
    join(home, 'etc/zope.conf'),
    `%define INSTANCEHOME ${home}
instancehome $INSTANCEHOME

%define CLIENTHOME ${home}/var
clienthome $CLIENTHOME

debug-mode off
security-policy-implementation C
verbose-security off
default-zpublisher-encoding utf-8

<environment>
    CHAMELEON_CACHE ${home}/var/cache
    zope_i18n_compile_mo_files true
</environment>

<zodb_db main>
    mount-point /
    cache-size 30000
    <filestorage>
        path ${home}/var/filestorage/Data.fs
        blob-dir ${home}/var/blobs
        pack-keep-old true
    </filestorage>
</zodb_db>
`,
  );
  return siteIn(folder);
}

/** The image: /app and its volume, /data. Its entrypoint sets the variables for the server that it starts. */
async function makeImage(live: PloneSite): Promise<TestSite> {
  const app = join(scratch, 'image/app');
  const data = join(scratch, 'image/data');
  copyData(live, data);
  mkdirSync(join(app, 'etc'), { recursive: true });
  symlinkSync(data, join(app, 'var'));
  symlinkSync(dirname(programOf('plone', 'python')), join(app, 'bin'));
  writeFileSync(
    join(app, 'etc/zope.conf'),
    `%define INSTANCE ${app}
instancehome $INSTANCE

%define CLIENTHOME $(CLIENT_HOME)
clienthome $CLIENTHOME

debug-mode $(DEBUG_MODE)
security-policy-implementation $(SECURITY_POLICY_IMPLEMENTATION)
verbose-security $(VERBOSE_SECURITY)
default-zpublisher-encoding $(DEFAULT_ZPUBLISHER_ENCODING)

<environment>
    CHAMELEON_CACHE $INSTANCE/var/cache
</environment>

<dos_protection>
  form-memory-limit $(ZOPE_FORM_MEMORY_LIMIT)
</dos_protection>

<zodb_db main>
    cache-size $(ZODB_CACHE_SIZE)
    <blobstorage>
      blob-dir $INSTANCE/var/blobstorage
      <filestorage>
        path $INSTANCE/var/filestorage/Data.fs
      </filestorage>
    </blobstorage>
    mount-point /
</zodb_db>
`,
  );
  return siteIn(app);
}

/** The Data.fs and the blobs, into folders of their usual names. */
function copyData({ dataFs, blobs }: PloneSite, to: string, blobFolder = 'blobstorage'): void {
  cpSync(dataFs, join(to, 'filestorage/Data.fs'), { recursive: true });
  cpSync(blobs, join(to, blobFolder), { recursive: true });
}

async function statusOf(url: string, request: RequestInit = {}): Promise<number> {
  const response = await fetch(url, request);
  await response.arrayBuffer();
  return response.status;
}
