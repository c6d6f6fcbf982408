import { beforeAll, describe, expect, it } from 'vitest';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { pruneSiteCopy } from '../src/operations/copies/prune/prune-site-copy.ts';
import { pushSite } from '../src/operations/copies/push-site.ts';
import type { ObjectStore } from '../src/stores/objects/object-store.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { type CopiedTestSite, copiedSite } from './support/copied-site.ts';
import { countedObjects } from './support/counted-objects.ts';
import { growDatabase } from './support/database.ts';
import { failingAt } from './support/failing-objects.ts';
import { memoryObjects } from './support/memory-objects.ts';
import { outcomeOf } from './support/outcome.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();
const DAY_MS = 86_400_000;
let site: CopiedTestSite;
let day = 5;

beforeAll(async () => {
  site = await copiedSite(scratch);
}, 120_000);

/** A place in which a copy is locked for 30 days. */
function lockedPlace() {
  const store = memoryObjects();
  const daysLeft = (ms: number) => Math.round((ms - Date.now() - store.aheadMs) / DAY_MS);
  return {
    store,
    /** Copies what is new, and gives the requests. */
    push: async (place: ObjectStore = store) => {
      const counted = countedObjects(place);
      const copy = { ...site.copy, lockDays: 30 };
      const request = { site: site.site, copy, now: () => new Date(), open: async () => counted };
      await pushSite(request, quietContext());
      return counted.requests;
    },
    pass: (days: number) => {
      store.aheadMs += days * DAY_MS;
    },
    /** For how many days more it is locked what has such a key. */
    left: (pattern: RegExp) => {
      const days = [...store.locks].flatMap(([key, ms]) => (pattern.test(key) ? daysLeft(ms) : []));
      return [...new Set(days)].sort((one, other) => one - other);
    },
    /** Keys of what was written. */
    keys: async () => {
      const keys: string[] = [];
      for await (const page of store.pages('')) keys.push(...page.map(({ key }) => key));
      return keys;
    },
  };
}

async function backUp(full: 'as-set' | 'always' = 'as-set'): Promise<void> {
  await growDatabase(site.test.dataFs, { transactions: 1 });
  day += 1;
  const now = () => new Date(Date.UTC(2026, 2, day, 2));
  const { copies: _, ...alone } = site.site;
  await backUpSite({ ...BY_NODE, site: alone, full, now }, quietContext());
}

/** What is written once, and the head, which tells whoever has nothing but the place which site is there. */
const NEEDED = /^(sites\/plone\/(points|data|manifests|blobs|files)|heads)\//;

describe('a copy that is locked', () => {
  it('has a lock on all that a restore needs, and on nothing else', async () => {
    const place = lockedPlace();
    await place.push();
    const needed = (await place.keys()).filter((key) => NEEDED.test(key));
    expect([...place.store.locks.keys()].sort()).toEqual(needed);
    expect(needed.length).toBeGreaterThan(15);
    expect(place.left(/./)).toEqual([30]);
  });

  it('is locked anew when less than half of the days is left, and as far as it is needed', async () => {
    const place = lockedPlace();
    await place.push();
    place.pass(10);
    expect((await place.push()).length).toBeLessThanOrEqual(3);
    await backUp();
    await place.push();
    expect(place.left(/data/)).toEqual([20, 30]);
    place.pass(6);
    await place.push();
    // The chain of the first three days is nobody's newest; its blobs are needed all the same.
    expect(place.left(/(data|points).*2026-03-0[123]/)).toEqual([14]);
    expect(place.left(/(data|points).*2026-03-0[456]/)).toEqual([30]);
    expect(place.left(/blobs/)).toEqual([30]);
    expect((await place.push()).length).toBeLessThanOrEqual(3);
  });

  it('has a lock for all days on what a killed run has left, too', async () => {
    const place = lockedPlace();
    await place.push();
    await backUp();
    const failed = await outcomeOf(() => place.push(failingAt(place.store, 2)));
    expect(failed).toMatchObject({ code: 'system' });
    const left = (await place.keys()).filter((key) => /data.*-03-07/.test(key));
    expect(left.length).toBe(1);
    place.pass(3);
    await place.push();
    expect(place.left(/(data|points).*-03-07/)).toEqual([30]);
    expect(place.left(/(data|points).*-03-06/)).toEqual([27]);
  });

  it('has a lock on the note of what went, by whomever it is pruned', async () => {
    for (const [lockDays, days] of [
      [30, 30],
      // Who knows the place alone goes by the head of the site.
      [0, 20],
    ] as const) {
      const place = lockedPlace();
      await place.push();
      place.pass(10);
      const copy = { ...site.copy, lockDays, keep: 1 };
      const request = { site: undefined, copy, kind: 'all', now: () => new Date() } as const;
      await pruneSiteCopy({ ...request, open: async () => place.store }, quietContext());
      const gone = (await place.keys()).filter((key) => key.includes('/tombstones/'));
      expect(gone.length).toBeGreaterThan(0);
      expect(gone.filter((key) => !place.store.locks.has(key))).toEqual([]);
      expect([place.left(/tombstones/), place.left(/heads/)]).toEqual([[days], [days]]);
    }
  });

  it('takes no place for locked that ignores the lock', async () => {
    const place = lockedPlace();
    const { store } = place;
    const lock = store.lock && { ...store.lock, look: async () => undefined };
    const outcome = await outcomeOf(() => place.push({ ...store, ...(lock && { lock }) }));
    expect(outcome).toMatchObject({ code: 'usage', message: expect.stringContaining('ignores') });
    const { lock: _, ...plain } = store;
    expect(await outcomeOf(() => place.push(plain))).toMatchObject({ code: 'usage' });
  });
});
