import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GOLDEN, goldenStates } from '../golden/states.ts';
import { zodbvault } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** What --json says of a restore point. */
interface Point {
  readonly stamp: string;
  readonly problems: number;
  readonly counts?: { readonly blobs: number };
  readonly findings: readonly Finding[];
}

interface Finding {
  readonly result: 'bad' | 'note';
  readonly code: string;
  readonly message: string;
  readonly user?: string;
}

async function verifyDeep(site: TestSite, ...words: readonly string[]) {
  const finished = await site.run(['verify', '--deep', '--json', ...words]);
  const { status, stderr } = finished;
  const points: readonly Point[] = documentOf(finished).points;
  return { status, points, findings: points.flatMap((one) => one.findings), stderr };
}

/** The stamp of the newest backup. */
function newestStamp(site: TestSite): string {
  return site.dataFiles().at(-1)?.slice(0, 19) ?? '';
}

/** The copy in the newest blob backup. */
function newestCopy(site: TestSite): string {
  const name = `blobstorage.${newestStamp(site)}`;
  return join(site.folder, 'var/blobstoragebackups', name, 'blobstorage');
}

/** Leaves of a copy what another program would have made. */
function forgetWhoMade(entry: string): void {
  for (const name of ['.zodbvault.json', '.zodbvault.sums']) rmSync(join(entry, name));
}

function blobsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.blob'))
    .sort();
}

/** The oid and the tid of the blob in a bushy path. */
function namesOf(path: string): { readonly oid: string; readonly tid: string } {
  const parts = path.split('/');
  return {
    oid: parts
      .slice(0, 8)
      .map((part) => part.slice(2))
      .join(''),
    tid: (parts[8] ?? '').slice(2, 18),
  };
}

describe('zodbvault verify --deep of a healthy site', () => {
  it('finds nothing in any restore point, with blobs, undos and a pack', async () => {
    const site = await newSite(scratch, 60);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup');
    await packDatabase(site.dataFs);
    await site.runWell('backup');
    const { status, points, findings } = await verifyDeep(site, '--all');
    expect(findings).toEqual([]);
    expect([status, points.length]).toEqual([0, 3]);
    expect(Math.min(...points.map(({ counts }) => counts?.blobs ?? 0))).toBeGreaterThan(0);

    const said = await site.run(['verify', '--deep', '--sample', '10%']);
    expect(said.status).toBe(0);
    expect((await site.runWell('history', '--last', '1')).stdout).toContain(
      ' verify --deep --sample ',
    );
    expect(said.stderr).toMatch(
      /Verified \S+, \S+ \(UTC\): 0 problems in \d+ transactions, \d+ records, \d+ objects, references of \d+ of them followed, \d+ blob records/,
    );
    expect((await site.runWell('verify', '--deep', '-q')).stderr).toBe('');
  });

  it.each(['bushy', 'lawn'] as const)(
    'finds nothing in what repozo made of golden %s',
    async (name) => {
      const folder = join(scratch, `golden-${name}`);
      for (const state of goldenStates.filter(({ site }) => site === name)) {
        const entry = join(folder, `blobstorage.2026-03-0${state.name[0]}-04-05-06`);
        mkdirSync(entry, { recursive: true });
        cpSync(join(state.directory, 'blobstorage'), join(entry, 'blobstorage'), {
          recursive: true,
        });
      }
      for (const kind of ['repozo-gzip', 'repozo-plain']) {
        // A copy: verify remembers what it has seen.
        const location = join(scratch, `${name}-${kind}`);
        cpSync(join(GOLDEN, name, kind), location, { recursive: true });
        const words = ['--location', location, '--blobbackuplocation', folder, '--json'];
        const finished = await zodbvault(['verify', '--deep', '--all', ...words]);
        const points: readonly Point[] = documentOf(finished).points;
        expect(points.flatMap(({ findings }) => findings)).toEqual([]);
        expect([finished.status, points.length]).toEqual([0, 7]);
      }
    },
  );

  it('looks at the restore point of a date, and says where blobs were not looked for', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const first = newestStamp(site);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    const { status, points, findings } = await verifyDeep(site, first, '--no-blobs');
    expect(status).toBe(0);
    expect(points).toMatchObject([{ stamp: first, findings: [{ result: 'note' }] }]);
    expect(findings[0]?.message).toContain('no folder with blob backups is known');
  });
});

