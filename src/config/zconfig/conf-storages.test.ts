import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { Failure } from '../../system/failure.ts';
import { readConfStorages } from './conf-storages.ts';

const scratch = scratchFolder();
const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/zconfig');
let written = 0;

function confOf(...lines: readonly string[]): string {
  const folder = join(scratch, `conf-${++written}`, 'etc');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'zope.conf'), lines.join('\n'));
  return join(folder, 'zope.conf');
}

async function failureOf(path: string): Promise<Failure> {
  const error: unknown = await readConfStorages(path, {}).catch((reason: unknown) => reason);
  if (error instanceof Failure) return error;
  throw new Error(`${path} can be read`);
}

describe('storages of a zope.conf', () => {
  it('are found in any case, through %define, %include and wrappers; unset variables that nobody needs do no harm', async () => {
    const path = join(FIXTURES, 'etc/zope.conf');
    const outcome = await readConfStorages(path, {});
    const catalog = join(FIXTURES, 'etc/databases.conf');
    expect(outcome).toEqual({
      kind: 'here',
      live: {
        directory: '/srv/zope',
        variable: { path: '/srv/zope/var', from: `${path}:26` },
        dataFs: { path: '/srv/zope/var/filestorage/Data.fs', from: `${path}:26` },
        blobs: { path: '/srv/zope/var/blobstorage', from: `${path}:26` },
        blobCaches: [],
        hasServerPart: false,
        mounted: [
          {
            name: 'catalog',
            dataFs: '/srv/zope/var/filestorage/catalog.fs',
            blobs: '/srv/zope/relative/blobs',
            from: `${catalog}:2`,
          },
        ],
        elsewhere: [
          {
            kind: 'advice',
            code: 'storage-elsewhere',
            where: 'RelStorage, in a relational database',
            reason: `${catalog}:9: its data is in RelStorage, in a relational database; what is on this disk is at most a cache`,
          },
        ],
        variables: [],
        relativePaths: `relative paths in "${path}" begin at "/srv/zope", its instancehome`,
      },
    });
  });

  it('of a ZEO server are the storage 1, and the others by their names', async () => {
    const path = join(FIXTURES, 'zeo.conf');
    const outcome = await readConfStorages(path, { DATA_FOLDER: '/data' });
    expect(outcome).toMatchObject({
      live: {
        variable: { path: '/data' },
        dataFs: { path: '/data/filestorage/Data.fs' },
        blobs: { path: '/data/blobstorage' },
        mounted: [{ name: 'users', dataFs: '/srv/zeo/users.fs', blobs: undefined }],
      },
    });
    expect((await failureOf(path)).message).toBe(
      `Cannot read ${path}:7: the environment variable DATA_FOLDER is not set`,
    );
  });

  it('of a ZEO client, shared blobs or not, and of RelStorage are elsewhere', async () => {
    const shared = join(FIXTURES, 'zeo-client.conf');
    expect(await readConfStorages(shared, {})).toEqual({
      kind: 'elsewhere',
      reason: `${shared}:3: it is a client of the ZEO server "zeo.example.org:8100", which has the Data.fs; "/srv/zope/var/blobs" is the server's blob directory`,
      hint: 'Run this on the ZEO server, with its zeo.conf.',
    });
    const cached = confOf(
      '<zodb_db main>',
      '<zeoclient>',
      'server $(X)',
      'blob-dir c',
      '</zeoclient>',
      '</zodb_db>',
    );
    expect(await readConfStorages(cached, {})).toMatchObject({
      reason: `${cached}:2: it is a client of a ZEO server, which has the Data.fs; "${join(cached, '../../c')}" is only a cache`,
    });
    for (const type of ['relstorage', 'pgjsonb', 'demostorage']) {
      const path = confOf(
        '<zodb_db main>',
        `<${type}>`,
        '</zodb_db>'.replace('zodb_db', type),
        '</zodb_db>',
      );
      expect((await readConfStorages(path, {})).kind).toBe('elsewhere');
    }
  });

  it('of a DemoStorage are its changes; where its base is, a sentence tells', async () => {
    const demo = (...inner: readonly string[]) =>
      confOf('<zodb_db main>', '<demostorage>', ...inner, '</demostorage>', '</zodb_db>');
    const storage = (head: string, path: string) => [
      `<${head}>`,
      `path /srv/${path}.fs`,
      `blob-dir /srv/${path}`,
      `</${head.split(' ')[0]}>`,
    ];
    const client = ['<zeoclient base>', 'server zeo:1', '</zeoclient>'];
    const changes = storage('filestorage changes', 'changes');
    const written = demo(...storage('filestorage base', 'base'), ...changes);
    expect(await readConfStorages(written, {})).toMatchObject({
      kind: 'here',
      live: {
        dataFs: { path: '/srv/changes.fs' },
        blobs: { path: '/srv/changes' },
        changes: ['/srv/changes.fs'],
        elsewhere: [
          {
            kind: 'advice',
            code: 'demo-base-not-backed-up',
            from: `${written}:7`,
            dataFs: '/srv/changes.fs',
            base: '"/srv/base.fs" with the blobs in "/srv/base"',
          },
        ],
      },
    });
    const wrapped = [
      '<zlibstorage changes>',
      ...storage('filestorage', 'changes'),
      '</zlibstorage>',
    ];
    const inner = ['<demostorage base>', ...changes, ...client, '</demostorage>'];
    const both = await readConfStorages(demo(...wrapped, ...inner), {});
    expect(both).toMatchObject({
      live: {
        dataFs: { path: '/srv/changes.fs' },
        elsewhere: [
          {
            base: '"/srv/changes.fs" with the blobs in "/srv/changes" and the ZEO server "zeo:1"',
          },
        ],
      },
    });
    // With a base in memory, all that lasts is in the changes.
    const whole = await readConfStorages(demo(...changes), {});
    expect(whole).toMatchObject({ live: { dataFs: { path: '/srv/changes.fs' }, elsewhere: [] } });
    expect(whole).not.toMatchObject({ live: { changes: expect.anything() } });
    const inMemory = demo(...storage('filestorage base', 'base'));
    expect(await readConfStorages(inMemory, {})).toEqual({
      kind: 'elsewhere',
      reason: `${inMemory}:2: a demo storage without <filestorage changes> loses what was changed when it ends; its base is "/srv/base.fs" with the blobs in "/srv/base"`,
      hint: { kind: 'name-base', dataFs: '/srv/base.fs' },
    });
    expect(await readConfStorages(demo(...client), {})).toMatchObject({
      reason: expect.stringContaining('; its base is the ZEO server "zeo:1"'),
      hint: 'Run this on the ZEO server, with its zeo.conf.',
    });
  });

  it('begin relative paths at the folder above etc', async () => {
    const path = confOf(
      '<zodb_db main>',
      '<filestorage>',
      'path var/Data.fs',
      '</filestorage>',
      '</zodb_db>',
    );
    const folder = join(path, '../..');
    expect(await readConfStorages(path, {})).toMatchObject({
      live: {
        variable: { path: join(folder, 'var') },
        dataFs: { path: join(folder, 'var/Data.fs') },
        relativePaths: `relative paths in "${path}" begin at "${folder}", the folder above etc`,
      },
    });
  });

  it.each([
    [
      'a section that is not closed',
      ['', '<zodb_db main>'],
      'zope.conf:2: the section <zodb_db> is not closed',
    ],
    ['a section closed by another', ['<a>', '</b>'], 'zope.conf:2: </b> is in the place of </a>'],
    [
      'a section closed that was not opened',
      ['</b>'],
      'zope.conf:1: </b> closes what was not opened',
    ],
    [
      'a broken head',
      ['<a b c>'],
      'zope.conf:1: "<a b c>" is no section; it begins <type> or <type name>',
    ],
    [
      'an unknown directive',
      ['%defin A b'],
      'zope.conf:1: "%defin" is no directive; there are %define, %include and %import',
    ],
    [
      'a name defined twice',
      ['%define A b', '%define a c'],
      'zope.conf:2: "a" is defined already, as "b"',
    ],
    [
      'a file that includes itself',
      ['%include zope.conf'],
      'zope.conf:1: %include leads back to itself',
    ],
    [
      'an address elsewhere',
      ['%include http://x/y'],
      'zope.conf:1: "http://x/y" is no file of this machine',
    ],
    [
      'a name that is not defined',
      ['<filestorage 1>', 'path $nowhere/x', '</filestorage>'],
      'zope.conf:2: "nowhere" is not defined',
    ],
    [
      'a lone dollar',
      ['<filestorage 1>', 'path x$', '</filestorage>'],
      'zope.conf:2: there is no name behind "$"; write $$ for a dollar sign',
    ],
  ])('are refused with file and line: %s', async (_, lines, message) => {
    const path = confOf(...lines);
    const failure = await failureOf(path);
    expect([failure.code, failure.message]).toEqual([
      'usage',
      `Cannot read ${join(path, '..')}/${message}`,
    ]);
  });

  it('are refused where there is none, or nobody can tell the main one', async () => {
    expect((await failureOf(confOf('<zeo/>'))).code).toBe('not-found');
    const two = ['a', 'b'].flatMap((name) => [`<filestorage ${name}>`, 'path x', '</filestorage>']);
    expect((await failureOf(confOf(...two))).message).toContain('from the others: a, b');
  });
});
