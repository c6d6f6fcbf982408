import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeRecordPickle } from '../../src/filestorage/pickle/record-pickle.ts';
import { decodeRecordValues } from '../../src/filestorage/pickle/values/record-values.ts';
import { entryOf } from '../../src/filestorage/pickle/values/value.ts';
import { blobFiles } from '../support/blobs.ts';
import { scratchFolder } from '../support/scratch.ts';
import type { TestSite } from '../support/site.ts';
import { zopeSiteIn } from '../support/zope-site.ts';

const scratch = scratchFolder();

interface ExportedObject {
  readonly oid: bigint;
  readonly pickles: Buffer;
  readonly blob: Buffer | undefined;
}

/** The objects of a `.zexp` file, by the page of its format. */
function objectsIn(path: string): readonly ExportedObject[] {
  const bytes = readFileSync(path);
  expect(bytes.toString('latin1', 0, 4)).toBe('ZEXP');
  const objects: ExportedObject[] = [];
  let offset = 4;
  while (bytes.readBigUInt64BE(offset) !== 0xffff_ffff_ffff_ffffn) {
    const oid = bytes.readBigUInt64BE(offset);
    const start = offset + 16;
    const end = start + Number(bytes.readBigUInt64BE(offset + 8));
    offset = end;
    let blob: Buffer | undefined;
    if (bytes.toString('latin1', end, end + 10) === '\0BLOBSTART') {
      const blobEnd = end + 18 + Number(bytes.readBigUInt64BE(end + 10));
      blob = bytes.subarray(end + 18, blobEnd);
      offset = blobEnd;
    }
    objects.push({ oid, pickles: bytes.subarray(start, end), blob });
  }
  expect(bytes.length).toBe(offset + 16);
  return objects;
}

/** What an importer needs: each object once, behind one that refers to it, and none that is missing. */
function expectImportable(objects: readonly ExportedObject[]): void {
  const [first] = objects;
  const met = new Set([first?.oid]);
  for (const { oid, pickles } of objects) {
    expect(met.has(oid)).toBe(true);
    for (const reference of decodeRecordPickle(pickles).references) {
      expect(reference.kind).toBe('strong');
      met.add(reference.oid);
    }
  }
  expect(met.size).toBe(objects.length);
}

