import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sitePrefix } from '../../src/copies/layout/keys.ts';
import { openCopy } from '../../src/operations/copies/copy-place.ts';
import { pushSite } from '../../src/operations/copies/push-site.ts';
import { verifyCopy } from '../../src/operations/copies/verify-copy.ts';
import { takeLease } from '../../src/stores/objects/lease.ts';
import { objectsBelow } from '../../src/stores/objects/objects-below.ts';
import { openObjectStore } from '../../src/stores/objects/open-object-store.ts';
import { zodbvault } from '../support/command.ts';
import { type CopiedTestSite, copiedSite, filesBelow, stampOfDay } from '../support/copied-site.ts';
import { quietContext } from '../support/quiet-context.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
/** A machine that has nothing but the copy. */
const elsewhere = join(scratch, 'elsewhere');
let copied: CopiedTestSite;

beforeAll(async () => {
  mkdirSync(elsewhere);
  copied = await copiedSite(scratch);
}, 60_000);

const pruneFrom = (place: string, ...words: readonly string[]) =>
  zodbvault(['prune', '--from', place, ...words], { cwd: elsewhere });

interface PrunePlan {
  readonly points: readonly {
    readonly stamp: string;
    readonly stays: boolean;
    readonly reasons: readonly string[];
    readonly bytes: number;
    readonly copy: string;
  }[];
  readonly freedBytes: number;
  readonly removedPoints: readonly { readonly stamp: string }[];
}

function configure(words: string): void {
  const { test, place } = copied;
  const copy = `{ url = "${place}", name = "nas", site = "plone", ${words} }`;
  writeFileSync(join(test.folder, 'zodbvault.toml'), `copies = [${copy}]\n`);
}

describe('prune --from, on a machine that has nothing but the copy', () => {
  it('needs to be told what stays', async () => {
    const { status, stderr } = await pruneFrom(copied.place);
    expect(status).toBe(2);
    expect(stderr).toContain('nothing says what stays');
    expect(stderr).toContain('--keep-daily');
  });

  it('shows what would go, why, and what that frees, and changes nothing', async () => {
    const { place } = copied;
    const before = filesBelow(place);
    const shown = await pruneFrom(place, '--keep-daily', '1', '--dry-run', '--json');
    expect([shown.status, shown.stderr]).toEqual([0, '']);
    const { points, freedBytes } = JSON.parse(shown.stdout) as PrunePlan;
    expect(points.map(({ stamp, stays }) => [stamp, stays])).toEqual([
      [stampOfDay(1), false],
      [stampOfDay(2), false],
      [stampOfDay(3), false],
      [stampOfDay(4), true],
      [stampOfDay(5), true],
    ]);
    expect(points.map(({ reasons }) => reasons.at(-1))).toEqual([
      ...Array(3).fill('no rule keeps it'),
      `${stampOfDay(5)} needs it`,
      'newest of the day 2026-03-05',
    ]);
    expect(points[0]?.copy).toBe(place);
    expect(freedBytes).toBeGreaterThan(0);
    const table = await pruneFrom(place, '--keep', '1', '--dry-run');
    expect(table.stdout).toContain('newer full backups to keep: 1');
    expect(table.stderr).toContain('2 restore points would stay, 3 would go');
    expect(filesBelow(place)).toEqual(before);
  });

  it('removes it, says so to whoever verifies, and the site does not bring it again', async () => {
    const { place, site, copy } = copied;
    const head = readFileSync(join(place, 'heads/plone.json'), 'utf8');
    const removed = await pruneFrom(place, '--keep-daily', '1', '--json');
    expect(removed.status).toBe(0);
    const { removedPoints } = JSON.parse(removed.stdout) as PrunePlan;
    expect(removedPoints.map(({ stamp }) => stamp)).toEqual([1, 2, 3].map(stampOfDay));
    // When the copy was complete, this machine doesn't know.
    const { at } = JSON.parse(head) as { readonly at: string };
    const after = JSON.parse(readFileSync(join(place, 'heads/plone.json'), 'utf8'));
    expect(after).toMatchObject({ at, places: [{ points: 2 }] });
    const tombstones = filesBelow(place).filter((path) => path.includes('/tombstones/'));
    expect(tombstones.length).toBe(3);
    expect(JSON.parse(readFileSync(join(place, tombstones[0] ?? ''), 'utf8'))).toMatchObject({
      reason: 'rules',
    });
    const request = { site, copy, now: () => new Date(), open: openCopy };
    expect(await pushSite(request, quietContext())).toMatchObject({ points: 0, removed: 0 });
    expect(await verifyCopy(request, quietContext())).toMatchObject({ points: 2, findings: [] });
    const again = await pruneFrom(place, '--keep-daily', '1');
    expect([again.status, again.stdout]).toEqual([0, `plone: nothing to delete in ${place}\n`]);
  });

  it('waits for a run that has the lock, and fails without --wait', async () => {
    const { place } = copied;
    await using store = await openObjectStore(place);
    const request = { owner: 'copy', isSingleWriter: false, signal: new AbortController().signal };
    const lease = await takeLease(objectsBelow(store, sitePrefix('plone')), 'lease.json', request);
    const refused = await pruneFrom(place, '--keep', '1');
    expect(refused.status).toBe(4);
    const waiting = pruneFrom(place, '--keep', '1', '--wait');
    await lease[Symbol.asyncDispose]();
    expect((await waiting).status).toBe(0);
  });
});

