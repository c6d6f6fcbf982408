import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Oid, ROOT_OID } from '../../src/filestorage/oid.ts';
import { reference } from '../../src/filestorage/writer/object-state.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** A site with two full backups; its Data.fs is changed between them. */
async function siteWith(change: (site: TestSite) => Promise<void>) {
  const site = await newSite(scratch, 15);
  await site.runWell('backup');
  await change(site);
  await growDatabase(site.dataFs, { transactions: 1 });
  await site.runWell('backup', '--full');
  const [older = '', newest = ''] = site.dataFiles().map((name) => name.slice(0, 19));
  return { site, older, newest };
}

const nothing = async () => {};

/** Lets the root lead to an object that was never there. */
function breakDatabase(site: TestSite): Promise<void> {
  return rewriteRoot(site, [['lost', reference('mapping', 0xff_ffffn as Oid)]]);
}

function mendDatabase(site: TestSite): Promise<void> {
  return rewriteRoot(site, []);
}

async function rewriteRoot(
  { dataFs }: TestSite,
  entries: readonly (readonly [string, ReturnType<typeof reference>])[],
): Promise<void> {
  await using writer = await openDatabase(dataFs);
  const data = new Map(entries);
  const state = { kind: 'mapping', data } as const;
  await writer.commit({ changes: [{ kind: 'state', oid: ROOT_OID, state }] });
}

const blobFolder = (site: TestSite) => join(site.folder, 'var/blobstoragebackups');

function flipIn(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function flipInBlob(site: TestSite, stamp: string): void {
  const path = someBlobOf(site, stamp);
  const bytes = readFileSync(path);
  rmSync(path); // The copy before shares it.
  writeFileSync(path, bytes);
  flipIn(path, 0);
}

function someBlobOf(site: TestSite, stamp: string): string {
  const copy = join(blobFolder(site), `blobstorage.${stamp}`);
  const [name = ''] = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.blob'),
  );
  return join(copy, name);
}

/** How the newest of two restore points gets bad, and what each command says then. */
interface BadState {
  readonly name: string;
  /** In the site, before the newest backup. */
  readonly inSite?: (site: TestSite) => Promise<void>;
  /** In the backups, after it. */
  readonly make: (site: TestSite, newest: string) => Promise<void>;
  readonly reason: RegExp;
  readonly part: 'data' | 'blobs';
  /** In the table of `list`. */
  readonly listed: RegExp;
  /** Whether a restore to its date is done, with a warning; otherwise it fails. */
  readonly restores: boolean;
  /** What the next backup is. */
  readonly next: 'fsz' | 'deltafsz';
}

const STATES: readonly BadState[] = [
  {
    name: 'a faulty database, by verify --deep',
    inSite: breakDatabase,
    make: async (site) => void (await site.run(['verify', '--deep'])),
    reason: /faults that the site itself had/,
    part: 'data',
    listed: /BAD \S+ deep/,
    restores: true,
    next: 'deltafsz',
  },
  {
    name: 'a faulty database, by a test restore',
    inSite: breakDatabase,
    make: async (site) => void (await site.run(['test-restore'])),
    reason: /faults that the site itself had/,
    part: 'data',
    listed: /BAD /,
    restores: true,
    next: 'deltafsz',
  },
  {
    name: 'other bytes in the data file, by verify',
    make: async (site, newest) => {
      flipIn(join(site.repository, `${newest}.fsz`), 200);
      await site.run(['verify']);
    },
    reason: /its files have changed since they were written/,
    part: 'data',
    listed: /BAD /,
    restores: false,
    next: 'fsz',
  },
  {
    name: 'other bytes in the data file, by a test restore that could not restore it',
    make: async (site, newest) => {
      flipIn(join(site.repository, `${newest}.fsz`), 200);
      await site.run(['test-restore']);
    },
    reason: /a test restore of \S+ found that its files have changed since they were written/,
    part: 'data',
    listed: / BAD \S+$/,
    restores: false,
    next: 'fsz',
  },
  {
    name: 'a run that has not finished its blobs',
    make: async (site, newest) => rmSync(join(site.repository, `${newest}.complete.json`)),
    reason: /did not finish the blobs/,
    part: 'blobs',
    listed: / incomplete /,
    restores: true,
    next: 'deltafsz',
  },
  {
    name: 'blobs that are gone',
    make: async (site, newest) =>
      rmSync(join(blobFolder(site), `blobstorage.${newest}`), { recursive: true }),
    reason: /the blob backup that was made with it does not exist/,
    part: 'blobs',
    listed: / missing /,
    restores: true,
    next: 'deltafsz',
  },
  {
    name: 'another byte in a blob, by verify --deep, and a plain verify after it',
    make: async (site, newest) => {
      flipInBlob(site, newest);
      await site.run(['verify', '--deep']);
      await site.runWell('verify');
    },
    reason: /in its blobs, verify --deep of \S+ found/,
    part: 'blobs',
    listed: /BAD \S+ deep/,
    restores: false,
    next: 'deltafsz',
  },
  {
    name: 'another byte in a blob, by a test restore that could not restore it',
    make: async (site, newest) => {
      flipInBlob(site, newest);
      await site.run(['test-restore']);
    },
    reason: /in its blobs, a test restore of \S+ found/,
    part: 'blobs',
    listed: / BAD \S+$/,
    restores: false,
    next: 'deltafsz',
  },
];

