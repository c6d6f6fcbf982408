import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Site } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import { randomFrom } from '../../src/demo/random.ts';
import { SampleSite } from '../../src/demo/sample-site.ts';
import { type Microseconds, microsecondsOfTid } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import { blobFiles } from '../support/blobs.ts';
import { quietContext } from '../support/quiet-context.ts';

/** How a healthy site is backed up. */
export const SITE_NAMES = [
  'plain',
  'gzip',
  'numbers',
  'tar',
  'tar-gzip',
  'tar-numbers',
  'chain',
  'chain-gzip',
] as const;
export type SiteName = (typeof SITE_NAMES)[number];

const SETTINGS: Readonly<Record<SiteName, Partial<Site>>> = {
  plain: { gzip: false },
  gzip: { gzip: true },
  numbers: { gzip: false, blobFormat: { kind: 'directories', naming: 'numbers' } },
  tar: { gzip: false, blobFormat: { kind: 'archives', naming: 'stamps', compression: 'none' } },
  'tar-gzip': {
    gzip: true,
    blobFormat: { kind: 'archives', naming: 'stamps', compression: 'gzip' },
  },
  'tar-numbers': {
    gzip: false,
    blobFormat: { kind: 'archives', naming: 'numbers', compression: 'none' },
  },
  chain: { gzip: false, blobFormat: { kind: 'incremental-archives', compression: 'none' } },
  'chain-gzip': { gzip: true, blobFormat: { kind: 'incremental-archives', compression: 'gzip' } },
};

/** The moments of the three backups of each site: a full one and two increments. */
export const STAMPS = [
  '2026-03-01-04-05-06',
  '2026-03-02-04-05-06',
  '2026-03-03-04-05-06',
] as const;
export const NEWEST = STAMPS[2];

const MOMENTS = STAMPS.map((stamp) => {
  const [year, month, day, hour, minute, second] = stamp.split('-').map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second));
});

/** The site in a folder, backed up as one of these names says. */
export async function siteIn(folder: string, name: SiteName): Promise<Site> {
  const { site } = await findPlainSite(folder, { written: NOTHING_NAMED, purpose: 'backup' });
  return { ...site, ...SETTINGS[name] };
}

/**
 * Makes a site with folders, documents, undos and blobs, some of them of one size, that is backed up
 * three times while it grows. The same each time: its clock and its chances are its own.
 */
export async function makeHealthySite(folder: string, name: SiteName): Promise<void> {
  const dataFs = join(folder, 'var/filestorage/Data.fs');
  const blobs = join(folder, 'var/blobstorage');
  mkdirSync(dirname(dataFs), { recursive: true });
  mkdirSync(blobs, { recursive: true });
  let clock = BigInt(MOMENTS[0]?.getTime() ?? 0) * 1000n - 3_600_000_000n;
  const random = randomFrom(7);
  let sample: SampleSite | undefined;
  for (const moment of MOMENTS) {
    {
      await using writer = await DatabaseWriter.open({
        path: dataFs,
        blobs: { path: blobs, layout: 'bushy' },
        now: () => {
          clock += 1_000_000n;
          return clock as Microseconds;
        },
        sync: 'on-close',
      });
      if (sample === undefined) {
        sample = await SampleSite.begin(writer, random);
        await sample.grow(6);
      }
      await commitMore(writer, random);
    }
    const site = await siteIn(folder, name);
    const settings = { site, kind: 'backup', full: 'as-set', compressor: 'node' } as const;
    await backUpSite(
      { ...settings, level: undefined, now: () => moment, random: random.next },
      quietContext(),
    );
  }
}

/** Two blobs of one size, an object that is edited, and the edit undone. */
async function commitMore(
  writer: DatabaseWriter,
  random: ReturnType<typeof randomFrom>,
): Promise<void> {
  const [oid, one, two] = [writer.newOid(), writer.newOid(), writer.newOid()];
  const state = () => ({
    kind: 'mapping' as const,
    data: new Map([['content', random.bytes(300)]]),
  });
  await writer.commit({
    changes: [
      { kind: 'state', oid, state: state() },
      { kind: 'blob', oid: one, content: random.bytes(3000) },
      { kind: 'blob', oid: two, content: random.bytes(3000) },
    ],
  });
  const tid = await writer.commit({ changes: [{ kind: 'state', oid, state: state() }] });
  await writer.undo(tid, { user: '/site ana', description: 'undo' });
  if (microsecondsOfTid(tid) <= 0n) throw new RangeError('the clock stands');
}

/** A copy of a healthy site, with what a damage wants to know of it. */
export class Place {
  readonly folder: string;
  readonly name: SiteName;
  readonly repository: string;
  readonly blobFolder: string;
  readonly live: string;

  constructor(folder: string, name: SiteName) {
    this.folder = folder;
    this.name = name;
    this.repository = join(folder, 'var/backups');
    this.blobFolder = join(folder, 'var/blobstoragebackups');
    this.live = join(folder, 'var/blobstorage');
  }

  /** Copies a site with its hard links and times. */
  static copy(from: string, { to, name }: { readonly to: string; readonly name: SiteName }): Place {
    execFileSync('cp', ['-a', from, to]);
    return new Place(to, name);
  }

  /** The data file of the n-th backup. */
  dataFile(number: number): string {
    const found = readdirSync(this.repository).find(
      (name) => name.startsWith(STAMPS[number] ?? '') && /fsz?$/.test(name),
    );
    if (found === undefined) throw new RangeError(`no backup ${number}`);
    return join(this.repository, found);
  }

  /** A file beside the data file of the n-th backup. */
  side(number: number, ending: string): string {
    return join(this.repository, `${STAMPS[number]}.${ending}`);
  }

  get dat(): string {
    return this.side(0, 'dat');
  }

  /** The blob backup of the n-th backup. */
  entry(number: number): string {
    const mark = this.name.endsWith('numbers')
      ? String(STAMPS.length - 1 - number)
      : STAMPS[number];
    const pattern = new RegExp(`^blobstorage\\.${mark}(\\.delta)?(\\.tar(\\.gz)?)?$`);
    const found = readdirSync(this.blobFolder).find((name) => pattern.test(name));
    if (found === undefined) throw new RangeError(`no blob backup ${number}`);
    return join(this.blobFolder, found);
  }

  get state(): string {
    return join(this.blobFolder, `blobstorage.${STAMPS[0]}.snar`);
  }

  /** The newest copy, and a path in it. */
  readonly copyPath = (...names: readonly string[]): string =>
    join(this.entry(2), 'blobstorage', ...names);

  /** Paths of the blobs in the newest copy, oldest first. */
  get blobs(): readonly string[] {
    const tid = (path: string) => path.slice(path.lastIndexOf('/') + 1);
    return [...blobFiles(this.live)].sort((a, b) => (tid(a) + a < tid(b) + b ? -1 : 1));
  }
}

/** What a restore is to give: every byte of the Data.fs and of each blob. */
export function contentOf(dataFs: string, blobs: string): ReadonlyMap<string, string> {
  const content = new Map<string, string>();
  if (existsSync(dataFs)) content.set('Data.fs', readFileSync(dataFs, 'latin1'));
  if (!existsSync(blobs)) return content;
  for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(blobs.length + 1);
    if (name === 'tmp' || entry.isDirectory()) continue;
    content.set(name, entry.isFile() ? readFileSync(path, 'latin1') : 'no file');
  }
  return content;
}