describe('zodbvault verify --deep of a damaged database', () => {
  it('names the object, its class, the transaction, the time and the user', async () => {
    const builder = new LogBuilder();
    builder.add([
      { oid: 0, refersTo: [1] },
      { oid: 1, refersTo: [] },
    ]);
    builder.add([{ oid: 1, refersTo: [0xbad] }], { user: '/site björn' });
    const site = siteIn(join(scratch, 'dangling'));
    mkdirSync(dirname(site.dataFs), { recursive: true });
    writeFileSync(site.dataFs, builder.bytes());
    await site.runWell('backup');
    const { status, points, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    expect(points).toMatchObject([
      { site: 'backup', storage: 'Data', kind: 'backup', stamp: newestStamp(site) },
    ]);
    expect(findings[0]).toEqual({
      result: 'bad',
      code: 'reference',
      message:
        'it refers to the object 0000000000000bad (persistent.mapping.PersistentMapping), which does not exist',
      oid: '0000000000000001',
      className: 'persistent.mapping.PersistentMapping',
      tid: expect.stringMatching(/^[0-9a-f]{16}$/),
      time: '2026-03-01T04:07:00.000000Z',
      user: '/site björn',
    });
    const said = await site.run(['verify', '--deep']);
    expect(said.stderr).toMatch(
      /^Warning: \S+: object 0000000000000001 \(persistent\.mapping\.PersistentMapping\): it refers to .*, which does not exist \[transaction [0-9a-f]{16}, 2026-03-01T04:07:00\.000000Z, by "\/site björn"\]$/m,
    );
  });

  it('finds an index that is missing, cut, of the backup before, or changed', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const first = newestStamp(site);
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup');
    const path = join(site.repository, `${newestStamp(site)}.index`);
    const good = readFileSync(path);
    const problems = async () => {
      const { status, findings } = await verifyDeep(site);
      expect(status).toBe(1);
      return findings.filter(({ result }) => result === 'bad');
    };
    rmSync(path);
    expect((await problems()).map(({ message }) => message)).toEqual([
      'it is missing; a restore works without an index',
    ]);
    writeFileSync(path, good.subarray(0, -1));
    expect((await problems()).map(({ message }) => message)).toEqual([
      'zodbvault cannot read it; a restore works without an index',
    ]);
    writeFileSync(path, readFileSync(join(site.repository, `${first}.index`)));
    expect((await problems()).map(({ message }) => message)).toEqual([
      'its sha256 is not the one in its .json',
      expect.stringMatching(/^the stored index is of a log of \d+ bytes, this one has \d+$/),
      expect.stringMatching(/^the stored index has not got it; it is at \d+$/),
      expect.stringMatching(/^the stored index has not got it; it is at \d+$/),
    ]);
    const changed = Buffer.from(good);
    // The last byte of the last position: behind it stand TUPLE2, STOP and the pickle of None.
    changed.writeUInt8((changed.at(-7) ?? 0) ^ 1, changed.length - 7);
    writeFileSync(path, changed);
    const [sha256, entry] = await problems();
    expect(sha256?.message).toBe('its sha256 is not the one in its .json');
    expect(entry).toMatchObject({ code: 'index', className: expect.stringContaining('.') });
    expect(entry?.message).toMatch(/^the stored index says .* at \d+; it is at \d+$/);
    expect(entry?.user).toBe('');
  });

  it('finds a flipped byte in a backup, and what it did to the database', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup', '--no-gzip');
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup', '--no-gzip');
    const [full = '', increment = ''] = site.dataFiles();
    const path = join(site.repository, full);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('cpersistent.mapping');
    bytes.write('!', at, 'latin1');
    writeFileSync(path, bytes);
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    const bad = findings.filter(({ result }) => result === 'bad');
    expect(bad.map(({ code }) => code)).toEqual(['file', 'pickle']);
    expect(bad[0]).toMatchObject({ fileName: full, message: expect.stringContaining('sha256') });
    rmSync(join(site.repository, increment));
    const lost = { result: 'bad', code: 'file', message: expect.stringContaining(increment) };
    expect((await verifyDeep(site)).points).toMatchObject([{ problems: 1, findings: [lost] }]);
  });
});

