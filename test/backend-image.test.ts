import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitBlob, dataFilesIn, folderState, namesIn } from './support/buildout-site.ts';
import { zodbvault } from './support/command.ts';
import { scratchFolder } from './support/scratch.ts';

/*
 * The image plone-backend, as its skeleton lays it out: in /app/etc three configurations, of which the entrypoint takes
 * one, with variables that it sets for the server alone; /app/var leads to the volume. Folders of this test stand
 * for /app and /data.
 */

const scratch = scratchFolder();
let made = 0;

interface Image {
  /** The working directory of its commands. */
  readonly app: string;
  readonly data: string;
  readonly run: (
    words: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ) => ReturnType<typeof zodbvault>;
}

/** What all three begin with. */
const head = (app: string) => [
  `%define INSTANCE ${app}`,
  'instancehome $INSTANCE',
  '%define CLIENTHOME $(CLIENT_HOME)',
  'clienthome $CLIENTHOME',
  'debug-mode $(DEBUG_MODE)',
];

const database = (...storage: readonly string[]) => [
  ...['<zodb_db main>', 'cache-size $(ZODB_CACHE_SIZE)', ...storage, 'mount-point /', '</zodb_db>'],
];

async function newImage(): Promise<Image> {
  const folder = join(scratch, `image-${++made}`);
  const [app, data] = [join(folder, 'app'), join(folder, 'data')];
  mkdirSync(join(app, 'etc'), { recursive: true });
  await commitBlob(join(data, 'filestorage/Data.fs'));
  symlinkSync(data, join(app, 'var'));
  const write = (name: string, ...storage: readonly string[]) =>
    writeFileSync(join(app, 'etc', name), [...head(app), ...database(...storage), ''].join('\n'));
  const blobs = 'blob-dir $INSTANCE/var/blobstorage';
  write(
    'zope.conf',
    ...['<blobstorage>', blobs, '<filestorage>', 'path $INSTANCE/var/filestorage/Data.fs'],
    ...['</filestorage>', '</blobstorage>'],
  );
  write(
    'zeo.conf',
    ...['<zeoclient>', blobs, 'shared-blob-dir $(ZEO_SHARED_BLOB_DIR)'],
    ...['server $(ZEO_ADDRESS)', 'storage $(ZEO_STORAGE)', '</zeoclient>'],
  );
  write(
    'relstorage.conf',
    ...['%import relstorage', '<relstorage>', 'name $(RELSTORAGE_NAME)', blobs],
    ...['<postgresql>', 'dsn $(RELSTORAGE_DSN)', '</postgresql>', '</relstorage>'],
  );
  const run: Image['run'] = (words, environment = {}) =>
    zodbvault(words, { cwd: app, env: environment });
  return { app, data, run };
}

const ZEO = { ZEO_ADDRESS: 'zeo:8100' };
const RELSTORAGE = { RELSTORAGE_DSN: "dbname='plone' host='db' password='secret'" };

describe('in the working directory of plone-backend', () => {
  it('every command finds the volume, where it is neither a ZEO client nor has an SQL database', async () => {
    const { app, data, run } = await newImage();
    expect((await run(['backup'])).status).toBe(0);
    expect(dataFilesIn(join(data, 'backups'))).toHaveLength(1);
    expect(namesIn(join(data, 'blobstoragebackups'))).toContain('latest');
    for (const words of [['list'], ['verify'], ['history'], ['report'], ['schedule'], ['log']]) {
      expect([words, (await run(words)).status]).toEqual([words, 0]);
    }
    expect((await run(['check', '--free', 'off'])).stdout).toContain('ZODBVAULT OK - ');
    const before = folderState(join(data, 'filestorage'));
    await commitBlob(join(data, 'filestorage/Data.fs'));
    expect((await run(['restore', '-n'])).status).toBe(0);
    expect(folderState(join(data, 'filestorage'))).toMatchObject({ 'Data.fs': before['Data.fs'] });
    const { stdout } = await run(['config']);
    expect(stdout).toContain(`Taken: ${join(app, 'etc/zope.conf')}: `);
    expect(stdout).toContain(
      `Not taken: ${join(app, 'etc/zeo.conf')}: the container runs with ${join(app, 'etc/zope.conf')}, as RELSTORAGE_DSN and ZEO_ADDRESS are not set\n`,
    );
  });

  it.each([
    ['ZEO', ZEO, 'it is a client of the ZEO server "zeo:8100", which has the Data.fs; "'],
    ['RelStorage', RELSTORAGE, 'its data is in RelStorage, in a relational database; '],
    ['RelStorage, which comes first', { ...ZEO, ...RELSTORAGE }, 'its data is in RelStorage'],
  ])(
    'an old Data.fs of a container that uses %s is not taken for its database',
    async (_, environment, why) => {
      const { app, data, run } = await newImage();
      const before = folderState(data);
      const choices = [
        [],
        ['--config', join(app, 'etc/zope.conf')],
        ['--config', 'etc/zope.conf'],
      ] as const;
      for (const command of ['backup', 'restore', 'list', 'config', 'init', 'schedule']) {
        for (const choice of command === 'init' ? [[]] : choices) {
          const { status, stdout, stderr } = await run([command, ...choice], environment);
          expect([command, status, stderr]).toEqual([command, 1, expect.stringContaining(why)]);
          expect(stdout + stderr).not.toContain('secret');
          expect(stderr).not.toMatch(/^Hint:.*--config/m);
        }
      }
      expect((await run(['check'], environment)).status).toBe(3);
      expect(folderState(data)).toEqual(before);
    },
  );

  it('is not taken by way of a zodbvault.toml, or the environment, but where it is named', async () => {
    const { app, data, run } = await newImage();
    const viaEnvironment = await run(['backup'], { ...ZEO, ZODBVAULT_ZOPE_CONF: 'etc/zope.conf' });
    expect([viaEnvironment.status, viaEnvironment.stderr]).toEqual([
      1,
      expect.stringContaining('To use an old Data.fs in this folder anyway, name it with --datafs'),
    ]);
    writeFileSync(join(app, 'zodbvault.toml'), 'keep = 3\n');
    expect((await run(['backup'], ZEO)).status).toBe(1);
    expect(namesIn(join(data, 'backups'))).toEqual([]);
    const named = await run(['backup', '--datafs', 'var/filestorage/Data.fs'], ZEO);
    expect(named.status).toBe(0);
  });

  it('says of the file of another mode that the container runs with another', async () => {
    const { app, run } = await newImage();
    const { status, stderr } = await run(['backup', '--config', 'etc/zeo.conf']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(`Hint: Name that file: --config ${join(app, 'etc/zope.conf')}.\n`),
    ]);
    expect((await run(['backup', '--config', join(app, 'etc/zope.conf')])).status).toBe(0);
  });
});
