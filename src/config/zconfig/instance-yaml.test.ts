import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { Failure } from '../../system/failure.ts';
import { readInstanceYaml } from './instance-yaml.ts';

const scratch = scratchFolder();
const file = join(scratch, 'instance.yaml');

function read(...lines: readonly string[]) {
  writeFileSync(file, ['default_context:', ...lines.map((line) => `    ${line}`)].join('\n'));
  return readInstanceYaml(file);
}

describe('instance.yaml', () => {
  it('has its defaults below the target', async () => {
    const [user, more] = ["initial_user_name: 'admin'", 'load_zcml: {package_includes: [a.b]}'];
    const from = `a default of "${file}"`;
    expect(await read(user, more)).toMatchObject({
      kind: 'here',
      live: {
        directory: scratch,
        variable: { path: join(scratch, 'instance/var') },
        dataFs: { path: join(scratch, 'instance/var/filestorage/Data.fs'), from },
        blobs: { path: join(scratch, 'instance/var/blobs'), from },
      },
    });
  });

  it('is followed where options refer to each other; the older name of the blobs wins', async () => {
    const outcome = await read(
      'target: "/srv/zope"',
      'db_filestorage_location: "{{ cookiecutter.target }}/db/Data.fs"',
      'db_blob_location: new',
      'db_blobs_location: old',
    );
    expect(outcome).toMatchObject({
      live: {
        dataFs: { path: '/srv/zope/db/Data.fs', from: `${file}:3` },
        blobs: { path: join(scratch, 'old'), from: `${file}:5` },
      },
    });
  });

  it('of a ZEO client or another database is no source, and its cache no blob directory', async () => {
    expect(await read('db_storage: zeo', 'db_blob_mode: cache')).toEqual({
      kind: 'elsewhere',
      reason: `${file}:2: db_storage is "zeo": the ZEO server has the Data.fs; "${join(scratch, 'instance/var/blobs')}" is only a cache`,
      hint: 'Run this on the ZEO server, with its zeo.conf.',
    });
    for (const storage of ['relstorage', 'pgjsonb']) {
      expect(await read(`db_storage: ${storage}`)).toMatchObject({
        kind: 'elsewhere',
        reason: expect.stringContaining('another database'),
      });
    }
    expect(await read('db_storage: bogus')).toMatchObject({
      kind: 'elsewhere',
      reason: `${file}:2: db_storage is "bogus", which is none of direct, zeo, relstorage, pgjsonb: nobody can tell where the data is`,
    });
  });

  it.each([
    ['references in a circle', 'target: "{{ cookiecutter.target }}"', 'yaml:2: "{{ cook'],
    ['broken YAML', 'a: [b', 'yaml:2: '],
  ])('is refused with file and line: %s', async (_, line, message) => {
    const error: unknown = await read(line).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Failure);
    expect(String(error)).toContain(message);
  });
});