describe('a restore point that is known to be bad', () => {
  it.each(STATES)('$name', async ({ inSite = nothing, make, ...expected }) => {
    const { site, older, newest } = await siteWith(inSite);
    await make(site, newest);

    const points: readonly Listed[] = documentOf(await site.run(['list', '--json'])).points;
    const listed = points.find((one) => one.stamp === newest)?.judgement[expected.part];
    expect(listed?.verdict).toBe('bad');
    expect(listed?.reasons?.map(({ message }) => message).join()).toMatch(expected.reason);
    const table = (await site.run(['list'])).stdout.split('\n');
    expect(table.find((line) => line.includes(newest))).toMatch(expected.listed);

    const checked = await site.run(['check']);
    expect(checked.status).toBe(2);
    expect(checked.stdout).toContain(newest);

    // A run that made it says in its line what was found since.
    const runs: readonly { made?: { stamp: string }[]; against: string[] }[] = documentOf(
      await site.run(['history', '--json']),
    ).runs;
    const made = runs.find((run) => run.made?.some((one) => one.stamp === newest));
    expect(made?.against.join()).toMatch(expected.reason);

    await site.runWell('report');
    const report = readFileSync(join(site.folder, 'zodbvault-report.html'), 'utf8');
    expect(report).toMatch(expected.reason);

    for (const words of [
      ['restore', '-n'],
      ['restore', '-n', '--dry-run'],
    ]) {
      const refused = await site.run(words);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toMatch(expected.reason);
      expect(refused.stderr).toContain(`"zodbvault restore -n ${older}"`);
    }
    const asked = await site.run(['restore'], { input: 'no\n' });
    expect(asked.stderr).toMatch(expected.reason);
    expect(asked.stderr).toContain(older);

    const dated = await site.run(['restore', '-n', '--to', 'dated', newest]);
    expect(dated.status).toBe(expected.restores ? 3 : 1);
    expect(dated.stderr).toMatch(expected.reason);
    expect(existsSync(join(site.folder, 'dated/filestorage/Data.fs'))).toBe(expected.restores);
    await site.runWell('restore', '-n', '--to', 'older', older);

    // repozo knows no blobs, and two exit statuses.
    const recovered = await site.run(['repozo', '-Rr', site.repository, '-o', 'recovered.fs']);
    const isOfData = expected.part === 'data';
    expect(recovered.status).toBe(isOfData && !expected.restores ? 1 : 0);
    if (isOfData) expect(recovered.stderr).toMatch(expected.reason);
    else expect(recovered.stderr).toBe('');

    await growDatabase(site.dataFs, { transactions: 1 });
    await site.run(['backup', '--keep', '1', '--full', '--dry-run']);
    const next = await site.run(['backup', '--keep', '1']);
    expect([0, 3]).toContain(next.status);
    expect(
      site
        .dataFiles()
        .at(-1)
        ?.replace(/^.*?\./, ''),
    ).toBe(expected.next);
  });

  it('is restored with a warning where no other is better', async () => {
    const site = await newSite(scratch, 3);
    await breakDatabase(site);
    await site.runWell('backup');
    expect((await site.run(['verify', '--deep'])).status).toBe(1);
    const restored = await site.runWarned('restore', '-n');
    expect(restored.stderr).toContain('no other restore point is known to be better');
  });

  it('does not push out the last that is sound', async () => {
    const { site, older } = await siteWith(breakDatabase);
    for (let round = 0; round < 3; round++) {
      expect((await site.run(['verify', '--deep'])).status).toBe(1);
      await growDatabase(site.dataFs, { transactions: 1 });
      await site.runWell('backup', '--full', '--keep', '1');
      expect(site.dataFiles().map((name) => name.slice(0, 19))).toContain(older);
      expect(site.dataFiles().length).toBeLessThanOrEqual(2);
    }
  });

  it('is not forgotten when it is gone: what was backed up since may have the same fault', async () => {
    const { site, older } = await siteWith(breakDatabase);
    expect((await site.run(['verify', '--deep'])).status).toBe(1);
    const stamps = () => site.dataFiles().map((name) => name.slice(0, 19));
    const backUp = async () => {
      await growDatabase(site.dataFs, { transactions: 1 });
      await site.runWell('backup', '--full', '--keep', '1');
    };
    for (let night = 0; night < 3; night++) {
      await backUp();
      await site.runWell('verify'); // It sees no database.
      expect([stamps().length, stamps()[0]]).toEqual([2, older]);
    }
    await mendDatabase(site);
    await backUp();
    expect(stamps()[0]).toBe(older);
    await site.runWell('verify', '--deep');
    await backUp();
    expect(stamps()).toHaveLength(1);
  });

  it('goes with its blobs, also where a kill came between them', async () => {
    const { site, older, newest } = await siteWith(breakDatabase);
    expect((await site.run(['verify', '--deep'])).status).toBe(1);
    await growDatabase(site.dataFs, { transactions: 1 });
    const copy = join(blobFolder(site), `blobstorage.${newest}`);
    const script = pathToFileURL(join(import.meta.dirname, '../support/killed-at-rename.mjs'));
    const env = { NODE_OPTIONS: `--import=${script}`, KILLED_AT: copy };
    const killed = await site.run(['backup', '--full', '--keep', '1'], { env });
    expect(killed.signal).toBe('SIGKILL');
    expect(site.dataFiles().map((name) => name.slice(0, 19))).not.toContain(newest);
    expect(existsSync(copy)).toBe(true);
    const planned = await site.run(['backup', '--keep', '1', '--dry-run']);
    expect(planned.stdout + planned.stderr).toContain(`blobstorage.${newest}`);
    await site.runWell('backup', '--keep', '1');
    expect(existsSync(copy)).toBe(false);
    expect(existsSync(join(blobFolder(site), `blobstorage.${older}`))).toBe(true);
    expect(readdirSync(site.repository)).not.toContain('.zodbvault.going.json');
  });
});

