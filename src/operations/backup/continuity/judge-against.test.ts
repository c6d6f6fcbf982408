import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quietContext } from '../../../../test/support/quiet-context.ts';
import {
  type HistoryState,
  type HistoryStep,
  historySteps,
  statesOf,
} from '../../../../test/support/random-history.ts';
import { scratchFolder } from '../../../../test/support/scratch.ts';
import { findCommittedEnd } from '../../../filestorage/committed-end.ts';
import { formatTid, type Tid } from '../../../filestorage/tid.ts';
import type { BackupRecord } from '../../../repository/layout/backup-record.ts';
import { parseDataFileName } from '../../../repository/layout/file-names.ts';
import type { Continuity } from '../../../repository/lineage/continuity.ts';
import { folderStore } from '../../../stores/folder-store.ts';
import { memorySource } from '../../../system/files/byte-source.ts';
import { judgeAgainst } from './judge-against.ts';

const scratch = scratchFolder();
const CONTEXT = quietContext();

/** Somebody puts back the file from before a pack, after a backup of what that has left, and packs it anew. */
const BACK_BEFORE_A_PACK: readonly HistoryStep[] = [
  { kind: 'commit', oids: [2], isUndo: false },
  { kind: 'commit', oids: [0], isUndo: false },
  { kind: 'commit', oids: [3, 0], isUndo: false },
  { kind: 'commit', oids: [1], isUndo: false },
  { kind: 'pack', young: 0, garbage: [3], keepsOld: false },
  { kind: 'set-back', steps: 1, remains: 'none' },
  { kind: 'pack', young: 0, garbage: [1], keepsOld: false },
];

describe('continuity of a Data.fs', () => {
  it('is never taken for lost where it was only packed, and never for there where it is lost', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(historySteps, fc.nat(), async (steps, choice) => {
        const states = await statesOf(steps);
        const now = states.at(-1);
        const backedUp = states[choice % states.length];
        if (now === undefined || backedUp === undefined) return;
        const { answer, last } = await judge(now, backedUp);
        const isLost = !now.lineage.includes(last);
        const because = answer.kind === 'unknown' ? '' : ` ${answer.because}`;
        const outcome = `${isLost ? 'lost' : 'continued'}: ${answer.kind}${because}`;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        expect(answer.kind, outcome).not.toBe(isLost ? 'continued' : 'lost');
      }),
      { numRuns: 1500, examples: [[BACK_BEFORE_A_PACK, 5]] },
    );
    // Each kind of answer was given, so that the property says something.
    expect([...seen.keys()].sort()).toEqual([
      'continued: continued last-is-there',
      'continued: continued packed-from-old',
      'continued: unknown',
      'lost: lost no-pack',
      'lost: lost remains',
      'lost: lost set-back',
      'lost: unknown',
    ]);
  });
});

/** Holds a state against a full backup of another, which ends with the transaction `last`. */
async function judge(
  now: HistoryState,
  backedUp: HistoryState,
): Promise<{ readonly answer: Continuity; readonly last: Tid }> {
  const source = memorySource(now.bytes);
  const end = await findCommittedEnd(source, 4);
  const old = now.old && memorySource(now.old);
  const stored = memorySource(backedUp.bytes);
  const { position, lastTid } = await findCommittedEnd(stored, 4);
  const content = backedUp.bytes.subarray(0, position);
  const name = '2026-03-01-04-05-06.fs';
  const parsed = parseDataFileName(name);
  if (parsed === undefined) throw new RangeError('it is the name of a full backup');
  writeFileSync(join(scratch, name), content);
  const range = { start: 0, end: position };
  const md5 = hashOf(content, 'md5');
  const sha256 = hashOf(content, 'sha256');
  const record: BackupRecord = {
    format: 1,
    tool: 'a test',
    source: '/srv/Data.fs',
    madeAt: '2026-03-01T04:05:06.000Z',
    ...range,
    md5,
    firstTid: null,
    lastTid: formatTid(lastTid),
    transactionCount: 0,
    stored: { name, sizeBytes: position, sha256 },
    index: { sizeBytes: 0, sha256 },
    samples: [],
  };
  const file = { ...parsed, storedBytes: position, isMarked: false };
  const base = [{ file, range, md5, record }];
  const store = folderStore(scratch);
  const answer = await judgeAgainst({ source, end, old }, { store, base, context: CONTEXT });
  return { answer, last: lastTid };
}

function hashOf(bytes: Uint8Array, kind: 'md5' | 'sha256'): string {
  return createHash(kind).update(bytes).digest('hex');
}
