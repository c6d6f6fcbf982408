import { describe, expect, it } from 'vitest';
import { type MemoryObjects, memoryObjects } from '../../../test/support/memory-objects.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { thisMachine } from '../../system/locks/lock-record.ts';
import { endLease } from './lease/end-lease.ts';
import { decodeLeaseRecord, encodeLeaseRecord, type LeaseRecord } from './lease/lease-record.ts';
import { findLease } from './lease/standing-lease.ts';
import { LEASE_MS, takeLease } from './lease.ts';
import type { ObjectStore } from './object-store.ts';

const KEY = 'sites/plone/lease.json';
const HOUR_MS = 3_600_000;
const signal = new AbortController().signal;

const take = (store: ObjectStore, { owner = 'backup', isSingleWriter = false } = {}) =>
  takeLease(store, KEY, { owner, isSingleWriter, signal });

/** What stands there. */
async function recordIn(store: ObjectStore): Promise<LeaseRecord> {
  const found = await findLease(store, KEY);
  if (found.kind !== 'standing') throw new Error(`it is ${found.kind}`);
  return found.record;
}

/** Another machine, whose processes nobody here can look at, writes what it has. */
async function elsewhere(store: ObjectStore, change: Partial<LeaseRecord> = {}): Promise<void> {
  const record: LeaseRecord = {
    format: 1,
    state: 'held',
    owner: 'another',
    counter: 7,
    command: 'backup',
    process: { pid: 4711, host: 'plone2.example.com', boot: 'another' },
    since: new Date(await store.now()).toISOString(),
    expires: new Date((await store.now()) + LEASE_MS).toISOString(),
    ...change,
  };
  await store.put(KEY, encodeLeaseRecord(record));
}

describe.each(['both', 'absent', 'none'] as const)(
  'lock of a copy where conditions are kept: %s',
  (conditions) => {
    const isSingleWriter = conditions === 'none';

    it('is held once: the second run is told who has it', async () => {
      const store = memoryObjects(conditions);
      await using _lease = await take(store, { isSingleWriter });
      expect(await outcomeOf(() => take(store, { owner: 'copy', isSingleWriter }))).toMatchObject({
        code: 'locked',
        message: expect.stringContaining(`backup, pid ${process.pid} on `),
      });
    });

    it('can be taken again when it was given back', async () => {
      const store = memoryObjects(conditions);
      for (let times = 0; times < 3; times++) {
        await using lease = await take(store, { isSingleWriter });
        await lease.confirm();
      }
      await using _lease = await take(store, { isSingleWriter });
    });

    it('is lost when somebody ended it: nothing is confirmed any more, and nothing of others is undone', async () => {
      const store = memoryObjects(conditions);
      const lease = await take(store, { isSingleWriter });
      const found = await findLease(store, KEY);
      if (found.kind === 'absent') throw new Error('nothing is there');
      await endLease(found, { store, key: KEY });
      await using other = await take(store, { owner: 'copy', isSingleWriter });
      expect(await outcomeOf(() => lease.confirm())).toMatchObject({ code: 'locked' });
      expect(await outcomeOf(() => lease.confirm())).toMatchObject({ code: 'locked' });
      await lease[Symbol.asyncDispose]();
      await other.confirm();
      expect(await recordIn(store)).toMatchObject({ state: 'held', command: 'copy' });
    });

    it('is not ended as it was seen, when it is another one by then', async () => {
      const store = memoryObjects(conditions);
      await elsewhere(store);
      const found = await findLease(store, KEY);
      if (found.kind === 'absent') throw new Error('nothing is there');
      await elsewhere(store, { owner: 'a third' });
      expect(await outcomeOf(() => endLease(found, { store, key: KEY }))).toMatchObject({
        code: 'locked',
      });
      expect(await recordIn(store)).toMatchObject({ owner: 'a third', state: 'held' });
    });

    it.each(['', 'x', '{"format":2}', '{}'])(
      'that says %j is held by somebody, until it is ended',
      async (text) => {
        const store = memoryObjects(conditions);
        await store.put(KEY, Buffer.from(text));
        expect(await outcomeOf(() => take(store, { isSingleWriter }))).toMatchObject({
          code: 'locked',
        });
        const found = await findLease(store, KEY);
        if (found.kind === 'absent') throw new Error('nothing is there');
        await endLease(found, { store, key: KEY });
        await using _lease = await take(store, { isSingleWriter });
      },
    );
  },
);

