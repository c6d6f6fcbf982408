import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import type { TestSite } from '../support/site.ts';
import { zopeSiteIn } from '../support/zope-site.ts';

const scratch = scratchFolder();

interface Child {
  readonly name: string;
  readonly is: string;
  readonly portalType?: string;
  readonly title?: string;
}

async function listed(site: TestSite, ...words: readonly string[]): Promise<readonly Child[]> {
  const { stdout } = await site.runWell('ls', ...words, '--json');
  return (JSON.parse(stdout) as { readonly children: readonly Child[] }).children;
}

describe('objects of a database', () => {
  let site: TestSite;
  beforeAll(async () => {
    site = zopeSiteIn(join(scratch, 'site'));
    await site.runWell('backup');
  });

  it('are listed as their folder has them: by attributes, in a tree of one bucket, in one of many', async () => {
    expect((await listed(site)).map(({ name }) => name)).toEqual(['Plone', 'acl_users']);
    expect((await listed(site, '/Plone')).map(({ name }) => name)).toEqual([
      'front-page',
      'led',
      'media',
      'news',
      'old',
      'portal_catalog',
    ]);
    expect((await listed(site, '/Plone/old')).map(({ title }) => title)).toEqual([
      'In an old folder',
    ]);
    const names = Array.from(
      { length: 100 },
      (_, number) => `item-${String(number).padStart(3, '0')}`,
    );
    const news = await listed(site, 'latest', '/Plone/news');
    expect(news.map(({ name }) => name)).toEqual(names.filter((name) => name !== 'item-006'));
    expect(news[5]?.title).toBe('Item 5, edited');
  });

  it('are the same in the live Data.fs', async () => {
    expect(await listed(site, '--live', '/Plone/media')).toEqual(
      await listed(site, '/Plone/media'),
    );
  });

  it('come as a table with their types and titles', async () => {
    const { stdout } = await site.runWell('ls', '/Plone/media');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^ Name +Type +Title +Written \(UTC\) +Record$/),
      expect.stringMatching(/^ report +File +Report +20\d\d-.* B$/),
      expect.stringMatching(/^ ünïcode +Document +Ümläut +20\d\d-.* B$/),
      '',
    ]);
  });

  it('are not found under another name: what is there is said', async () => {
    const { status, stderr } = await site.run(['ls', '/Plone/media/reports']);
    expect(status).toBe(1);
    expect(stderr).toContain('Cannot find "/Plone/media/reports": "/Plone/media" has no "reports"');
    expect(stderr).toContain('In it are report, ünïcode.');
  });

  it('are refused for two moments at once, and for a storage that is not there', async () => {
    for (const words of [
      ['--live', 'yesterday 14:00', '/Plone'],
      ['--storage', 'shop', '/Plone'],
    ])
      expect((await site.run(['ls', ...words])).status).toBe(2);
  });

  it('are found by type, by name and by time', async () => {
    const found = async (...words: readonly string[]) => {
      const { stdout } = await site.runWell('find', ...words, '--json');
      const { objects } = JSON.parse(stdout) as { readonly objects: readonly { path: string }[] };
      return objects.map(({ path }) => path);
    };
    expect(await found('--type', 'Folder')).toEqual([
      '/Plone/led',
      '/Plone/media',
      '/Plone/news',
      '/Plone/old',
      '/acl_users',
    ]);
    expect(await found('--type', 'File')).toEqual(['/Plone/media/report']);
    expect(await found('--name', 'item-09?', '/Plone/news')).toHaveLength(10);
    expect(await found('--name', 'i*-00?', '--type', 'Document')).toHaveLength(9);
    expect(await found('/Plone/old')).toEqual(['/Plone/old', '/Plone/old/page']);
    expect(await found('--changed-since', '2126-01-01-00-00-00')).toEqual([]);
  });

  it('are shown one by one, with what other records say of them', async () => {
    const { stdout } = await site.runWell('show', 'latest', '/Plone/media/report', '--json');
    const { object } = JSON.parse(stdout) as { readonly object: object };
    expect(object).toMatchObject({
      path: '/Plone/media/report',
      className: 'plone.app.contenttypes.content.File',
      portalType: 'File',
      title: 'Report',
      created: '2026-03-01T00:00:00.000Z',
      modified: '2026-03-01T00:01:00.000Z',
      creators: ['jane'],
      workflowStates: [{ workflow: 'simple_publication_workflow', state: 'published' }],
      children: 0,
      own: { objects: 4, isCut: false, blobs: [{ attribute: '.file._blob', sizeBytes: 9000 }] },
    });
    const text = await site.runWell('show', '/Plone/media/report');
    expect(text.stdout).toMatch(/^ Blob +\.file\._blob: 9\.00 kB$/m);
  });

  it('need a path where the live Data.fs is meant', async () => {
    expect((await site.run(['show', '--live'])).status).toBe(2);
  });

  it('are compared by their paths: what came, went and changed', async () => {
    const later = zopeSiteIn(join(scratch, 'later'));
    const bytes = readFileSync(later.dataFs);
    // Its first transactions alone: up to that in which /Plone/media was added.
    const { stdout } = await site.runWell('log', '--path', 'media added', '--json');
    const [{ tid = '' } = {}] = (JSON.parse(stdout) as { readonly transactions: { tid: string }[] })
      .transactions;
    writeFileSync(later.dataFs, bytes.subarray(0, endOf(bytes, tid)));
    await later.runWell('backup');
    const [name = ''] = later.dataFiles();
    const stamp = name.slice(0, 'yyyy-mm-dd-hh-mm-ss'.length);
    writeFileSync(later.dataFs, bytes);
    const changes = async (...words: readonly string[]) => {
      const { stdout: printed } = await later.runWell('diff', ...words, '--json');
      const { paths } = JSON.parse(printed) as {
        readonly paths: readonly { readonly change: string; readonly path: string }[];
      };
      return paths.map(({ change, path }) => `${change} ${path}`);
    };
    expect(await changes(stamp, '--live', '/Plone/news')).toEqual([
      'changed /Plone/news/item-005',
      'removed /Plone/news/item-006',
    ]);
    expect(await changes(stamp, '--live', '/Plone/old')).toEqual([
      'added /Plone/old',
      'added /Plone/old/page',
    ]);
    expect(await changes(stamp, '--live', '/Plone/media')).toEqual([]);
    expect((await later.run(['diff', stamp, '--live', '/Plone/none'])).status).toBe(1);
    expect((await later.run(['diff', stamp, '--live'])).status).toBe(2);
  });

  it('have a history: the transactions that wrote them, whatever their descriptions say', async () => {
    const { stdout } = await site.runWell('log', '--path', '/Plone/media/report', '--json');
    const { transactions } = JSON.parse(stdout) as {
      readonly transactions: readonly { readonly description: string; readonly user: string }[];
    };
    expect(transactions.map(({ description }) => description)).toEqual(['/Plone/media added']);
    const edited = await site.runWell('log', '--path', '/Plone/news/item-005');
    expect(edited.stdout).toContain('/Plone/news/item-005/edit');
    expect(edited.stdout).toContain('/Plone/news added');
  });

  it('are known when they are gone: until when they were there, and what they were', async () => {
    const { stdout, stderr } = await site.runWell('log', '--path', '/Plone/news/item-006');
    const lines = stdout.trimEnd().split('\n').slice(1);
    expect(lines).toEqual([
      // Its description names another object.
      expect.stringContaining('/Plone/news/item-005/edit'),
      expect.stringContaining('/Plone/news added'),
    ]);
    const [, tid = ''] = /went with the transaction ([0-9a-f]{16})/.exec(stderr) ?? [];
    expect(lines[0]).toContain(tid);
    const before = await site.runWell('cat', `before ${tid}`, '/Plone/news/item-006');
    expect(before.stdout).toContain('item-006');
    const now = await site.run(['cat', 'latest', '/Plone/news/item-006']);
    const hint = `It was there until the transaction ${tid}. The moment before that is "before ${tid}".`;
    expect([now.status, now.stderr]).toEqual([1, expect.stringContaining(hint)]);
    const never = await site.run(['cat', 'latest', '/Plone/news/item-007x']);
    expect([never.status, never.stderr]).toEqual([1, expect.stringContaining('In it are ')]);
  });
});

/** Where the transaction of a tid ends in a Data.fs. */
function endOf(bytes: Buffer, tid: string): number {
  let position = 4;
  while (bytes.toString('hex', position, position + 8) !== tid) {
    position += Number(bytes.readBigUInt64BE(position + 8)) + 8;
  }
  return position + Number(bytes.readBigUInt64BE(position + 8)) + 8;
}
