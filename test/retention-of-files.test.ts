import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Site } from '../src/config/model/site.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { planSitePrune, pruneSite } from '../src/operations/backup/prune-site.ts';
import { restoreToStream } from '../src/operations/restore/restore-filestorage.ts';
import { parseStamp } from '../src/repository/layout/stamp.ts';
import { parseSpan } from '../src/system/calendar/span.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { blobFiles } from './support/blobs.ts';
import { commitBlob } from './support/buildout-site.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

/*
 * Real backups of a real site, made by the real operations: full ones and increments, at any dates, with clocks that
 * jump, damaged and lost files, and any rules. What is there afterwards gives back what was backed up, byte by byte.
 */

const scratch = scratchFolder();
const HOUR = 3600 * 1000;

/** What a restore point must give back. */
interface Expected {
  readonly sha256: string;
  readonly blobs: readonly string[];
}

type Deed = 'increment' | 'full' | 'prune' | 'damage a data file' | 'lose blobs';

const anyNight = fc.record({
  deed: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Deed>('increment') },
    { weight: 3, arbitrary: fc.constant<Deed>('full') },
    { weight: 1, arbitrary: fc.constantFrom<Deed>('prune', 'damage a data file', 'lose blobs') },
  ),
  hours: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 5, max: 50 }) },
    { weight: 1, arbitrary: fc.constantFrom(24 * 365, -24 * 365, 24 * 31, -24) },
  ),
  which: fc.nat(100),
});

const anyRules = fc.record({
  keep: fc.constantFrom(0, 0, 0, 1, 2),
  daily: fc.integer({ min: 0, max: 4 }),
  weekly: fc.integer({ min: 0, max: 2 }),
  monthly: fc.integer({ min: 0, max: 2 }),
  yearly: fc.integer({ min: 0, max: 1 }),
  within: fc.option(fc.constantFrom('36h', '3d', '1w').map(parseSpan), { nil: undefined }),
});

it('whatever happens to backups, what the rules keep gives back what was backed up', {
  timeout: 900_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyNight, { minLength: 6, maxLength: 16 }),
      anyRules,
      async (nights, { keep, ...keepRules }) => {
        const test = await newSite(scratch, 3);
        const found = await findPlainSite(test.folder, {
          written: NOTHING_NAMED,
          purpose: 'backup',
        });
        const site: Site = { ...found.site, keep, keepRules };
        const life = new Life(test, site);
        await life.night({ deed: 'full', hours: 0, which: 0 });
        for (const night of nights) await life.night(night);
        await life.prune();
        await life.expectAll();
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
});

class Life {
  readonly #test: TestSite;
  readonly #site: Site;
  readonly #expected = new Map<string, Expected>();
  /** Points that give back something else by now, or nothing: a file of them was damaged. */
  readonly #spoilt = new Set<string>();
  #clock = Date.UTC(2026, 2, 20, 2);

  constructor(test: TestSite, site: Site) {
    this.#test = test;
    this.#site = site;
  }

  async night({
    deed,
    hours,
    which,
  }: {
    readonly deed: Deed;
    readonly hours: number;
    readonly which: number;
  }): Promise<void> {
    this.#clock += hours * HOUR;
    switch (deed) {
      case 'increment':
      case 'full':
        await this.#backUp(deed);
        break;
      case 'prune':
        await this.prune();
        break;
      case 'damage a data file':
        this.#damage(which);
        break;
      case 'lose blobs':
        this.#loseBlobs(which);
        break;
      default:
        deed satisfies never;
    }
  }

  async #backUp(deed: 'increment' | 'full'): Promise<void> {
    await commitBlob(this.#test.dataFs);
    const before = new Set(this.#expected.size === 0 ? [] : this.#stamps());
    await backUpSite(
      { ...BY_NODE, site: this.#site, full: deed === 'full' ? 'always' : 'as-set', now: this.#now },
      quietContext(),
    );
    const [stamp = '', ...others] = this.#stamps().filter((one) => !before.has(one));
    expect([stamp, others]).toEqual([expect.stringMatching(/^\d{4}-/), []]);
    this.#expected.set(stamp, {
      sha256: createHash('sha256').update(readFileSync(this.#test.dataFs)).digest('hex'),
      blobs: blobFiles(join(this.#test.folder, 'var/blobstorage')),
    });
  }

  /** What is shown before goes, and nothing else. */
  async prune(): Promise<void> {
    const settings = { site: this.#site, kind: 'backup', now: this.#now } as const;
    const [plan] = await planSitePrune(settings, quietContext());
    await pruneSite(settings, quietContext());
    expect(this.#stamps()).toEqual(
      plan?.points.flatMap(({ stamp, removal }) => (removal === undefined ? stamp : [])),
    );
  }

  readonly #now = () => new Date(this.#clock);

  #stamps(): readonly string[] {
    return this.#test.dataFiles().map((name) => name.slice(0, 19));
  }

  /** Adds a byte to it: no restore gives back a chain from there on. */
  #damage(which: number): void {
    const names = this.#test.dataFiles();
    const index = which % Math.max(1, names.length);
    const name = names[index];
    if (name === undefined) return;
    const path = join(this.#test.repository, name);
    chmodSync(path, 0o600);
    appendFileSync(path, 'x');
    for (const one of names.slice(index)) {
      if (one !== name && !one.includes('delta')) break;
      this.#spoilt.add(one.slice(0, 19));
    }
  }

  #loseBlobs(which: number): void {
    const folder = join(this.#test.folder, 'var/blobstoragebackups');
    const names = this.#copies();
    const name = names[which % Math.max(1, names.length)];
    if (name === undefined) return;
    rmSync(join(folder, name), { recursive: true });
    this.#spoilt.add(name.slice(-19));
  }

  #copies(): readonly string[] {
    return readdirSync(join(this.#test.folder, 'var/blobstoragebackups'))
      .filter((name) => /\.\d{4}(-\d\d){5}$/.test(name))
      .sort();
  }

  async expectAll(): Promise<void> {
    const all = [...this.#expected.keys()].sort();
    const left = this.#stamps();
    const unspoilt = (stamps: readonly string[]) => stamps.filter((one) => !this.#spoilt.has(one));
    // The newest that can be restored never goes.
    expect(unspoilt(left).at(-1)).toBe(unspoilt(all).at(-1));
    for (const stamp of unspoilt(left)) {
      const { sha256, blobs } = this.#expected.get(stamp) ?? {};
      expect([stamp, await this.#restored(stamp)]).toEqual([stamp, sha256]);
      const copy = join(this.#test.folder, `var/blobstoragebackups/blobstorage.${stamp}`);
      expect([stamp, blobFiles(join(copy, 'blobstorage'))]).toEqual([stamp, blobs]);
    }
    // Blobs of what is gone are gone, too.
    const copies = this.#copies().map((name) => name.slice(-19));
    expect(copies.filter((stamp) => !left.includes(stamp))).toEqual([]);
  }

  async #restored(text: string): Promise<string> {
    const date = parseStamp(text);
    if (date === undefined) throw new Error(`${text} is no stamp`);
    const hash = createHash('sha256');
    await restoreToStream(
      { repository: this.#test.repository, wanted: { kind: 'backup', date } },
      {
        context: quietContext(),
        sink: async (bytes) => {
          for await (const chunk of bytes) hash.update(chunk);
        },
      },
    );
    return hash.digest('hex');
  }
}
