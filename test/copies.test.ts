import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CopySettings } from '../src/config/model/copy-settings.ts';
import type { Site } from '../src/config/model/site.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { openCopy } from '../src/operations/copies/copy-place.ts';
import { pushSite } from '../src/operations/copies/push-site.ts';
import { verifyCopy } from '../src/operations/copies/verify-copy.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { parseRestoreTarget } from '../src/repository/restore-target.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { newKeyPair } from '../src/system/age/keys.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { COMMAND } from './support/command.ts';
import { expectSameBlobs, restoreFrom } from './support/copied-site.ts';
import { countedObjects } from './support/counted-objects.ts';
import { growDatabase } from './support/database.ts';
import { failingAt } from './support/failing-objects.ts';
import { outcomeOf } from './support/outcome.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite } from './support/site.ts';

const scratch = scratchFolder();
/** Nobody has its secret key. */
const { recipient: RECIPIENT } = await newKeyPair();
let made = 0;

/** A site with an empty place for copies. */
async function siteWithCopy(
  change: Partial<Site> = {},
  {
    keep = 0,
    ...forms
  }: Partial<Pick<CopySettings, 'keep' | 'recipients' | 'compression' | 'appendOnly'>> = {},
) {
  const test = await newSite(scratch, 25);
  const { site: found } = await findPlainSite(test.folder, {
    written: NOTHING_NAMED,
    purpose: 'backup',
  });
  const place = join(scratch, `nas-${++made}`);
  mkdirSync(place);
  const copy: CopySettings = {
    ...{ url: place, name: 'nas', site: 'plone', keep, singleWriter: false, access: {} },
    ...{ appendOnly: false, lockDays: 0 },
    ...{ recipients: [], compression: 'as-is', ...forms },
  };
  const site: Site = { ...found, ...change, copies: [copy] };
  let day = 0;
  const events: JobEvent[] = [];
  return {
    ...{ test, place, copy, site, events },
    /** Makes a backup a day later, after so many transactions. */
    backUp: async ({
      kind = 'backup',
      full = 'as-set',
      transactions = 1,
    }: {
      kind?: 'backup' | 'snapshot' | 'zip';
      full?: 'as-set' | 'always';
      transactions?: number;
    } = {}) => {
      if (transactions > 0) await growDatabase(test.dataFs, { transactions });
      day += 1;
      const now = () => new Date(Date.UTC(2026, 2, day, 2));
      await backUpSite(
        { ...BY_NODE, site, kind, full, now },
        quietContext((event) => events.push(event)),
      );
    },
    /** Requests of a push that finds nothing new, and what it says it did. */
    push: async () => {
      const store = countedObjects(await openCopy(copy));
      const request = { site, copy, now: () => new Date(), open: async () => store };
      const result = await pushSite(request, quietContext());
      return { ...result, requests: store.requests };
    },
    verify: () => verifyCopy({ site, copy, now: () => new Date(), open: openCopy }, quietContext()),
    keys: () =>
      readdirSync(place, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name).slice(place.length + 1))
        .sort(),
    warnings: () => events.flatMap((one) => (one.kind === 'warning' ? [one.code] : [])),
  };
}

const archives = { kind: 'archives', naming: 'stamps', compression: 'gzip' } as const;
const MODES: readonly (readonly [string, Partial<Site>])[] = [
  ['copies of the blobs', {}],
  ['numbered copies', { blobFormat: { kind: 'directories', naming: 'numbers' } }],
  ['archives', { blobFormat: archives }],
  ['numbered archives', { blobFormat: { ...archives, naming: 'numbers', compression: 'none' } }],
  ['chains of archives', { blobFormat: { kind: 'incremental-archives', compression: 'gzip' } }],
  ['no blobs', { contents: 'filestorages' }],
  ['only blobs', { contents: 'blobs' }],
  [
    'only blobs, in chains of archives',
    { contents: 'blobs', blobFormat: { kind: 'incremental-archives', compression: 'none' } },
  ],
];

