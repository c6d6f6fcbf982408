import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { oidFrom } from '../../src/filestorage/oid.ts';
import { formatTid } from '../../src/filestorage/tid.ts';
import { openState } from '../../src/states/open-state.ts';
import { openFileSource } from '../../src/system/files/byte-source.ts';
import { describeReal, openDatabase, runProgramOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const SEED = Number(process.env['MOMENTS_SEED'] ?? 19);
const STEPS = 40;
const counts = { restored: 0, refused: 0, objects: 0 };

/** What ZODB gave for each object when a transaction was the last one; null: there was none. */
type Objects = Readonly<Record<string, readonly [tid: string, sum: string] | null>>;

describeReal('zodb', 'a moment of a log that ZODB wrote, with undos and packs,', () => {
  afterAll(() => {
    console.info('Moments:', counts);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
  });

  it.each([SEED, SEED + 1])('is what there was, or is refused: seed %i', async (seed) => {
    const copies = join(scratch, `copies-${seed}`);
    mkdirSync(copies);
    const words = [`${seed}`, 'plain', join(scratch, `${seed}.fs`), copies];
    const told = read(runProgramOf('zodb', 'random_states.py', words));
    const site = siteIn(join(scratch, `site-${seed}`));
    mkdirSync(join(site.dataFs, '..'), { recursive: true });
    const random = randomFrom(seed);
    const last = await backUpSome(site, { copies, random });
    const tids = [...told.keys()].filter((tid) => tid <= last);
    for (const [index, tid] of tids.entries()) {
      const side = random.below(2) === 0 ? 'after' : 'before';
      const expected = side === 'after' ? tid : tids[index - 1];
      if (expected === undefined) continue;
      const target = join(scratch, 'restored.fs');
      rmSync(target, { force: true });
      const word = side === 'after' ? tid : `before ${tid}`;
      const { status, stderr } = await site.run(['restore', '-n', '--to', target, word]);
      if (status !== 0) {
        expect([status, stderr]).toEqual([1, expect.stringContaining('a pack has removed')]);
        expect(existsSync(target)).toBe(false);
        counts.refused += 1;
        continue;
      }
      await expectState(target, { tid: expected, states: told.get(expected) ?? [] });
      counts.restored += 1;
    }
  });
});

/** Backups of a Data.fs at some of its steps. Returns its last transaction then. */
async function backUpSome(
  site: TestSite,
  { copies, random }: { readonly copies: string; readonly random: ReturnType<typeof randomFrom> },
): Promise<string> {
  for (let step = 0; step < STEPS; step += 1 + random.below(6)) {
    copyFileSync(join(copies, `${String(step).padStart(2, '0')}.fs`), site.dataFs);
    // After a pack, nobody can tell for sure that nothing is lost: that is said.
    expect([0, 3]).toContain((await site.run(['backup', '--no-blobs'])).status);
  }
  return openDatabase(site.dataFs).last.slice(2);
}

/** A moment is told again after a pack, which takes what nothing leads to. */
function read(output: string): ReadonlyMap<string, readonly Objects[]> {
  const told = new Map<string, Objects[]>();
  for (const line of output.trim().split('\n')) {
    const { tid, objects } = JSON.parse(line) as { tid?: string; objects: Objects };
    if (tid !== undefined) told.set(tid, [...(told.get(tid) ?? []), objects]);
  }
  return told;
}

async function expectState(
  dataFs: string,
  { tid, states }: { readonly tid: string; readonly states: readonly Objects[] },
): Promise<void> {
  // The real ZODB opens it, with the index and without, and finds all that the root leads to.
  expect(openDatabase(dataFs)).toMatchObject({ last: `0x${tid}`, problems: [] });
  await using state = await openState(await openFileSource(dataFs), {
    findBlob: async () => undefined,
  });
  expect(formatTid(state.tid)).toBe(tid);
  const found: Record<string, readonly [string, string] | null> = {};
  for (const oid of Object.keys(states[0] ?? {})) {
    const loaded = await state.load(oidFrom(BigInt(`0x${oid}`)));
    const sum = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
    found[oid] = loaded === undefined ? null : [formatTid(loaded.tid), sum(loaded.data)];
    counts.objects += 1;
  }
  const isTold = states.some((told) =>
    Object.entries(found).every(([oid, one]) => {
      const other = told[oid];
      // A pack to an earlier moment takes what nothing leads to, and nobody told the moment again.
      return one === null || JSON.stringify(one) === JSON.stringify(other);
    }),
  );
  expect([tid, isTold]).toEqual([tid, true]);
}
