import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newKeyPair } from '../../src/system/age/keys.ts';
import { zodbvault } from '../support/command.ts';
import { type CopiedTestSite, copiedSite } from '../support/copied-site.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
/** A folder without anything. */
const elsewhere = join(scratch, 'elsewhere');
let site: CopiedTestSite;
/** The copy as it was at first, and its line. */
const first = join(scratch, 'first');
let line = '';
let made = 0;

beforeAll(async () => {
  mkdirSync(elsewhere);
  site = await copiedSite(scratch);
  cpSync(site.place, first, { recursive: true });
  const checked = await zodbvault(['verify', '--from', first, '--seal'], { cwd: elsewhere });
  line = checked.stdout.trim().split('\n').at(-1) ?? '';
}, 180_000);

interface Seal {
  readonly restorePoints: number;
  readonly came?: number;
  readonly removed?: readonly { readonly stamp: string }[];
  readonly line?: string;
  readonly problems: readonly { readonly state: string; readonly object: string }[];
}

async function check(place: string, kept = line) {
  const words = ['verify', '--from', place, '--seal', kept, '--json'];
  const { status, stdout } = await zodbvault(words, { cwd: elsewhere });
  const { seals } = JSON.parse(stdout) as { readonly seals: readonly [Seal] };
  return { status, seal: seals[0] };
}

/** A copy of the copy, of which somebody changes something. */
function changed(change: (points: string, names: readonly string[]) => void): string {
  const place = join(scratch, `changed-${++made}`);
  cpSync(first, place, { recursive: true });
  const points = join(place, 'sites/plone/points/Data-backup');
  change(points, readdirSync(points).sort());
  return place;
}

function statesOf({ seal }: Awaited<ReturnType<typeof check>>): readonly string[] {
  return seal.problems.map(({ state }) => state);
}

/** Backs up, and copies, with other settings of the copy. */
async function backUp(settings: string, ...words: readonly string[]): Promise<void> {
  const copy = `{ url = ${JSON.stringify(site.place)}, name = "nas", site = "plone"${settings} }`;
  writeFileSync(join(site.test.folder, 'zodbvault.toml'), `copies = [${copy}]\n`);
  await growDatabase(site.test.dataFs, { transactions: 1 });
  await site.test.runWell('backup', ...words);
}

