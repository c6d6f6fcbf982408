import { describe, expect, it } from 'vitest';
import { madeChain } from '../../../test/support/made-chain.ts';
import { memoryStore } from '../../../test/support/memory-store.ts';
import { smallDatabase } from '../../../test/support/small-database.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { forwardingTo } from '../../stores/forwarding-store.ts';
import { OpenRepository } from '../open-repository.ts';
import { transactionsOf } from './transactions-of.ts';

const STAMP = '2026-03-01-00-00-00';
const { bytes, boundaries } = smallDatabase([
  { status: 'p', oids: [0, 1] },
  { oids: [1] },
  { oids: [0] },
]);
const tid = (number: number) => (BigInt(number) << 32n) as Tid;

/** A repository with one full backup, and how often that is opened. */
async function madeRepository() {
  const opened: string[] = [];
  const store = memoryStore();
  await using file = await store.stage(`${STAMP}.fs`, [bytes]);
  await file.publish();
  const counting = {
    ...forwardingTo(store),
    open: (name: string) => {
      opened.push(name);
      return store.open(name);
    },
  };
  const [link] = madeChain([STAMP]).links;
  if (link === undefined) throw new RangeError('a chain has a full backup');
  const range = { start: 0, end: bytes.length };
  return { opened, repository: new OpenRepository(counting), link: { ...link, range } };
}

describe('transactions of a backup', () => {
  it('are the last one up to each moment, and what was there before a pack', async () => {
    const { repository, link } = await madeRepository();
    const moment = tid(2);
    const found = await transactionsOf(repository, { link, moment });
    const end = boundaries[2];
    expect(found.lastWithin({ from: tid(0), upTo: moment })).toMatchObject({ tid: moment, end });
    expect(found.lastWithin({ from: tid(0), upTo: tid(1) })).toMatchObject({ tid: tid(1) });
    expect(found.lastWithin({ from: tid(2), upTo: tid(1) })).toBeUndefined();
    expect([found.packedTid, found.lastTid]).toEqual([tid(1), tid(3)]);
    expect([0, 1, 3, 4].map((number) => found.holds(tid(number)))).toEqual([
      ...[false, true, true, false],
    ]);
  });

  it('are read once for moments that are near each other, also when others may have been there', async () => {
    const { repository, link, opened } = await madeRepository();
    await transactionsOf(repository, { link, moment: tid(2) });
    repository.reread();
    await transactionsOf(repository, { link, moment: tid(1) });
    await transactionsOf(repository, { link, moment: tid(2) });
    expect(opened).toEqual([link.file.name]);
    await transactionsOf(repository, { link, moment: tid(3) });
    expect(opened).toHaveLength(2);
  });
});
