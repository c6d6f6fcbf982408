import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BuiltRecord, LogBuilder } from '../../test/support/log-builder.ts';
import { packLog } from '../../test/support/pack.ts';
import { LogAudit } from '../filestorage/audit/log-audit.ts';
import { compareFingerprints, type Fingerprint } from '../filestorage/fingerprint/fingerprint.ts';
import { OidIndex } from '../filestorage/index/oid-index.ts';
import { type Oid, oidFrom, ROOT_OID } from '../filestorage/oid.ts';
import { decodeRecordPickle } from '../filestorage/pickle/record-pickle.ts';
import { scanTransactions } from '../filestorage/scan-transactions.ts';
import { fingerprintOf } from '../states/fingerprint.ts';
import { openState } from '../states/open-state.ts';
import { memorySource, type OpenedSource } from '../system/files/byte-source.ts';
import { atOnce } from '../system/streams/cooperative.ts';
import { fingerprintOfAudited } from './audited-fingerprint.ts';

const OIDS = [0, 1, 0xffff, 0x1_0000, 0x7000_0000] as const;

/** One object gets references, the data of an earlier revision, or is no more. */
interface Step {
  readonly oid: number;
  readonly change: { readonly refersTo: readonly number[] } | { readonly back: number } | 'undone';
}

const step: fc.Arbitrary<Step> = fc.record({
  oid: fc.constantFrom(...OIDS),
  change: fc.oneof(
    fc.record({ refersTo: fc.array(fc.constantFrom(...OIDS), { maxLength: 3 }) }),
    fc.record({ back: fc.nat(4) }),
    fc.constant('undone' as const),
  ),
});

const histories = fc.array(fc.uniqueArray(step, { minLength: 1, selector: ({ oid }) => oid }), {
  minLength: 1,
  maxLength: 12,
});

function written(history: readonly (readonly Step[])[]): Buffer {
  const builder = new LogBuilder();
  const positions = new Map<number, number[]>();
  builder.add([{ oid: 0, refersTo: [1] }]);
  for (const steps of history) {
    const records = steps.map(({ oid, change }): BuiltRecord => {
      if (typeof change === 'object' && 'refersTo' in change) return { oid, ...change };
      const backTo = typeof change === 'object' ? (positions.get(oid)?.[change.back] ?? 0) : 0;
      // The root is never undone.
      return oid === 0 && backTo === 0 ? { oid, refersTo: [] } : { oid, backTo };
    });
    const places = builder.add(records);
    for (const [row, { oid }] of steps.entries()) {
      positions.set(oid, [...(positions.get(oid) ?? []), places[row] ?? 0]);
    }
  }
  return builder.bytes();
}

const opened = (bytes: Uint8Array): OpenedSource => ({
  ...memorySource(bytes),
  [Symbol.asyncDispose]: async () => {},
});

async function audited(bytes: Buffer): Promise<Fingerprint | undefined> {
  const known = new OidIndex();
  await scanTransactions(memorySource(bytes), {
    from: 4,
    visitor: { transaction: ({ records }) => known.apply(records) },
  });
  const words = { name: 'log', sizeBytes: bytes.length, known, sample: { kind: 'all' } } as const;
  const audit = new LogAudit(words);
  audit.feed(bytes);
  return fingerprintOfAudited(atOnce(audit.finish()), async () => opened(bytes));
}

/** The same by the state, object by object; and which objects the root leads to. */
async function expected(bytes: Buffer) {
  await using state = await openState(opened(bytes), { findBlob: async () => undefined });
  const digests = new Map<Oid, bigint>();
  const references = new Map<Oid, readonly Oid[]>();
  for (const oid of state.oids()) {
    const { tid, data } = (await state.load(oid)) ?? {};
    if (tid === undefined || data === undefined) continue;
    const hex = (id: bigint) => id.toString(16).padStart(16, '0');
    const name = Buffer.from(hex(oid) + hex(tid), 'hex');
    const digest = createHash('sha256').update(name).update(data).digest('hex');
    digests.set(oid, BigInt(`0x${digest}`));
    references.set(
      oid,
      decodeRecordPickle(data).references.map((one) => one.oid),
    );
  }
  const reached = new Set([ROOT_OID]);
  for (const oid of reached) for (const next of references.get(oid) ?? []) reached.add(next);
  const kept = [...digests].filter(([oid]) => reached.has(oid));
  const sumOf = (numbers: readonly bigint[], bits: number) =>
    BigInt.asUintN(
      bits,
      numbers.reduce((sum, one) => sum + one, 0n),
    )
      .toString(16)
      .padStart(bits / 4, '0');
  return {
    fingerprint: {
      sum: sumOf([...digests.values()], 256),
      objects: digests.size,
      reachable: {
        sum: sumOf(
          kept.map(([, digest]) => digest >> 192n),
          64,
        ),
        objects: kept.length,
      },
    },
    garbage: new Set([...digests.keys()].filter((oid) => !reached.has(oid))),
  };
}

it('is the sum over the current objects, and over those that the root leads to', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const bytes = written(history);
      const found = await audited(bytes);
      const { fingerprint } = await expected(bytes);
      expect(found).toMatchObject(fingerprint);
      const { reachable: _, ...alone } = found ?? {};
      expect(await fingerprintOf(opened(bytes), { onBytes: () => {} })).toEqual(alone);
    }),
    { numRuns: 60 },
  );
});

it('of what the root leads to is the same after a pack', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const bytes = written(history);
      const { garbage } = await expected(bytes);
      const packed = await packLog(bytes, { garbage: new Set([...garbage, oidFrom(99)]) });
      const [before, after] = [await audited(bytes), await audited(packed)];
      if (before === undefined || after === undefined) throw new Error('no fingerprint');
      const likeness = compareFingerprints(before, after);
      // A transaction of which nothing stays is left out.
      if (before.tid === after.tid) {
        expect(likeness).toBe(garbage.size === 0 ? 'same' : 'same-reachable');
      }
      expect(after.reachable).toEqual(before.reachable);
    }),
    { numRuns: 60 },
  );
});

it('is not known of a log that is damaged', async () => {
  const bytes = written([[{ oid: 1, change: { refersTo: [0] } }]]);
  bytes.writeUInt8(0xff, bytes.length - 1);
  const index = new OidIndex();
  const words = { name: 'log', sizeBytes: bytes.length, known: index } as const;
  const audit = new LogAudit({ ...words, sample: { kind: 'all' } });
  audit.feed(bytes);
  const log = atOnce(audit.finish());
  expect(await fingerprintOfAudited(log, async () => opened(bytes))).toBeUndefined();
});
