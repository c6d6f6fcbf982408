import fc from 'fast-check';
import { oidFrom } from '../../src/filestorage/oid.ts';
import { formatTid, type Tid } from '../../src/filestorage/tid.ts';
import {
  encodeTransaction,
  type RecordContent,
} from '../../src/filestorage/writer/transaction-encoder.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';
import { tidNumber } from './log-builder.ts';
import { packLog, readDrafts } from './pack.ts';

/** One thing that happens to a Data.fs. */
export type HistoryStep =
  | {
      readonly kind: 'commit';
      readonly oids: readonly number[];
      /** Whether the objects go back to an earlier state, where they have one. */
      readonly isUndo: boolean;
    }
  | {
      readonly kind: 'pack';
      /** So many of the newest transactions are too young for it. */
      readonly young: number;
      readonly garbage: readonly number[];
      readonly keepsOld: boolean;
    }
  /** Somebody puts an earlier state there, or a disk loses what came after it. */
  | {
      readonly kind: 'set-back';
      /** So many steps. */
      readonly steps: number;
      readonly remains: 'none' | 'half-a-transaction';
    };

/** A Data.fs, what a pack has left beside it, and every transaction that it came from. */
export interface HistoryState {
  readonly bytes: Buffer;
  readonly old: Buffer | undefined;
  readonly lineage: readonly Tid[];
}

const OIDS = [0, 1, 2, 3] as const;
const oids = fc.uniqueArray(fc.constantFrom(...OIDS), { minLength: 1 });

/** Many commits, some packs, now and then a loss; the first commit makes the root. */
export const historySteps: fc.Arbitrary<readonly HistoryStep[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('commit'), oids, isUndo: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('pack'),
        young: fc.constantFrom(0, 0, 0, 1, 3),
        garbage: fc.subarray(OIDS.slice(1)),
        keepsOld: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('set-back'),
        steps: fc.integer({ min: 1, max: 6 }),
        remains: fc.constantFrom('none', 'half-a-transaction'),
      }),
    },
  ),
  { minLength: 3, maxLength: 16 },
);

/** All states of a history, from the first commit on. */
export async function statesOf(steps: readonly HistoryStep[]): Promise<readonly HistoryState[]> {
  let now = await commit(
    { bytes: Buffer.from('FS30'), old: undefined, lineage: [] },
    { tid: tidNumber(1), oids: [0], isUndo: false },
  );
  const states = [now];
  for (const [number, step] of steps.entries()) {
    now = await follow(now, { step, tid: tidNumber(number + 2), states });
    states.push(now);
  }
  return states;
}

async function follow(
  now: HistoryState,
  {
    step,
    tid,
    states,
  }: {
    readonly step: HistoryStep;
    readonly tid: Tid;
    readonly states: readonly HistoryState[];
  },
): Promise<HistoryState> {
  switch (step.kind) {
    case 'commit':
      return commit(now, { tid, ...step });
    case 'pack': {
      const whole = await withoutRemains(now.bytes);
      const tids = (await readDrafts(memorySource(whole))).map((draft) => draft.tid);
      const upTo = tids[tids.length - 1 - step.young];
      if (upTo === undefined) return now;
      const garbage = new Set(step.garbage.map(oidFrom));
      const bytes = await packLog(whole, { upTo, garbage });
      return { ...now, bytes, old: step.keepsOld ? whole : undefined };
    }
    case 'set-back': {
      const earlier = states.at(-1 - step.steps) ?? now;
      const isCut = now.bytes.subarray(0, earlier.bytes.length).equals(earlier.bytes);
      const rest =
        isCut && step.remains !== 'none'
          ? now.bytes.subarray(0, earlier.bytes.length + 30)
          : earlier.bytes;
      return { bytes: rest, old: now.old, lineage: earlier.lineage };
    }
    default:
      return step satisfies never;
  }
}

async function commit(
  { bytes, old, lineage }: HistoryState,
  {
    tid,
    oids,
    isUndo,
  }: { readonly tid: Tid; readonly oids: readonly number[]; readonly isUndo: boolean },
): Promise<HistoryState> {
  const whole = await withoutRemains(bytes);
  const rows = (await readDrafts(memorySource(whole))).flatMap((draft) => draft.rows);
  const records = oids.map((number): RecordContent => {
    const earlier = rows
      .filter(({ oid }) => oid === oidFrom(number))
      .map(({ position }) => position);
    const target = isUndo ? earlier.at(-2) : undefined;
    return {
      oid: oidFrom(number),
      previous: earlier.at(-1) ?? 0,
      data:
        target === undefined
          ? { kind: 'pickle', bytes: Buffer.from(`${number} in ${formatTid(tid)}`) }
          : { kind: 'back-pointer', position: target },
    };
  });
  const none = new Uint8Array(0);
  const words = { user: none, description: none, extension: none };
  const { bytes: added } = encodeTransaction({ tid, status: ' ', ...words, records }, whole.length);
  return { bytes: Buffer.concat([whole, added]), old, lineage: [...lineage, tid] };
}

/** As a server cuts it when it starts. */
async function withoutRemains(bytes: Buffer): Promise<Buffer> {
  const drafts = await readDrafts(memorySource(bytes));
  return bytes.subarray(0, drafts.at(-1)?.end ?? 4);
}
