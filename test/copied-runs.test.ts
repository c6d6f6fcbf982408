import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { settingsOfPlace } from '../src/config/model/copy-settings.ts';
import { readCopiedEvents, writeEvent } from '../src/copies/copied-events.ts';
import { copiedPoints } from '../src/copies/read-copy.ts';
import { pruneSiteCopy } from '../src/operations/copies/prune/prune-site-copy.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { objectsBelow } from '../src/stores/objects/objects-below.ts';
import { filesBelow } from './support/copied-site.ts';
import { countedObjects } from './support/counted-objects.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const place = join(scratch, 'nas');
const elsewhere = join(scratch, 'elsewhere');
const env = { XDG_CACHE_HOME: join(scratch, 'cache') };
let site: TestSite;

beforeAll(async () => {
  site = await newSite(scratch, 25);
  for (const folder of [place, elsewhere]) mkdirSync(folder);
  const toml = `copies = [{ url = "${place}", name = "nas", site = "plone" }]\n`;
  writeFileSync(join(site.folder, 'zodbvault.toml'), toml);
  await site.runWell('backup');
  await site.runWell('verify');
  await growDatabase(site.dataFs, { transactions: 1 });
  await site.runWell('backup');
}, 120_000);

/** On a machine that has nothing but the place. */
async function look(...words: readonly string[]) {
  return await site.run([...words, '--from', place], { cwd: elsewhere, env });
}

const events = () =>
  filesBelow(join(place, 'sites/plone')).filter((one) => one.startsWith('events'));

describe('the runs of a site', () => {
  it('come to its copies with what is new, one object each time', async () => {
    const { runs } = JSON.parse((await look('history', '--json')).stdout);
    expect(runs.map((one: { verb: string; result: string }) => [one.verb, one.result])).toEqual([
      ['backup', 'done'],
      ['verify', 'done'],
      ['backup', 'done'],
    ]);
    expect(events().length).toBe(2);
    const texts = events().map((one) => readFileSync(join(place, 'sites/plone', one), 'utf8'));
    expect(texts.filter((text) => text.includes(site.folder))).toEqual([]);
  }, 60_000);

  it('say what was read and written, as the site has it: of the last one before it has ended', async () => {
    type Line = { readonly seconds: number };
    const linesOf = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout).runs as Line[];
    const there = linesOf(await look('history', '--json'));
    const here = linesOf(await site.runWell('history', '--json'));
    const counted = (runs: readonly object[]) =>
      runs.map((one) => {
        const { begun, readBytes, storedBytes, blobBytes } = one as Record<string, unknown>;
        return { begun, readBytes, storedBytes, blobBytes };
      });
    expect(counted(there)).toEqual(counted(here));
    expect(there.slice(1).map(({ seconds }) => seconds)).toEqual(
      here.slice(1).map(({ seconds }) => seconds),
    );
  }, 60_000);

  it('tell whoever watches the copies that a backup failed, though nothing new came', async () => {
    const healthy = await look('check');
    expect([healthy.status, healthy.stdout]).toEqual([0, expect.stringContaining('OK')]);
    renameSync(site.dataFs, `${site.dataFs}.away`);
    expect((await site.run(['backup'])).status).toBe(1);
    expect(events().length).toBe(2);
    const failed = await look('check');
    expect([failed.status, failed.stdout]).toEqual([
      1,
      expect.stringMatching(/WARNING - the last backup failed: not-found, copied .* ago/),
    ]);
    const listed = await look('list', '--sites');
    expect(listed.stdout).toMatch(/backup \S+ \S+ failed/);
    const { sites } = JSON.parse((await look('list', '--sites', '--json')).stdout);
    expect(sites[0].runs).toMatchObject([
      { verb: 'verify', result: 'done' },
      { verb: 'backup', result: 'failed', error: 'not-found' },
    ]);
    await look('report', '-o', 'page.html');
    const page = readFileSync(join(elsewhere, 'page.html'), 'utf8');
    expect(page).toMatch(/backup \S+ \S+ failed/);
    renameSync(`${site.dataFs}.away`, site.dataFs);
    await site.runWell('backup');
    expect((await look('check')).status).toBe(0);
  }, 120_000);

  it('and what was looked at are folded by whoever prunes, and none is lost', async () => {
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    const below = objectsBelow(folderObjects(place), 'sites/plone/');
    const backup = { storage: 'Data', kind: 'backup' } as const;
    const { runs } = (await readCopiedEvents(below)).of(backup);
    expect(runs.length).toBe(6);
    for (const [hour, run] of runs.entries()) {
      const begun = `2025-12-01T0${hour}:00:00.000Z`;
      await writeEvent(below, backup, { checks: [], runs: [{ ...run, begun }], at: new Date() });
    }
    const before = (await readCopiedEvents(below)).of(backup);
    expect([before.runs.length, before.keys.length]).toEqual([12, 9]);
    const store = countedObjects(folderObjects(place));
    const copy = { ...settingsOfPlace(place, 'plone'), keep: 1 };
    const request = { site: undefined, copy, kind: 'all', open: async () => store } as const;
    await pruneSiteCopy({ ...request, now: () => new Date() }, quietContext());
    const after = (await readCopiedEvents(below)).of(backup);
    expect([after.runs, after.keys.length < 8]).toEqual([before.runs, true]);
    expect((await copiedPoints(below)).length).toBe(3);
    expect((await look('check')).status).toBe(0);
  }, 240_000);
});
