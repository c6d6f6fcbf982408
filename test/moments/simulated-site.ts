import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Site } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import type { Random } from '../../src/demo/random.ts';
import { type Oid, ROOT_OID } from '../../src/filestorage/oid.ts';
import type { Microseconds } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import {
  encodeObjectState,
  type ObjectState,
  reference,
} from '../../src/filestorage/writer/object-state.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import { TO_EMPTY_PLACE } from '../../src/operations/restore/site-restore-plan.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';
import { BY_NODE } from '../support/backup-settings.ts';
import { packDatabase, readDrafts } from '../support/pack.ts';
import { quietContext } from '../support/quiet-context.ts';
import { siteIn, type TestSite } from '../support/site.ts';
import { stamp } from '../support/stamp.ts';
import {
  type Content,
  objectsAfter,
  objectsIn,
  reachableFrom,
  type WrittenLog,
  type WrittenTransaction,
} from './written-log.ts';

const KEEP = 3;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const COMMITS = ['add', 'add', 'add', 'remove', 'change', 'change'] as const;
const NONE: WrittenLog = {
  transactions: [],
  packs: [],
  bytes: Buffer.alloc(0),
  ends: new Map(),
};

/** What was live from some time on. */
export interface LiveState {
  readonly at: number;
  readonly log: WrittenLog;
}

/** What a backup holds. */
export interface HeldState {
  readonly stamp: string;
  readonly log: WrittenLog;
}

/**
 * A site in a simulated time. What happens to its Data.fs is written down when it happens; nothing of that is read from a
 * backup.
 */
export class SimulatedSite {
  readonly test: TestSite;
  readonly site: Site;
  readonly states: LiveState[] = [];
  /** When the live site was restored, to which backup. */
  readonly restores: { readonly at: number; readonly restored: string }[] = [];
  readonly #random: Random;
  readonly #held = new Map<string, WrittenLog>();
  #log = NONE;
  #clock = Date.UTC(2025, 0, 1);
  readonly #wrong: { readonly from: number; readonly to: number }[] = [];
  /** So many milliseconds is the clock of the server ahead. */
  #ahead = 0;

  private constructor({ test, site, random }: SiteParts) {
    this.test = test;
    this.site = site;
    this.#random = random;
  }

  /** A site with a root, and a first backup. */
  static async begin(folder: string, random: Random): Promise<SimulatedSite> {
    const test = siteIn(folder);
    for (const path of [dirname(test.dataFs), test.repository]) {
      mkdirSync(path, { recursive: true });
    }
    await (await openWriter(test.dataFs, 0)).close();
    const written = { written: NOTHING_NAMED, purpose: 'backup' } as const;
    const { site } = await findPlainSite(folder, written);
    const settings = { ...site, keep: KEEP, contents: 'filestorages' } as const;
    const simulated = new SimulatedSite({ test, site: settings, random });
    await simulated.commit();
    await simulated.backUp('as-set');
    return simulated;
  }

  get clock(): number {
    return this.#clock;
  }

  get log(): WrittenLog {
    return this.#log;
  }

  /** What each backup holds that is still there, the oldest first. */
  get held(): readonly HeldState[] {
    return this.test.dataFiles().map((name) => {
      const held = name.slice(0, 19);
      return { stamp: held, log: this.#held.get(held) ?? NONE };
    });
  }

  /** Whether a backup ever had it, be that removed or not. */
  wasHeld(transaction: WrittenTransaction): boolean {
    return [...this.#held.values()].some((log) => log.transactions.includes(transaction));
  }

  /** The last of these of each chain. */
  get chainEnds(): readonly HeldState[] {
    const held = new Map(this.held.map((state) => [state.stamp, state]));
    const names = this.test.dataFiles();
    const last = names.filter((_, row) => !(names[row + 1]?.includes('delta') ?? false));
    return last.flatMap((name) => held.get(name.slice(0, 19)) ?? []);
  }

  /** Lets time go by. */
  wait(milliseconds: number): void {
    // Half a second: dates have whole ones.
    this.#clock = Math.floor((this.#clock + milliseconds) / 1000) * 1000 + 500;
  }

  /** For some days, the clock of the server is wrong by this. */
  async letClockBeWrong(milliseconds: number): Promise<void> {
    const from = this.#clock;
    this.#ahead = milliseconds;
    await this.commit();
    await this.backUp('as-set');
    await this.commit();
    this.#ahead = 0;
    await this.commit();
    this.#wrong.push({
      from: from - Math.abs(milliseconds),
      to: this.#clock + Math.abs(milliseconds),
    });
  }

  /** Whether tids say of that time what they shouldn't. */
  isClockWrong(at: number): boolean {
    return this.#wrong.some(({ from, to }) => at >= from - DAY && at <= to + DAY);
  }