describe('a copy', () => {
  it.each(MODES)(
    'has every backup, whole, with %s',
    async (_, change) => {
      const site = await siteWithCopy(change);
      await site.backUp();
      await site.backUp();
      if (change.contents !== 'blobs') await site.backUp({ kind: 'snapshot' });
      await site.backUp({ full: 'always' });
      expect(site.warnings()).toEqual([]);
      const verified = await site.verify();
      expect(verified.findings).toEqual([]);
      expect(verified.points).toBe(change.contents === 'blobs' ? 3 : 4);
      const again = await site.push();
      expect(again.points).toBe(0);
      expect(again.requests.length).toBeLessThanOrEqual(3);
    },
    120_000,
  );

  it('is listed once for what has come, and once for what has gone, where a run brings something', async () => {
    const { site, copy, backUp, push } = await siteWithCopy();
    await backUp();
    const { copies: _, ...alone } = site;
    const now = () => new Date(Date.UTC(2026, 2, 3, 2));
    await backUpSite(
      { ...BY_NODE, site: alone, kind: 'snapshot', full: 'as-set', now },
      quietContext(),
    );
    const { points, requests } = await push();
    expect([copy.keep, points]).toEqual([0, 1]);
    const listed = requests.filter((one) => one.startsWith('LIST'));
    // The points once more behind the lock.
    expect(listed.map((one) => one.replace(/.*plone./, '')).sort()).toEqual([
      'events/',
      'points/',
      'points/',
      'tags/',
      'tombstones/',
    ]);
  }, 60_000);

  it('gets each revision of a blob once, whatever backup has it', async () => {
    const site = await siteWithCopy();
    await site.backUp();
    const before = site.keys().filter((key) => key.includes('/blobs/'));
    expect(before.length).toBeGreaterThan(0);
    await site.backUp({ kind: 'snapshot' });
    await site.backUp({ full: 'always' });
    expect(site.keys().filter((key) => key.includes('/blobs/'))).toEqual(before);
  }, 60_000);

  it('that can not be reached is a warning, and is made up for by the next run', async () => {
    const site = await siteWithCopy();
    rmSync(site.place, { recursive: true });
    await site.backUp();
    await site.backUp();
    expect(site.warnings()).toEqual(['copy-failed', 'copy-failed']);
    mkdirSync(site.place);
    expect((await site.push()).points).toBe(2);
    expect((await site.verify()).findings).toEqual([]);
  }, 60_000);

  it('keeps what is gone here, and as many chains as it is told', async () => {
    const site = await siteWithCopy({ keep: 1 }, { keep: 2 });
    for (let count = 0; count < 4; count++) {
      await site.backUp({ full: 'always' });
      await site.backUp();
    }
    const points = site.keys().filter((key) => key.includes('/points/'));
    expect(points.length).toBe(4);
    expect(site.keys().filter((key) => key.includes('/tombstones/')).length).toBe(4);
    expect((await site.verify()).findings).toEqual([]);
    expect((await site.push()).requests.length).toBeLessThanOrEqual(3);
  }, 120_000);

  it('keeps for two days what a killed run has left of an upload', async () => {
    const site = await siteWithCopy();
    await site.backUp();
    const leave = (name: string, ageHours: number) => {
      const path = join(site.place, `sites/plone/data/.${name}.0123456789ab.zodbvault-tmp`);
      writeFileSync(path, 'half');
      const at = Date.now() / 1000 - ageHours * 3600;
      utimesSync(path, at, at);
      return path;
    };
    const [young, old] = [leave('young', 47), leave('old', 49)];
    await site.backUp();
    expect([young, old].map((path) => existsSync(path))).toEqual([true, false]);
  });

  it('that is append-only loses nothing by the machine that brings it', async () => {
    const site = await siteWithCopy({ keep: 1 }, { keep: 1, appendOnly: true });
    await site.backUp();
    const left = join(site.place, 'sites/plone/data/.b.0123456789ab.zodbvault-tmp');
    writeFileSync(left, 'half');
    utimesSync(left, 1000, 1000);
    const before = site.keys();
    await site.backUp({ full: 'always' });
    await site.backUp({ full: 'always' });
    expect(site.keys()).toEqual(expect.arrayContaining(before));
    const counted = (part: string) => site.keys().filter((key) => key.includes(part)).length;
    expect([counted('/points/'), counted('/tombstones/')]).toEqual([3, 0]);
    expect((await site.verify()).findings).toEqual([]);
    expect((await site.push()).requests.length).toBeLessThanOrEqual(3);
    const copy = { ...site.copy, appendOnly: false };
    const request = { site: site.site, copy, now: () => new Date(), open: openCopy };
    expect((await pushSite(request, quietContext())).removed).toBe(2);
    expect(site.keys()).not.toContain(left.slice(site.place.length + 1));
  }, 120_000);

  it.each([
    ['a data file', /\/data\/.*fsz$/, 'checksum'],
    ['a blob', /\/blobs\//, 'checksum'],
    ['a manifest', /\/manifests\//, 'unreadable'],
  ])(
    'tells that %s was changed',
    async (_, pattern, state) => {
      const site = await siteWithCopy();
      await site.backUp();
      const key = site.keys().find((one) => pattern.test(one)) ?? '';
      const path = join(site.place, key);
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3);
      writeFileSync(path, bytes);
      const { findings } = await site.verify();
      expect(findings.map((one) => one.state)).toContain(state);
      rmSync(path);
      expect((await site.verify()).findings.map((one) => one.state)).toContain('missing');
    },
    60_000,
  );

  it.each([
    ['a blob', /\/blobs\//],
    ['a list of blobs', /\/manifests\//],
  ])(
    'in which %s was damaged gets it again with the next backup, when somebody has looked',
    async (_, pattern) => {
      const site = await siteWithCopy();
      await site.backUp();
      const key = site.keys().find((one) => pattern.test(one)) ?? '';
      const path = join(site.place, key);
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.alloc(bytes.length, 1));
      await site.verify();
      await site.backUp({ full: 'always' });
      expect(site.warnings()).toEqual([]);
      // What was damaged stays so, and the newest restore point does without it.
      const { findings } = await site.verify();
      expect(new Set(findings.map((one) => one.object))).toEqual(new Set([path]));
      const wanted = parseRestoreTarget(undefined);
      const { blobs } = await restoreFrom(folderObjects(site.place), { scratch, wanted });
      expectSameBlobs(blobs, join(site.test.folder, 'var/blobstorage'));
    },
    60_000,
  );

  it('is whole whichever write fails, be it that the disk is full, and the next run goes on', async () => {
    const site = await siteWithCopy({}, { keep: 1 });
    const other = { ...site.copy, url: `${site.place}-later` };
    await site.backUp();
    await site.backUp();
    await site.backUp({ full: 'always' });
    mkdirSync(other.url);
    const push = async (copy: CopySettings, failsAt: number) => {
      const store = failingAt(await openCopy(copy), failsAt);
      const request = { site: site.site, copy, now: () => new Date(), open: async () => store };
      return await outcomeOf(() => pushSite(request, quietContext()));
    };
    const verify = (copy: CopySettings) =>
      verifyCopy({ site: site.site, copy, now: () => new Date(), open: openCopy }, quietContext());
    const all = { ...other, keep: 0 };
    let failed = 0;
    for (let failsAt = 1; ; failsAt++) {
      rmSync(other.url, { recursive: true });
      mkdirSync(other.url);
      const outcome = await push(all, failsAt);
      expect((await verify(all)).findings).toEqual([]);
      if (outcome.kind === 'result') break;
      failed += 1;
      expect(outcome).toMatchObject({ code: 'system' });
      expect((await push(all, Number.POSITIVE_INFINITY)).kind).toBe('result');
      const { findings, points } = await verify(all);
      expect([findings, points]).toEqual([[], 3]);
    }
    expect(failed).toBeGreaterThan(15);
  }, 300_000);

  it('is whole whenever its run is killed, and the next run goes on', async () => {
    const site = await siteWithCopy();
    rmSync(site.place, { recursive: true });
    for (let count = 0; count < 3; count++) await site.backUp({ transactions: 40 });
    mkdirSync(site.place);
    writeFileSync(
      join(site.test.folder, 'zodbvault.toml'),
      `copies = [{ url = "${site.place}", name = "nas", site = "plone" }]\n`,
    );
    let killed = 0;
    for (let delay = 300; killed < 12; delay += 60) {
      const child = spawn(process.execPath, [COMMAND, 'copy'], { cwd: site.test.folder });
      const ended = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), delay);
      const [status] = (await ended) as [number | null];
      clearTimeout(timer);
      const { findings } = await site.verify();
      expect(findings).toEqual([]);
      if (status !== null) break;
      killed += 1;
    }
    await site.test.runWell('copy');
    const { findings, points } = await site.verify();
    expect([findings, points]).toEqual([[], 3]);
  }, 300_000);

  it('says that its server may lose what it took, where it has taken something', async () => {
    const { site, copy, place, backUp } = await siteWithCopy();
    await backUp();
    rmSync(join(place, 'sites'), { recursive: true });
    const said: JobEvent[] = [];
    const open = async () => ({ ...folderObjects(place), isUnsynced: true }) as const;
    const context = quietContext((event) => said.push(event));
    for (let run = 0; run < 2; run++)
      await pushSite({ site, copy, now: () => new Date(), open }, context);
    const notices = said.filter(({ kind }) => kind === 'notice');
    expect(notices).toEqual([{ kind: 'notice', code: 'copy-not-synced', copy: 'nas' }]);
  }, 60_000);

  it('tells that a record was taken out', async () => {
    const site = await siteWithCopy();
    for (let count = 0; count < 3; count++) await site.backUp();
    const [, second = ''] = site.keys().filter((key) => key.includes('/points/'));
    rmSync(join(site.place, second));
    expect((await site.verify()).findings.map((one) => one.state)).toEqual(['gap']);
  }, 60_000);
});