describe('a restore point without its index', () => {
  it.each<{ readonly name: string; readonly damage: (index: string) => void }>([
    { name: 'that is lost', damage: (index) => rmSync(index) },
    { name: 'that has other bytes', damage: (index) => flipIn(index, 40) },
  ])('$name is reported, and is as good as any other', async ({ damage }) => {
    const { site, newest } = await siteWith(nothing);
    damage(join(site.repository, `${newest}.index`));
    const live = readFileSync(site.dataFs);
    for (const words of [['verify'], ['verify', '--deep']]) {
      const found = await site.run(words);
      expect([found.status, found.stderr]).toEqual([1, expect.stringContaining('works without')]);
      expect(found.stderr).not.toContain('--damaged');
      const points: readonly Listed[] = documentOf(await site.run(['list', '--json'])).points;
      const listed = points.find((one) => one.stamp === newest)?.judgement.data;
      expect(listed?.verdict).toBe('good');
    }
    expect((await site.run(['check', '--free', 'off'])).status).toBe(0);
    rmSync(site.dataFs);
    await site.runWell('restore', '-n');
    expect(readFileSync(site.dataFs).equals(live)).toBe(true);
    await growDatabase(site.dataFs, { transactions: 1 });
    const { backups } = documentOf(await site.run(['backup', '--json']));
    expect(backups).toMatchObject([{ type: 'increment' }]);
    expect((await site.run(['verify', '--deep'])).status).toBe(0);
  });
});

interface Listed {
  readonly stamp: string;
  readonly judgement: Readonly<
    Record<'data' | 'blobs', { verdict: string; reasons?: readonly { message: string }[] }>
  >;
}