describe('verify --seal', () => {
  it('prints the same line as long as nothing changes', async () => {
    expect(line).toMatch(/^plone:5:5:[0-9a-f]{64}$/);
    const { status, seal } = await check(first);
    expect([status, seal]).toEqual([
      0,
      { site: 'plone', restorePoints: 5, came: 0, removed: [], problems: [], line },
    ]);
  });

  it('tells what came and what went, and hands over the next line', async () => {
    await backUp('');
    const grown = await check(site.place);
    expect([grown.status, grown.seal.came, grown.seal.removed]).toEqual([0, 1, []]);
    await backUp(', keep = 1', '--full');
    const words = ['verify', '--from', 'nas', '--seal'];
    const said = await site.test.runWell(...words, line);
    expect(said.stdout).toContain('2 restore points came, 6 went');
    expect(said.stdout).toMatch(/Data-backup 2026-03-01-02-00-00 was removed at 20/);
    const next = said.stdout.trim().split('\n').at(-1) ?? '';
    expect(next).toMatch(/^plone:7:1:[0-9a-f]{64}$/);
    const since = await check(site.place, grown.seal.line);
    expect([since.seal.came, since.seal.removed?.length, since.seal.line]).toEqual([1, 6, next]);
    expect((await check(site.place, next)).seal).toMatchObject({ came: 0, removed: [] });
    const points = 'sites/plone/points/Data-backup';
    const [old = ''] = readdirSync(join(first, points)).sort();
    cpSync(join(first, points, old), join(site.place, points, old));
    const back = await check(site.place, next);
    expect([back.status, statesOf(back)]).toEqual([1, ['more-than-line']]);
  }, 60_000);

  it('fails where a restore point was taken out, put in, or exchanged', async () => {
    const cases: readonly (readonly [string, Parameters<typeof changed>[0], readonly string[]])[] =
      [
        ['the third', (points, names) => rmSync(join(points, names[2] ?? '')), ['gap']],
        [
          'the newest',
          (points, names) => rmSync(join(points, names[4] ?? '')),
          ['ends-before-line'],
        ],
        ['all', (points) => rmSync(points, { recursive: true }), ['ends-before-line']],
        [
          'one more',
          (points, names) => {
            const path = join(points, names[2] ?? '');
            const record = {
              ...JSON.parse(readFileSync(path, 'utf8')),
              stamp: '2026-03-03-03-00-00',
            };
            const name = (names[2] ?? '').replace('03-02-00-00', '03-03-00-00');
            writeFileSync(join(points, name), JSON.stringify(record));
          },
          ['number-twice', 'number-twice', 'more-than-line'],
        ],
        [
          'another third',
          (points, names) => changeTime(join(points, names[2] ?? '')),
          ['other-before'],
        ],
        [
          'another newest',
          (points, names) => changeTime(join(points, names[4] ?? '')),
          ['other-than-line'],
        ],
        [
          'no record',
          (points, names) => writeFileSync(join(points, names[2] ?? ''), 'pay me'),
          ['unreadable', 'gap'],
        ],
        [
          'another name',
          (points, names) =>
            renameSync(
              join(points, names[2] ?? ''),
              join(points, (names[2] ?? '').replace('03-02', '03-03')),
            ),
          ['unreadable', 'gap'],
        ],
      ];
    for (const [what, change, states] of cases) {
      const checked = await check(changed(change));
      expect([what, checked.status, statesOf(checked)]).toEqual([what, 1, states]);
      expect(checked.seal.line).toBeUndefined();
    }
  }, 60_000);

  it('needs no secret key, and takes the line that copy has printed', async () => {
    const { recipient } = await newKeyPair();
    const place = join(scratch, 'closed');
    mkdirSync(place);
    const copy = `{ url = "${place}", name = "closed", site = "plone", recipients = ["${recipient}"] }`;
    writeFileSync(join(site.test.folder, 'zodbvault.toml'), `copies = [${copy}]\n`);
    const { stdout } = await site.test.runWell('copy', '--json');
    const { copies } = JSON.parse(stdout) as { readonly copies: readonly [{ seal: string }] };
    expect(await check(place, copies[0].seal)).toMatchObject({
      status: 0,
      seal: { came: 0, line: copies[0].seal },
    });
  }, 60_000);

  it.each([
    [['--from', first, '--seal', 'plone'], 'no line'],
    [['--seal'], '--from'],
    [['--from', first, '2026-03-01', '--seal'], 'date'],
    [['--from', first, '--deep', '--seal'], '--deep'],
    [['--from', first, '--part', 'intranet', '--seal', 'line'], 'intranet'],
  ])('is wrong usage: %j', async (words, reason) => {
    const said = words.map((word) => (word === 'line' ? line : word));
    const { status, stderr } = await zodbvault(['verify', ...said], { cwd: elsewhere });
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });

  it('says of the line of another copy that each has its own', async () => {
    const other = line.replace(/[0-9a-f]{64}$/, '0'.repeat(64));
    const checked = await zodbvault(['verify', '--from', first, '--seal', other], {
      cwd: elsewhere,
    });
    expect([checked.status, checked.stdout, checked.stderr]).toEqual([
      1,
      expect.stringContaining('or the line is of another copy'),
      expect.stringContaining('Hint: Each copy of a site has lines of its own'),
    ]);
  });

  it('refuses the line of another site', async () => {
    const other = line.replace('plone', 'intranet');
    const configured = await site.test.run(['verify', '--from', 'closed', '--seal', other]);
    expect([configured.status, configured.stderr]).toEqual([
      2,
      expect.stringContaining('"plone" with a line of "intranet"'),
    ]);
    const alone = await zodbvault(['verify', '--from', first, '--seal', other], { cwd: elsewhere });
    expect([alone.status, alone.stderr]).toEqual([1, expect.stringContaining('intranet')]);
  }, 60_000);
});

/** Another content that is a record of the same restore point. */
function changeTime(path: string): void {
  const record = {
    ...JSON.parse(readFileSync(path, 'utf8')),
    copiedAt: '2026-01-01T00:00:00.000Z',
  };
  writeFileSync(path, JSON.stringify(record));
}
