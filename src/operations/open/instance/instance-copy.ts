import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Site } from '../../../config/model/site.ts';
import { readConfFile } from '../../../config/zconfig/conf-file.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { makeFolder } from '../../../system/files/make-folder.ts';
import { removeRecursively } from '../../../system/files/remove-recursively.ts';
import { PRIVATE } from '../../../system/files/rights.ts';
import { LOOPBACK } from '../../../system/server-address.ts';
import type { ServedSite } from '../serve-site.ts';
import { copiedConf } from './copied-conf.ts';
import { findZopeConf, findZopeStarter, type ZopeStarter } from './find-instance.ts';
import { keysWithoutValue } from './kept-lines.ts';
import { wsgiIni } from './wsgi-ini.ts';
import { databasesOf } from './zope-databases.ts';

/** How the copy of an instance is made. */
export interface CopyOptions {
  /** The `zope.conf` of the instance; undefined: the one that is found. */
  readonly zopeConf: string | undefined;
  /** A new folder, which stays with all changes; undefined: a temporary one. */
  readonly keptFolder: string | undefined;
  readonly isReadOnly: boolean;
}

/** A second home of an instance, for a site as it was. Disposed of, it is removed, unless somebody keeps it. */
export interface InstanceCopy extends AsyncDisposable {
  readonly home: string;
  readonly url: string;
  readonly port: number;
  /** The `wsgi.ini` with which it is started. */
  readonly wsgiIni: string;
  /** What starts it; undefined where no such program was found. */
  readonly starter: ZopeStarter | undefined;
  /** Keys of the `zope.conf` that the copy does without, as their values can't be had. */
  readonly leftOut: readonly string[];
  /** Names in the `zope.conf` of what such an instance acts on, beside its databases. */
  readonly outside: readonly string[];
}

/** Plone leaves out its theme where the browser asked for 127.0.0.1 (`hostnameBlacklist` of plone.app.theming). */
const HOST_WITH_THEME = 'localhost';

const OUTSIDE = [
  'solr',
  'elasticsearch',
  'redis',
  'rabbitmq',
  'celery',
  'memcached',
  'clock-server',
];

/**
 * Makes a home in which the instance of a site reads what is open, and writes beside it. Nothing of it lies in the
 * live site. Failures: `usage` where the `zope.conf` can't be told or used; `refused` where the folder isn't empty.
 */
export async function makeInstanceCopy(
  { site, served }: { readonly site: Site; readonly served: ServedSite },
  { zopeConf, keptFolder, isReadOnly }: CopyOptions,
): Promise<InstanceCopy> {
  const file = await findZopeConf(site, zopeConf);
  const conf = await readConfFile(file, process.env);
  const databases = databasesOf(conf, { file, storages: served.storages });
  const text = await withSystemErrors(`read "${file}"`, () => readFile(file, 'utf8'));
  const live = { file, text, conf };
  const starter = await findZopeStarter(file);
  const port = await freePort();
  const home = await makeHome(keptFolder);
  const remove = async () => {
    if (keptFolder === undefined) await removeRecursively(home);
  };
  try {
    const { address } = served;
    await withSystemErrors(`write "${home}"`, async () => {
      const stored = served.storages.map(({ zeoName }) => join('var', zeoName));
      for (const folder of ['etc', 'log', 'cache', ...stored])
        await mkdir(join(home, folder), { recursive: true });
      const copied = copiedConf(live, { databases, home, address, isReadOnly });
      await writeFile(join(home, 'etc/zope.conf'), copied);
      await writeFile(join(home, 'etc/wsgi.ini'), wsgiIni({ home, host: LOOPBACK, port }));
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    home,
    port,
    url: `http://${HOST_WITH_THEME}:${port}/`,
    wsgiIni: join(home, 'etc/wsgi.ini'),
    starter,
    leftOut: keysWithoutValue(live),
    outside: OUTSIDE.filter((name) => text.toLowerCase().includes(name)),
    [Symbol.asyncDispose]: remove,
  };
}

/** A folder that only its user may open: what is in it is the site, with its private content. */
async function makeHome(kept: string | undefined): Promise<string> {
  if (kept === undefined) {
    return withSystemErrors('make a temporary folder', () =>
      mkdtemp(join(tmpdir(), 'zodbvault-site-')),
    );
  }
  const home = resolve(kept);
  await makeFolder(home, { rights: PRIVATE });
  const found = await withSystemErrors(`read "${home}"`, () => readdir(home));
  if (found.length === 0) return home;
  throw new Failure('refused', `Cannot keep the changes in "${home}": it is not empty`, {
    hint: 'Changes belong to the moment that they were made on. Name a new folder.',
  });
}

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const bound = server.address();
      const port = bound !== null && typeof bound !== 'string' ? bound.port : 0;
      server.close(() => resolve(port));
    });
  });
}
