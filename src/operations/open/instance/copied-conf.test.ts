import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfFile } from '../../../config/zconfig/conf-file.ts';
import { Failure } from '../../../system/failure.ts';
import type { ServedState } from '../serve-site.ts';
import { copiedConf } from './copied-conf.ts';
import { databasesOf } from './zope-databases.ts';

const scratch = mkdtempSync(join(tmpdir(), 'zodbvault-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const FILE = join(scratch, 'zope.conf');
const LIVE = `%define INSTANCE /live
%include other.conf
instancehome $INSTANCE
clienthome $INSTANCE/var
<environment>
  CHAMELEON_CACHE $INSTANCE/var/cache
  TZ UTC
</environment>
<eventlog>
  <logfile>
    path $INSTANCE/var/log/event.log
  </logfile>
</eventlog>
<clock-server>
  method /tick
</clock-server>
<zodb_db main>
  cache-size 20000
  mount-point /
  <zeoclient>
    server /live/var/zeo.sock
    storage 1
    name live
    client zeo-1
  </zeoclient>
</zodb_db>
<zodb_db temporary>
  <temporarystorage>
    name temporary storage for sessions
  </temporarystorage>
  mount-point /temp_folder
</zodb_db>
<zodb_db shop>
  mount-point /shop
  <filestorage>
    path $INSTANCE/var/filestorage/shop.fs
  </filestorage>
</zodb_db>
<dos_protection />
`;

describe('zope.conf of a copy', () => {
  it('has nothing that is written or read in the live site, and all else', async () => {
    writeFileSync(join(scratch, 'other.conf'), '');
    const text = await copyOf(LIVE, { isReadOnly: false });
    expect(text).toContain(`%include ${scratch}/other.conf`);
    expect(text).toContain('TZ UTC');
    expect(text).toContain('<dos_protection />');
    expect(text).toContain('temporary storage for sessions');
    expect(text).not.toMatch(/client zeo-1|clock-server|eventlog|filestorage\/shop|\/live\/var/);
    const conf = await parsed(text);
    const databases = conf.sections.filter(({ type }) => type === 'zodb_db');
    expect(databases.map(({ name }) => name)).toEqual(['main', 'temporary', 'shop']);
    const [main, , shop] = databases;
    const storages = [main, shop].map((database) => {
      const [base, changes] = database?.sections[0]?.sections ?? [];
      return [base, changes].map((one) =>
        one?.values.map(({ key, value }) => [key, textOf(value)]),
      );
    });
    expect(storages).toEqual([client('1'), client('shop')]);
  });

  it('has no storage for changes where nobody may make any', async () => {
    const text = await copyOf(LIVE, { isReadOnly: true });
    expect(text).not.toMatch(/demostorage|changes/);
    expect(text.match(/read-only true/g)).toHaveLength(2);
  });

  it('does without what the environment says of the live server alone', async () => {
    const unset = [
      '%define HOME $(CLIENT_HOME)',
      '%define CACHE $HOME/cache',
      'debug-mode $(DEBUG_MODE)',
      '<dos_protection>',
      '  form-memory-limit $(LIMIT)',
      '  form-disk-limit $CACHE',
      '  form-memfile-limit $$(4)',
      '</dos_protection>',
    ];
    const live = LIVE.replace('cache-size 20000', 'cache-size $(CACHE_SIZE)');
    const text = await copyOf([...unset, live].join('\n'), { isReadOnly: true });
    const isKept = (line: string) => text.split('\n').includes(line);
    expect(unset.filter(isKept)).toEqual([unset[3], unset[6], unset[7]]);
    expect(text).not.toMatch(/cache-size/);
    const { sections } = await parsed(text);
    const all = sections.flatMap(({ values }) => values);
    expect(all.filter(({ value }) => value.kind !== 'text')).toEqual([]);
  });

  it('is not made of one that mounts a storage which is not open', async () => {
    const only = [state('1', 'Data')];
    await expect(copyOf(LIVE, { isReadOnly: false, storages: only })).rejects.toThrow(Failure);
  });
});

/** What the copy's databases have: where they read, and where they write. */
function client(name: string) {
  return [
    [
      ['server', '127.0.0.1:8100'],
      ['storage', name],
      ['read-only', 'true'],
      ['blob-dir', `/copy/cache/blobs-${name}`],
      ['shared-blob-dir', 'off'],
    ],
    [
      ['path', `/copy/var/${name}/changes.fs`],
      ['blob-dir', `/copy/var/${name}/blobs`],
    ],
  ];
}

async function copyOf(
  live: string,
  {
    isReadOnly,
    storages = [state('shop', 'shop'), state('1', 'Data')],
  }: { readonly isReadOnly: boolean; readonly storages?: readonly ServedState[] },
): Promise<string> {
  writeFileSync(FILE, live);
  const conf = await readConfFile(FILE, {});
  const databases = databasesOf(conf, { file: FILE, storages });
  const address = { kind: 'tcp', host: '127.0.0.1', port: 8100 } as const;
  const copied = { home: '/copy', address, isReadOnly, databases };
  return copiedConf({ file: FILE, text: live, conf }, copied);
}

function parsed(text: string) {
  const path = join(scratch, 'copy.conf');
  writeFileSync(path, text);
  return readConfFile(path, {});
}

function textOf(value: { readonly kind: string; readonly text?: string }): string | undefined {
  return value.text;
}

function state(zeoName: string, storage: string): ServedState {
  return {
    zeoName,
    storage,
    tid: '0'.repeat(16),
    time: '',
    objects: 0,
    bytes: 0,
    fingerprint: undefined,
  };
}
