import { describe, expect, it } from 'vitest';
import { LogBuilder, tidNumber } from '../../../test/support/log-builder.ts';
import { memorySource } from '../../system/files/byte-source.ts';
import { MAGIC_BYTES } from '../format.ts';
import { oidFrom } from '../oid.ts';
import { scanTransactions } from '../scan-transactions.ts';
import { findRevision } from './find-revision.ts';
import { OidIndex } from './oid-index.ts';

async function lookerInto(bytes: Uint8Array) {
  const source = memorySource(bytes, 'Data.fs');
  const index = new OidIndex();
  await scanTransactions(source, {
    from: MAGIC_BYTES,
    visitor: { transaction: ({ records }) => index.apply(records) },
  });
  return (oid: number, number: number, of = source) =>
    findRevision(of, { index, revision: { oid: oidFrom(oid), tid: tidNumber(number) } });
}

describe('a revision', () => {
  it('is held as long as the records of its object lead back to it', async () => {
    const log = new LogBuilder();
    log.add([{ oid: 1, blob: true }]);
    log.add([{ oid: 2, blob: true }]);
    log.add([{ oid: 1, blob: true }]);
    log.add([{ oid: 2, blob: true, previous: 0 }]);
    const look = await lookerInto(log.bytes());
    expect([await look(1, 1), await look(1, 2), await look(1, 3)]).toEqual([
      'held',
      'gone',
      'held',
    ]);
    expect([await look(2, 2), await look(2, 4), await look(3, 1)]).toEqual([
      'gone',
      'held',
      'gone',
    ]);
  });

  it('is unknown where a record on the way is none of its object, leads forward, or is cut off', async () => {
    const log = new LogBuilder();
    const [other = 0] = log.add([{ oid: 1, blob: true }]);
    log.add([{ oid: 2, blob: true, previous: other }]);
    log.add([{ oid: 3, blob: true, previous: 1 << 20 }]);
    const bytes = log.bytes();
    const look = await lookerInto(bytes);
    expect([await look(2, 1), await look(3, 1)]).toEqual(['unknown', 'unknown']);
    expect(await look(3, 3, memorySource(bytes.subarray(0, other + 50)))).toBe('unknown');
  });
});