describe.each(['both', 'none'] as const)(
  'lock of a copy that runs out, where conditions are kept: %s',
  (conditions) => {
    const isSingleWriter = conditions === 'none';

    it('is taken over when the clock of the store says so, whatever ours says', async () => {
      for (const aheadMs of [-HOUR_MS, 0, HOUR_MS]) {
        const store = memoryObjects(conditions);
        store.aheadMs = aheadMs;
        await elsewhere(store);
        store.aheadMs = aheadMs + LEASE_MS - 1000;
        expect(await outcomeOf(() => take(store, { isSingleWriter }))).toMatchObject({
          code: 'locked',
        });
        store.aheadMs = aheadMs + LEASE_MS + 1000;
        await using lease = await take(store, { isSingleWriter });
        await lease.confirm();
        const { counter, expires = '' } = await recordIn(store);
        expect(counter).toBeGreaterThan(7);
        const leftMs = Date.parse(expires) - (Date.now() + store.aheadMs);
        expect(leftMs).toBeGreaterThan(LEASE_MS - 10_000);
        expect(leftMs).toBeLessThanOrEqual(LEASE_MS);
      }
    });

    it('is taken over at once from a process of this machine that has ended', async () => {
      const store = memoryObjects(conditions);
      const { host, boot } = await thisMachine();
      await elsewhere(store, { process: { pid: 1, host, boot: `${boot}, an earlier one` } });
      await using _lease = await take(store, { isSingleWriter });
    });

    it('is given back by a record that says so, and never removed', async () => {
      const store = memoryObjects(conditions);
      for (let times = 1; times <= 3; times++) {
        {
          await using _lease = await take(store, { isSingleWriter });
        }
        expect(await recordIn(store)).toMatchObject({ state: 'free', counter: 2 * times });
      }
    });

    it('is renewed by each confirmation, with one record after the other', async () => {
      const store = memoryObjects(conditions);
      await using lease = await take(store, { isSingleWriter });
      await Promise.all(Array.from({ length: 5 }, () => lease.confirm()));
      expect((await recordIn(store)).counter).toBe(6);
    });

    it('is renewed by itself', async () => {
      const store = memoryObjects(conditions);
      await using lease = await takeLease(store, KEY, {
        owner: 'backup',
        isSingleWriter,
        signal,
        lastsMs: 600,
      });
      const first = await recordIn(store);
      await until(async () => (await recordIn(store)).counter >= first.counter + 5);
      await lease.confirm();
    });
  },
);

describe('lock of a copy', () => {
  it.each(['both', 'absent'] as const)(
    'is given to one of many who want it at the same time (%s)',
    async (conditions) => {
      const store = memoryObjects(conditions);
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => outcomeOf(() => take(store))),
      );
      const codes = outcomes.map((one) => (one.kind === 'failure' ? one.code : one.kind)).sort();
      expect(codes).toEqual([...Array.from({ length: 7 }, () => 'locked'), 'result']);
    },
  );

  it('needs one more request for each confirmation', async () => {
    const store = memoryObjects();
    await using lease = await take(store);
    const before = store.requests;
    await lease.confirm();
    expect(store.requests - before).toBe(1);
  });

  it('never runs out where nothing is replaced on a condition', async () => {
    const store = memoryObjects('absent');
    await elsewhere(store, { expires: undefined });
    store.aheadMs = 100 * HOUR_MS;
    expect(await outcomeOf(() => take(store))).toMatchObject({ code: 'locked' });
  });

  it('is refused where two writers can not be kept apart, unless there is one', async () => {
    const store = memoryObjects('none');
    expect(await outcomeOf(() => take(store))).toMatchObject({ code: 'refused' });
    expect(await store.look(KEY)).toBeUndefined();
  });

  it('is lost when an answer takes longer than it lasts, though nobody took it', async () => {
    const store = memoryObjects();
    const lease = await takeLease(slow(store, 150), KEY, {
      owner: 'backup',
      isSingleWriter: false,
      signal,
      lastsMs: 100,
    });
    expect(await outcomeOf(() => lease.confirm())).toMatchObject({ code: 'locked' });
    await lease[Symbol.asyncDispose]();
    expect(await recordIn(store)).toMatchObject({ state: 'held' });
  });

  it('survives an answer that is lost on its way, and asked for once more', async () => {
    const store = memoryObjects();
    await using lease = await take(repeating(store));
    await lease.confirm();
    await lease.confirm();
    expect(await recordIn(store)).toMatchObject({ counter: 3, state: 'held' });
  });

  it('is not taken when somebody wants to stop', async () => {
    const store = memoryObjects();
    const stopped = AbortSignal.abort(new RangeError('stop'));
    const taking = takeLease(store, KEY, {
      owner: 'backup',
      isSingleWriter: false,
      signal: stopped,
    });
    await expect(taking).rejects.toThrow(RangeError);
    expect(await store.look(KEY)).toBeUndefined();
  });

  it('has records of which no two are equal, and reads what it writes', () => {
    const record: LeaseRecord = {
      format: 1,
      state: 'free',
      owner: 'x',
      counter: 3,
      command: 'backup',
      process: { pid: 1, host: 'here' },
      since: '2026-03-01T04:05:06.000Z',
    };
    expect(decodeLeaseRecord(encodeLeaseRecord(record))).toEqual(record);
    const next = encodeLeaseRecord({ ...record, counter: 4 });
    expect(Buffer.compare(next, encodeLeaseRecord(record))).not.toBe(0);
  });
});

/** A store that does everything, and answers late. */
function slow(store: MemoryObjects, ms: number): ObjectStore {
  const put: ObjectStore['put'] = async (...words) => {
    const outcome = await store.put(...words);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return outcome;
  };
  return { ...store, put };
}

/** A store that gets each put a second time, as after an answer that was lost. */
function repeating(store: MemoryObjects): ObjectStore {
  const put: ObjectStore['put'] = async (...words) => {
    await store.put(...words);
    return store.put(...words);
  };
  return { ...store, put };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