describe('prune --from, of points at which the site has looked deeply', () => {
  it('keeps the newest that was found good, and says why', async () => {
    const looked = await copiedSite(join(scratch, 'looked'));
    const { test, place } = looked;
    const copy = `{ url = "${place}", name = "nas", site = "plone" }`;
    writeFileSync(join(test.folder, 'zodbvault.toml'), `copies = [${copy}]\n`);
    await test.runWell('verify', '--deep', stampOfDay(2));
    await test.runWell('copy');
    // Each backup has one for its run.
    const events = () => filesBelow(place).filter((path) => path.includes('/events/'));
    expect(events()).toHaveLength(6);
    const shown = await pruneFrom(place, '--keep-daily', '1', '--dry-run', '--json');
    const { points } = JSON.parse(shown.stdout) as PrunePlan;
    expect(points.map(({ stays }) => stays)).toEqual([true, true, false, true, true]);
    expect(points[1]?.reasons).toEqual(['the newest that a deep verification found good']);
    await test.runWell('copy');
    expect(events()).toHaveLength(6);

    await test.runWell('verify', '--deep', stampOfDay(4));
    await test.runWell('copy');
    expect(events()).toHaveLength(7);
    const later = await pruneFrom(place, '--keep-daily', '1', '--json');
    const { removedPoints } = JSON.parse(later.stdout) as PrunePlan;
    expect(removedPoints.map(({ stamp }) => stamp)).toEqual([1, 2, 3].map(stampOfDay));
  });
});

describe('prune --from, where the copy is configured', () => {
  it('goes by the settings of the copy, and by what the command line says', async () => {
    configure('keep_within = "1d"');
    const { runWell } = copied.test;
    const shown = await runWell('prune', '--from', 'nas', '--dry-run');
    expect(shown.stdout).toContain('within 1d');
    const all = await runWell('prune', '--from', 'nas', '--dry-run', '--keep-yearly', '1');
    expect(all.stdout).toContain('within 1d');
    expect(all.stdout).toContain('newest of the year 2026');
  });

  it('removes nothing from a copy that is append-only', async () => {
    configure('keep = 1, append_only = true');
    const { status, stderr } = await copied.test.run(['prune', '--from', 'nas']);
    expect(status).toBe(1);
    expect(stderr).toContain('append-only');
    expect((await copied.test.run(['prune', '--from', 'nas', '--dry-run'])).status).toBe(0);
  });

  it.each([
    ['keep = 0, keep_daily = 7', 'keep = 0 keeps all'],
    ['keep_within = "soon"', 'keep_within = soon'],
    ['keep_daily = -1', 'keep_daily = -1'],
  ])('does not guess what %s means', async (words, state) => {
    configure(words);
    const { status, stderr } = await copied.test.run(['prune', '--from', 'nas', '--dry-run']);
    expect(status).toBe(2);
    expect(stderr).toContain(state);
  });
});