describe('export of an object', () => {
  let site: TestSite;
  beforeAll(async () => {
    site = zopeSiteIn(join(scratch, 'site'));
    await site.runWell('backup');
  });
  const path = (name: string) => join(site.folder, name);

  it('is a file that an importer can follow, with the bytes of blobs', async () => {
    await site.runWell('export', 'latest', '/Plone/media', '-o', 'media.zexp');
    const objects = objectsIn(path('media.zexp'));
    expectImportable(objects);
    const blobs = objects.flatMap(({ blob }) => blob ?? []);
    expect(blobs.map((blob) => blob.toString())).toEqual(['a report '.repeat(1000)]);
  });

  it('needs a copy of its blob that can be read: that of a snapshot, too', async () => {
    const other = zopeSiteIn(join(scratch, 'unread'));
    await other.runWell('backup');
    const copies = join(other.folder, 'var/blobstoragebackups');
    const [blob = ''] = blobFiles(copies);
    const copy = join(copies, blob);
    rmSync(copy);
    symlinkSync(copy, copy); // A link to itself is an error for root, too, whom no rights stop.
    const words = ['export', '/Plone/media', '-o', 'media.zexp'];
    const { status, stderr } = await other.run(words);
    expect([status, stderr]).toEqual([1, expect.stringContaining('links lead in a circle')]);
    expect(existsSync(join(other.folder, 'media.zexp'))).toBe(false);
    await other.runWell('backup', '--kind', 'snapshot');
    await other.runWell(...words);
    const blobs = objectsIn(join(other.folder, 'media.zexp')).flatMap(({ blob }) => blob ?? []);
    expect(blobs.map((one) => one.toString())).toEqual(['a report '.repeat(1000)]);
  });

  it('replaces no file and no script', async () => {
    for (const taken of ['taken.zexp', 'taken.zexp.import.py']) {
      writeFileSync(path(taken), 'mine');
      const { status, stderr } = await site.run(['export', '/Plone/media', '-o', 'taken.zexp']);
      expect([status, stderr]).toEqual([1, expect.stringContaining(`${taken}": it is there`)]);
      expect(readFileSync(path(taken), 'utf8')).toBe('mine');
      rmSync(path(taken));
    }
    expect(readdirSync(site.folder).filter((name) => name.includes('taken'))).toEqual([]);
  });

  it('has all that lies in a folder, and the same from the live Data.fs', async () => {
    await site.runWell('export', '/Plone/news', '-o', 'news.zexp');
    await site.runWell('export', '--live', '/Plone/news', '-o', 'live.zexp');
    const objects = objectsIn(path('news.zexp'));
    expectImportable(objects);
    const classes = objects.map(({ pickles }) => decodeRecordPickle(pickles).className);
    expect(classes.filter((name) => name?.endsWith('.Document'))).toHaveLength(99);
    expect(readFileSync(path('live.zexp'))).toEqual(readFileSync(path('news.zexp')));
  });

  it('comes with a script that imports it, which says what it is', async () => {
    await site.runWell('export', '/Plone/old');
    const script = readFileSync(path('old.zexp.import.py'), 'utf8');
    expect(script).toContain('FILE = u"old.zexp"\n');
    expect(script).toContain('Imports /Plone/old as of 20');
  });

  it.each([
    ['parent', 'ancestor', '.__parent__', '/Plone'],
    ['sibling', 'entry', '.related.to_object', '/Plone/news/item-001'],
    ['tool', 'entry', '.catalog', '/Plone/portal_catalog'],
    ['listed', 'entry', '.related_items.data[0]', '/Plone/news/item-002'],
    ['weak', 'weak', '.seen', undefined],
    ['foreign', 'elsewhere', '.remote', undefined],
    ['missing', 'missing', '.gone', undefined],
  ])('stops where a page leads to %s', async (page, kind, attribute, target) => {
    const words = ['export', `/Plone/led/to-${page}`, '-o', 'stopped.zexp'];
    const { status, stdout } = await site.run([...words, '--json']);
    expect(status).toBe(1);
    const { stops } = JSON.parse(stdout) as { readonly stops: readonly object[] };
    expect(stops).toEqual([
      expect.objectContaining({ kind, attribute, ...(target !== undefined && { path: target }) }),
    ]);
    const said = await site.run(words);
    expect(said.stdout).toContain(`/Plone/led/to-${page}: ${attribute}, an attribute of `);
    expect(readdirSync(site.folder).filter((name) => name.includes('stopped'))).toEqual([]);
  });

  it('does not stop where an object leads back to itself', async () => {
    await site.runWell('export', '/Plone/led/to-fine', '-o', 'fine.zexp');
    expectImportable(objectsIn(path('fine.zexp')));
  });

  it('stops at all of them where a folder is exported', async () => {
    const { stdout } = await site.run(['export', '/Plone/led', '-o', 'led.zexp', '--json']);
    const { stops } = JSON.parse(stdout) as { readonly stops: readonly { attribute: string }[] };
    expect(stops.map(({ attribute }) => attribute).sort()).toEqual([
      "._tree['to-foreign'].remote",
      "._tree['to-listed'].related_items.data[0]",
      "._tree['to-missing'].gone",
      "._tree['to-parent'].__parent__",
      "._tree['to-sibling'].related.to_object",
      "._tree['to-tool'].catalog",
      "._tree['to-weak'].seen",
    ]);
  });

  it('leaves out what an attribute leads to: it is None then, and all else is as it was', async () => {
    await site.runWell('export', '/Plone/led/to-sibling', '--cut', 'to_object', '-o', 'cut.zexp');
    const objects = objectsIn(path('cut.zexp'));
    expectImportable(objects);
    const states = objects.map(({ pickles }) => {
      const record = decodeRecordValues(pickles);
      return record.kind === 'values' ? record.state : undefined;
    });
    const relation = states.find((state) => entryOf(state, 'to_object') !== undefined);
    expect(entryOf(relation, 'to_object')).toBe(null);
    expect(entryOf(states[0], 'title')).toBe('Leads to sibling');
  });

  it('leaves out several', async () => {
    const cuts = ['__parent__', 'related', 'catalog', 'seen', 'remote', 'gone', 'related_items'];
    const words = cuts.flatMap((name) => ['--cut', name]);
    await site.runWell('export', '/Plone/led', ...words, '-o', 'all-cut.zexp');
    expectImportable(objectsIn(path('all-cut.zexp')));
  });

  it.each([
    ['what holds it among others', ['/Plone/led/to-listed', '--cut', 'data[0]'], 'one of several'],
    ['what a folder needs', ['/Plone/news', '--cut', '_tree'], 'a folder needs it'],
    ['an entry of a folder', ['/Plone/old', '--cut', 'page'], 'a folder needs it'],
    [
      'what is not there',
      ['/Plone/news', '--cut', 'unheard_of'],
      'nothing in "/Plone/news" has it',
    ],
  ])('refuses to leave out %s', async (_, words, reason) => {
    const { status, stderr } = await site.run(['export', ...words, '-o', 'refused.zexp']);
    expect(status).toBe(1);
    expect(stderr).toContain(reason);
    expect(existsSync(path('refused.zexp'))).toBe(false);
  });

  it('does not write over a file, and is not made of all of the database', async () => {
    writeFileSync(path('mine.zexp'), 'mine');
    const { status } = await site.run(['export', '/Plone/media', '-o', 'mine.zexp']);
    expect([status, readFileSync(path('mine.zexp'), 'utf8')]).toEqual([1, 'mine']);
    expect((await site.run(['export', '/', '-o', 'top.zexp'])).status).toBe(1);
    expect((await site.run(['export', '-o', 'top.zexp'])).status).toBe(2);
  });
});

