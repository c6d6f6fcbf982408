import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programOf } from '../../test/support/real-parts.ts';
import { startZope } from '../../test/support/zope-server.ts';
import { COMMAND } from './weeks-of-backups.ts';

const PROGRAMS = join(import.meta.dirname, '../../test/real/programs');
const PAGE = 'Plone/news/summer-party';
/** Of a picture, in pixels. */
const WINDOW = '1000,760';
/** How often a page is photographed until it has settled. */
const ATTEMPTS = 10;

/** A page in a browser, as PNG: before it was removed, while it is gone, and when it is back. */
export interface PagePictures {
  readonly before: Buffer;
  readonly gone: Buffer;
  readonly back: Buffer;
}

/**
 * Takes a page out of a backup of a real Plone and puts it into the running site, and photographs what a visitor sees.
 * Needs chromium, and the environment that `test/real/environment plone` makes.
 *
 * @param folder - a new one, for the site
 */
export async function photographPage(folder: string): Promise<PagePictures> {
  const instance = join(folder, 'instance');
  const site = join(folder, 'site');
  const socket = join(site, 'zeo.sock');
  const blobs = join(site, 'var/blobstorage');
  for (const name of ['filestorage', 'blobstorage']) {
    mkdirSync(join(site, 'var', name), { recursive: true });
  }
  run('mkwsgiinstance', '-d', instance, '-u', 'admin:admin');
  const conf = join(site, 'zeo.conf');
  writeFileSync(conf, zeoConf({ socket, site, blobs }));
  await using _server = start('runzeo', '-C', conf);
  const club = (command: string) =>
    run('python', join(import.meta.dirname, 'sports_club.py'), command, instance, socket, blobs);
  club('make');
  zodbvault(site, 'backup');

  const zopeConf = join(instance, 'etc/test.conf');
  await using zope = await startZope(zopeConf);
  const url = zope.url + PAGE;
  const photograph = (name: string) => photographUrl(url, { folder, name });
  const before = photograph('before');
  club('remove');
  const gone = photograph('gone');
  zodbvault(site, 'export', 'latest', `/${PAGE}`, '-o', 'party.zexp');
  run('zconsole', 'run', zopeConf, join(site, 'party.zexp.import.py'), '/Plone/news');
  return { before, gone, back: photograph('back') };
}

function run(program: string, ...words: readonly string[]): void {
  const env = { ...process.env, PYTHONPATH: PROGRAMS };
  execFileSync(programOf('plone', program), words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

function zodbvault(folder: string, ...words: readonly string[]): void {
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  execFileSync(process.execPath, [COMMAND, ...words], { cwd: folder, stdio: [...stdio] });
}

function start(program: string, ...words: readonly string[]): AsyncDisposable {
  const child = spawn(programOf('plone', program), words, { stdio: 'ignore' });
  const closed = once(child, 'close');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** A picture of a page that has settled: two in a row are the same, since a slow server may send an image too late. */
function photographUrl(
  url: string,
  paths: { readonly folder: string; readonly name: string },
): Buffer {
  let last = photographOnce(url, paths);
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    const next = photographOnce(url, paths);
    if (next.equals(last)) return next;
    last = next;
  }
  throw new Error(`${url} looks different each time: see ${paths.name}.png in ${paths.folder}`);
}

function photographOnce(
  url: string,
  { folder, name }: { readonly folder: string; readonly name: string },
): Buffer {
  const picture = join(folder, `${name}.png`);
  const settled = '--virtual-time-budget=10000'; // Until nothing moves any more.
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', settled];
  const profile = `--user-data-dir=${join(folder, 'chromium')}`;
  const shot = [profile, `--window-size=${WINDOW}`, `--screenshot=${picture}`, url];
  execFileSync('chromium', [...options, ...shot], { stdio: 'ignore' });
  return readFileSync(picture);
}

function zeoConf(paths: Readonly<Record<'socket' | 'site' | 'blobs', string>>): string {
  return `<zeo>
  address ${paths.socket}
</zeo>
<filestorage 1>
  path ${paths.site}/var/filestorage/Data.fs
  blob-dir ${paths.blobs}
</filestorage>
`;
}