describe('a copy in another form', () => {
  const FORMS: readonly (readonly [string, Parameters<typeof siteWithCopy>[1]])[] = [
    ['encrypted', { recipients: [RECIPIENT] }],
    ['compressed', { compression: 'zstd' }],
    ['compressed and encrypted', { recipients: [RECIPIENT], compression: 'zstd' }],
  ];

  it.each(FORMS)(
    'has every backup, whole, and each blob once: %s',
    async (_, forms) => {
      const site = await siteWithCopy({}, forms);
      await site.backUp();
      const blobs = () => site.keys().filter((key) => key.includes('/blobs/'));
      const before = blobs();
      expect(before.length).toBeGreaterThan(0);
      await site.backUp();
      await site.backUp({ kind: 'snapshot' });
      expect(blobs()).toEqual(before);
      expect(site.warnings()).toEqual([]);
      const again = await site.push();
      expect(again.points).toBe(0);
      expect(again.requests.length).toBeLessThanOrEqual(3);
      expect(await site.verify()).toMatchObject({ points: 3, findings: [] });
    },
    120_000,
  );

  it('gets the blobs again when it is closed to others from now on', async () => {
    const site = await siteWithCopy();
    await site.backUp();
    const open = site.keys().filter((key) => key.includes('/blobs/'));
    Object.assign(site.copy, { recipients: [RECIPIENT] });
    await site.backUp();
    const closed = site.keys().filter((key) => key.endsWith('.age') && key.includes('/blobs/'));
    expect(closed.map((key) => key.slice(0, -'.age'.length))).toEqual(open);
    expect(await site.verify()).toMatchObject({ points: 2, findings: [] });
  }, 60_000);
});