describe('record of an object', () => {
  let site: TestSite;
  beforeAll(async () => {
    site = zopeSiteIn(join(scratch, 'records'));
    await site.runWell('backup');
  });

  it('is printed as JSON, by its path and by its oid', async () => {
    const { stdout } = await site.runWell('cat', '/Plone/media/report');
    const record = JSON.parse(stdout) as { readonly oid: string };
    expect(record).toMatchObject({
      className: 'plone.app.contenttypes.content.File',
      state: {
        title: 'Report',
        creation_date: {
          $object: 'DateTime.DateTime.DateTime',
          state: { $tuple: [1_772_323_200_000_000, false, 'UTC'] },
        },
        file: {
          $ref: expect.stringMatching(/^0{12}/),
          class: 'plone.namedfile.file.NamedBlobFile',
        },
        creators: { $tuple: ['jane'] },
      },
    });
    const again = await site.runWell('cat', 'latest', `0x${record.oid}`, '--json');
    expect((JSON.parse(again.stdout) as { readonly object: object }).object).toEqual(record);
  });

  it('gives the bytes of its blob', async () => {
    const { stdout } = await site.runWell('cat', '/Plone/media/report', '--blob');
    expect(stdout).toBe('a report '.repeat(1000));
    expect((await site.run(['cat', '/Plone/media', '--blob'])).status).toBe(1);
  });

  it('is not there under what is no path and no oid, or of no object', async () => {
    expect((await site.run(['cat', 'news'])).status).toBe(2);
    expect((await site.run(['cat', '0xffffff'])).status).toBe(1);
  });
});