describe('zodbvault verify --deep of damaged blob backups', () => {
  it('finds a file that is missing, one that is empty, and not one that should be', async () => {
    const site = await newSite(scratch, 60);
    await site.runWell('backup');
    const copy = newestCopy(site);
    const [missing = '', empty = '', alsoEmpty = ''] = blobsIn(copy);
    rmSync(join(copy, missing));
    truncateSync(join(copy, empty), 0);
    truncateSync(join(copy, alsoEmpty), 0);
    truncateSync(join(site.folder, 'var/blobstorage', alsoEmpty), 0);
    const messages = (await verifyDeep(site)).findings.map(({ message }) => message);
    expect(messages).toEqual([
      'its file is missing in the blob backup',
      'its file is empty, and was not when it was backed up',
      'its file is empty, and was not when it was backed up',
    ]);
    forgetWhoMade(dirname(copy));
    const { status, findings } = await verifyDeep(site);
    expect(status).toBe(1);
    const size = statSync(join(site.folder, 'var/blobstorage', empty)).size;
    const blob = { result: 'bad', code: 'blob', className: 'ZODB.blob.Blob' };
    const user = expect.stringMatching(/^\/site /);
    expect(findings).toEqual(
      [
        { ...namesOf(missing), message: 'its file is missing in the blob backup' },
        {
          ...namesOf(empty),
          message: `its file is empty; the live blob directory has ${size} bytes of it`,
        },
      ].map((one) => expect.objectContaining({ ...blob, ...one, user })),
    );
    rmSync(join(site.folder, 'var/blobstorage'), { recursive: true });
    const { findings: all } = await verifyDeep(site);
    const alone = all.map(({ message }) => message).filter((one) => one.includes('empty'));
    expect(alone).toEqual([
      'its file is empty, and nothing says that it should be',
      'its file is empty, and nothing says that it should be',
    ]);
  });

  it('finds that none belongs to the point, that an earlier one does, and what it lacks', async () => {
    const site = await newSite(scratch, 60);
    await site.runWell('backup');
    const folder = join(site.folder, 'var/blobstoragebackups');
    const entry = dirname(newestCopy(site));
    renameSync(entry, join(site.folder, 'aside'));
    const none = await verifyDeep(site);
    expect(none.status).toBe(1);
    expect(none.findings[0]?.message).toMatch(
      /^no blob backup in it belongs to this point, which has \d+ blob records$/,
    );
    renameSync(join(site.folder, 'aside'), join(folder, 'blobstorage.2001-01-01-00-00-00'));
    forgetWhoMade(join(folder, 'blobstorage.2001-01-01-00-00-00'));
    const [lost = ''] = blobsIn(folder);
    const earlier = await verifyDeep(site);
    expect(earlier).toMatchObject({ status: 0, findings: [{ result: 'note' }] });
    rmSync(join(folder, lost));
    expect(await verifyDeep(site)).toMatchObject({
      status: 1,
      findings: [{ result: 'note' }, { result: 'bad', code: 'blob' }],
    });
  });

  it.skipIf(!hasTar())('looks into archives, and into chains of them', async () => {
    const site = await newSite(scratch, 60);
    await site.runWell('backup', '--no-blobs');
    const folder = join(site.folder, 'var/blobstoragebackups');
    mkdirSync(folder);
    const live = join(site.folder, 'var/blobstorage');
    const all = blobsIn(live);
    const [late = '', empty = ''] = all;
    const aside = join(site.folder, 'late.blob');
    renameSync(join(live, late), aside);
    const state = `blobstorage.2020-01-01-00-00-00.snar`;
    tar(folder, live, 'blobstorage.2020-01-01-00-00-00.tar.gz', state);
    // Without the archive that continues it, what came late is missing.
    expect((await verifyDeep(site)).findings).toMatchObject([
      { result: 'note' },
      { result: 'bad', ...namesOf(late), message: 'its file is missing in the blob backup' },
    ]);
    renameSync(aside, join(live, late));
    tar(folder, live, `blobstorage.${newestStamp(site)}.delta.tar.gz`, state);
    expect(await verifyDeep(site)).toMatchObject({ status: 0, points: [{ problems: 0 }] });
    rmSync(join(folder, 'blobstorage.2020-01-01-00-00-00.tar.gz'));
    const broken = await verifyDeep(site);
    expect(broken.findings[0]).toMatchObject({ code: 'file', result: 'bad' });
    expect(broken.findings[0]?.message).toContain('the complete archive before it');

    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    truncateSync(join(live, empty), 0);
    const archive = `blobstorage.${newestStamp(site)}.tar`;
    tar(folder, live, archive, undefined);
    writeFileSync(join(live, empty), 'again');
    const message = 'its file is empty; the live blob directory has 5 bytes of it';
    expect((await verifyDeep(site)).findings).toMatchObject([{ ...namesOf(empty), message }]);
    truncateSync(join(folder, archive), statSync(join(folder, archive)).size - 20_000);
    const cut = (await verifyDeep(site)).findings;
    expect(cut[0]).toMatchObject({ code: 'file', message: expect.stringContaining('truncated') });
  });
});

describe('words of zodbvault verify --deep', () => {
  it('are refused where they make no sense', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    for (const [words, said] of [
      [['2026-01-01'], 'it goes with --deep'],
      [['--all'], 'it goes with --deep'],
      [['--sample', '10'], 'it goes with --deep'],
      [['--deep', '--all', '2026-01-01'], 'together with a date'],
      [['--deep', '--quick'], 'cannot be used with'],
      [['--deep', '--sample', '0'], 'not a percentage'],
      [['--deep', '--sample', '101%'], 'not a percentage'],
      [['--deep', 'tomorrow'], 'as a date'],
    ] as const) {
      const { status, stderr } = await site.run(['verify', ...words]);
      expect([words, status, stderr]).toEqual([words, 2, expect.stringContaining(said)]);
    }
    const { status, stderr } = await site.run(['verify', '--deep', '2001-01-01']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('no backup is from 2001-01-01')]);
  });
});

function hasTar(): boolean {
  return spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar') ?? false;
}

/** An archive as the recipe makes it; `state`: one of a chain. */
function tar(folder: string, live: string, name: string, state: string | undefined): void {
  const words = ['-c', ...(name.endsWith('.gz') ? ['-z'] : []), '-f', join(folder, name)];
  const chain = state === undefined ? [] : [`--listed-incremental=${join(folder, state)}`];
  const made = spawnSync('tar', [...words, ...chain, '-C', live, '.'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
}
