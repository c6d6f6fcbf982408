import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { CopySettings } from '../src/config/model/copy-settings.ts';
import { keepsAny } from '../src/config/model/keep-rules.ts';
import { encodeSweepList } from '../src/copies/layout/sweep-list.ts';
import { copiedPoints } from '../src/copies/read-copy.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { type CopyOpener, openCopy } from '../src/operations/copies/copy-place.ts';
import { pruneSiteCopy } from '../src/operations/copies/prune/prune-site-copy.ts';
import { verifyCopy } from '../src/operations/copies/verify-copy.ts';
import { changeTags } from '../src/operations/retention/tag-points.ts';
import { parseStamp } from '../src/repository/layout/stamp.ts';
import { parseRestoreTarget } from '../src/repository/restore-target.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { objectsBelow } from '../src/stores/objects/objects-below.ts';
import { parseSpan } from '../src/system/calendar/span.ts';
import { BY_NODE } from './support/backup-settings.ts';
import {
  type CopiedTestSite,
  copiedSite,
  filesBelow,
  restoreFrom,
  stampOfDay,
} from './support/copied-site.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';

/*
 * A real copy of a real site, pruned again and again by any rules, while its clock goes on. What is left gives back what
 * was backed up, byte by byte.
 */

const scratch = scratchFolder();
const states = new Map<string, Buffer>();
let copied: CopiedTestSite;
let made = 0;

beforeAll(async () => {
  copied = await copiedSite(scratch);
  for (const [day, state] of copied.states.entries()) states.set(stampOfDay(day + 1), state);
  const { site, test } = copied;
  const change = { action: 'give', name: 'kept', kind: 'backup', now: () => new Date() } as const;
  await changeTags(site, { ...change, stamp: parseStamp(stampOfDay(2)) }, quietContext());
  for (const [day, kind, full] of [
    [6, 'backup', 'as-set'],
    [7, 'snapshot', 'as-set'],
    [8, 'backup', 'always'],
    [9, 'backup', 'as-set'],
  ] as const) {
    await growDatabase(test.dataFs, { transactions: 1 });
    const now = () => new Date(Date.UTC(2026, 2, day, 2));
    await backUpSite({ ...BY_NODE, site, kind, full, now }, quietContext());
    if (kind === 'backup') states.set(stampOfDay(day), readFileSync(test.dataFs));
  }
}, 120_000);

const anyRules = fc
  .record({
    keep: fc.constantFrom(0, 0, 1, 2),
    daily: fc.integer({ min: 0, max: 3 }),
    weekly: fc.integer({ min: 0, max: 2 }),
    monthly: fc.integer({ min: 0, max: 1 }),
    yearly: fc.integer({ min: 0, max: 1 }),
    within: fc.option(fc.constantFrom('36h', '3d').map(parseSpan), { nil: undefined }),
  })
  .filter(({ keep, ...rules }) => keep > 0 || keepsAny(rules));

it('nothing goes by a forged list of what no record names, but what none names', {
  timeout: 120_000,
}, async () => {
  const place = join(scratch, 'forged');
  cpSync(copied.place, place, { recursive: true });
  const below = join(place, 'sites/plone');
  const before = filesBelow(below);
  mkdirSync(join(below, 'sweep'), { recursive: true });
  const forged = { format: 1, at: '2020-01-01T00:00:00.000Z', keys: before } as const;
  writeFileSync(join(below, 'sweep/Data.json'), encodeSweepList(forged));
  const copy: CopySettings = { ...copied.copy, url: place, keep: 1000 };
  const request = { site: undefined, copy, kind: 'all', open: openCopy } as const;
  await pruneSiteCopy({ ...request, now: () => new Date() }, quietContext());
  const isKept = (path: string) =>
    /^(points|tombstones|data|blobs|manifests|files|tags)/.test(path);
  expect(filesBelow(below).filter(isKept)).toEqual(before.filter(isKept));
});

it('whatever rules a copy is pruned by, what is left gives back what was backed up', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRules, { minLength: 1, maxLength: 3 }), async (rounds) => {
      const place = join(scratch, `pruned-${++made}`);
      cpSync(copied.place, place, { recursive: true });
      let minutes = 0;
      const later: CopyOpener = async (copy) => {
        const store = await openCopy(copy);
        const ahead = minutes * 60_000;
        return { ...store, now: async () => (await store.now()) + ahead };
      };
      const copy: CopySettings = { ...copied.copy, url: place };
      // The second time, what nothing names goes.
      for (const { keep, ...rules } of rounds.flatMap((one) => [one, one])) {
        minutes += 10;
        const keepRules = keepsAny(rules) ? rules : undefined;
        const kept = { ...copy, keep, keepRules };
        const now = () => new Date();
        const request = { site: undefined, copy: kept, kind: 'all', now, open: later } as const;
        await pruneSiteCopy(request, quietContext());
      }
      const verified = await verifyCopy(
        { site: copied.site, copy, now: () => new Date(), open: openCopy },
        quietContext(),
      );
      expect(verified.findings).toEqual([]);
      const left = await copiedPoints(objectsBelow(folderObjects(place), 'sites/plone/'));
      const stamps = left
        .filter(({ place: { kind } }) => kind === 'backup')
        .map((one) => one.stamp);
      // The newest, and one with a tag.
      expect(stamps).toEqual(expect.arrayContaining([stampOfDay(2), stampOfDay(9)]));
      for (const stamp of new Set([stamps[0], stamps.at(-1)])) {
        const wanted = parseRestoreTarget(`${stamp}`);
        const { dataFs } = await restoreFrom(folderObjects(place), { scratch, wanted });
        expect(states.get(`${stamp}`)?.equals(readFileSync(dataFs))).toBe(true);
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
});