  /** Makes, changes or removes pages. */
  async commit(): Promise<void> {
    this.wait(1000 + this.#random.below(9 * HOUR));
    await using writer = await openWriter(this.test.dataFs, this.#clock + this.#ahead);
    const pages = [...(objectsAfter(this.#log.transactions).get(ROOT_OID)?.refersTo ?? [])];
    const changes = new Map<Oid, ObjectState>();
    const contents = new Map<Oid, Content>();
    const put = (oid: Oid, state: ObjectState, refersTo: readonly Oid[]) => {
      changes.set(oid, state);
      contents.set(oid, { data: encodeObjectState(state), refersTo });
    };
    const kind = this.#log.transactions.length === 0 ? 'root' : this.#random.pick(COMMITS);
    if (kind === 'root') writer.newOid();
    if (kind === 'add') pages.push(writer.newOid());
    if (kind === 'remove') pages.splice(this.#random.below(pages.length), 1);
    if (kind !== 'change' || pages.length === 0) {
      const links = pages.map((oid) => [`page${oid}`, reference('mapping', oid)] as const);
      put(ROOT_OID, { kind: 'mapping', data: new Map(links) }, pages);
    }
    const [first, ...others] = kind === 'add' ? pages.slice(-1) : pages;
    if (first !== undefined) {
      const text = this.#random.bytes(1 + this.#random.below(200));
      const page = this.#random.pick([first, ...others]);
      put(page, { kind: 'mapping', data: new Map([['text', text]]) }, []);
    }
    const list = [...changes].map(([oid, state]) => ({ kind: 'state', oid, state }) as const);
    const tid = await writer.commit({ user: 'ana', changes: list });
    this.#grew({ tid, at: this.#clock, changes: contents }, writer.committedEnd);
  }

  /** Undoes the last transaction, as long as no pack has made it the first. */
  async undo(): Promise<void> {
    const { transactions, packs } = this.#log;
    const [last, undone] = transactions.slice(-2);
    if (last === undefined || undone === undefined) return;
    if (undone.tid <= (packs.at(-1)?.upTo ?? 0n)) return;
    this.wait(1000 + this.#random.below(HOUR));
    await using writer = await openWriter(this.test.dataFs, this.#clock + this.#ahead);
    const tid = await writer.undo(undone.tid, { user: 'eva' });
    const before = objectsIn(this.#log, last);
    const changes = new Map(
      [...undone.changes.keys()].map((oid) => {
        const object = before.get(oid);
        return [oid, object && { data: object.data, refersTo: object.refersTo }];
      }),
    );
    this.#grew({ tid, at: this.#clock, changes }, writer.committedEnd);
  }

  /** Packs all but so many of the newest transactions. */
  async pack(young: number): Promise<void> {
    this.wait(1000);
    const { transactions, packs } = this.#log;
    const last = transactions.at(-1 - young);
    if (last === undefined || last.tid <= (packs.at(-1)?.upTo ?? 0n)) return;
    const objects = objectsIn(this.#log, last);
    const later = transactions.filter(({ tid }) => tid > last.tid);
    const kept = later.flatMap(({ changes }) =>
      [...changes].flatMap(([oid, content]) => [oid, ...(content?.refersTo ?? [])]),
    );
    const reachable = reachableFrom(objects, [ROOT_OID, ...kept]);
    const garbage = new Set([...objects.keys()].filter((oid) => !reachable.has(oid)));
    await packDatabase(this.test.dataFs, {
      upTo: last.tid,
      garbage,
      keepsOld: this.#random.below(2) === 0,
    });
    const bytes = readFileSync(this.test.dataFs);
    const left = new Map((await readDrafts(memorySource(bytes))).map(({ tid, end }) => [tid, end]));
    const ends = new Map<WrittenTransaction, number>();
    for (const one of transactions) {
      const end = left.get(one.tid);
      if (end !== undefined) ends.set(one, end);
    }
    this.#becomes({
      transactions,
      packs: [...packs, { upTo: last.tid, garbage }],
      bytes,
      ends,
    });
  }

  /** Backs the site up; what is old goes. */
  async backUp(full: 'as-set' | 'always'): Promise<void> {
    this.wait(HOUR / 2);
    const before = new Set(this.test.dataFiles());
    const now = () => new Date(this.#clock);
    await backUpSite({ ...BY_NODE, site: this.site, full, now }, quietContext());
    for (const name of this.test.dataFiles()) {
      if (!before.has(name)) this.#held.set(name.slice(0, 19), this.#log);
    }
  }

  /** Restores the live site to a backup. */
  async restore({ stamp: restored, log }: HeldState): Promise<void> {
    this.wait(HOUR);
    await restoreSite(
      {
        ...TO_EMPTY_PLACE,
        site: this.site,
        kind: 'backup',
        wanted: { kind: 'backup', date: stamp(restored) },
        now: () => new Date(this.#clock),
      },
      quietContext(),
    );
    this.restores.push({ at: this.#clock, restored });
    this.#becomes(log);
  }

  #grew(transaction: WrittenTransaction, end: number): void {
    const { transactions, ends, ...rest } = this.#log;
    this.#becomes({
      ...rest,
      transactions: [...transactions, transaction],
      bytes: readFileSync(this.test.dataFs),
      ends: new Map([...ends, [transaction, end]]),
    });
  }

  #becomes(log: WrittenLog): void {
    this.#log = log;
    this.states.push({ at: this.#clock, log });
  }
}

interface SiteParts {
  readonly test: TestSite;
  readonly site: Site;
  readonly random: Random;
}

function openWriter(path: string, now: number): Promise<DatabaseWriter> {
  return DatabaseWriter.open({
    path,
    now: () => (BigInt(now) * 1000n) as Microseconds,
    sync: 'on-close',
  });
}
