import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStamp } from '../repository/layout/stamp.ts';
import { type PointName, pointKey } from './layout/keys.ts';
import { compareWithLine, faultsInSeal, type SealedRecord } from './seal.ts';
import { formatSealLine, parseSealLine, type SealLine } from './seal-line.ts';

/** What happens to a copy: a restore point comes, or the oldest one that is there goes. */
const history = fc.array(fc.constantFrom('come' as const, 'come' as const, 'go' as const), {
  maxLength: 40,
});

function nameOf(sequence: number): PointName {
  const stamp = parseStamp(`2026-03-01-00-00-${String(sequence % 60).padStart(2, '0')}`);
  if (stamp === undefined) throw new Error('it is a date');
  return { place: { storage: 'Data', kind: 'backup' }, stamp, sequence, part: 'full' };
}

/** A copy after such a history. */
function copyAfter(steps: readonly ('come' | 'go')[], from: readonly SealedRecord[] = []) {
  const records = [...from];
  for (const [index, step] of steps.entries()) {
    const last = records.at(-1);
    const name = nameOf((last?.name.sequence ?? 0) + 1);
    const sha256 = createHash('sha256')
      .update(`${index} ${pointKey(name)}`)
      .digest('hex');
    const before = last === undefined ? null : { key: pointKey(last.name), sha256: last.sha256 };
    if (step === 'come') records.push({ name, sha256, before, removedAt: undefined });
    const oldest = records.findIndex((one) => one.removedAt === undefined);
    const going = records[oldest];
    if (step === 'go' && going !== undefined) {
      const removedAt = new Date(
        Date.UTC(2026, 3, 1) + records.length * 1000 + oldest,
      ).toISOString();
      records[oldest] = { ...going, removedAt };
    }
  }
  return records;
}

function lineOf(records: readonly SealedRecord[]): SealLine | undefined {
  const there = records.filter((one) => one.removedAt === undefined);
  const newest = records.at(-1);
  if (newest === undefined || there.length === 0) return undefined;
  const { name, sha256 } = newest;
  return { site: 'plone', sequence: name.sequence, points: there.length, sha256 };
}

describe('the seal of a copy', () => {
  it('is whole whatever came and went, and tells what did', () => {
    fc.assert(
      fc.property(history, history, (first, second) => {
        const before = copyAfter(first);
        const line = lineOf(before);
        fc.pre(line !== undefined);
        if (line === undefined) return;
        const records = copyAfter(second, before);
        expect(faultsInSeal(records)).toEqual([]);
        const wasGone = before.filter((one) => one.removedAt !== undefined).length;
        const removed = records.filter((one) => one.removedAt !== undefined).slice(wasGone);
        const came = records.length - line.sequence;
        expect(compareWithLine(records, line)).toEqual({ fault: undefined, came, removed });
      }),
    );
  });

  it('is broken by whatever is taken out, put in, or exchanged up to the line', () => {
    const change = fc.constantFrom('out' as const, 'in' as const, 'other' as const);
    fc.assert(
      fc.property(history, history, change, fc.nat(), (first, second, what, where) => {
        const before = copyAfter(first);
        const line = lineOf(before);
        fc.pre(line !== undefined);
        if (line === undefined) return;
        const records = copyAfter(second, before);
        const index = where % line.sequence;
        const [meant] = records.slice(index);
        if (meant === undefined) throw new Error('it is one of those before the line');
        const other = { ...meant, sha256: '0'.repeat(64) };
        const changed = {
          out: records.toSpliced(index, 1),
          in: [...records, other],
          other: records.toSpliced(index, 1, other),
        }[what];
        const { fault } = compareWithLine(changed, line);
        expect(faultsInSeal(changed).length + (fault === undefined ? 0 : 1)).toBeGreaterThan(0);
      }),
    );
  });

  it('tells of a restore point that is back', () => {
    const records = copyAfter(['come', 'come', 'come', 'go', 'go']);
    const line = lineOf(records);
    const back = records.map((one) => ({ ...one, removedAt: undefined }));
    expect(line && compareWithLine(back, line).fault).toEqual({ kind: 'more-than-line' });
  });
});

describe('the line of a seal', () => {
  it('is read as it was written', () => {
    const site = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(site, fc.integer({ min: 1, max: 99_999_999 }), (name, sequence) => {
        const line = { site: name, sequence, points: 1, sha256: 'ab'.repeat(32) };
        const text = formatSealLine(line);
        expect(text).not.toMatch(/\s/);
        expect(parseSealLine(` ${text}\n`)).toEqual(line);
      }),
    );
  });

  it.each([
    '',
    'plone',
    `plone:0:0:${'a'.repeat(64)}`,
    `plone:2:3:${'a'.repeat(64)}`,
    `plone:3:2:${'a'.repeat(63)}`,
    `plone:3:2:${'A'.repeat(64)}`,
    `pl one:3:2:${'a'.repeat(64)}`,
    `plone:3:2:${'a'.repeat(64)}:`,
  ])('is nothing else: %j', (text) => {
    expect(parseSealLine(text)).toBeUndefined();
  });
});
