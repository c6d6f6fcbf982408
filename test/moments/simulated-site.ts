import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import type { Random } from '../../src/demo/random.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import { TO_EMPTY_PLACE } from '../../src/operations/restore/site-restore-plan.ts';
import { planSiteUndo, undoSiteRestore } from '../../src/operations/restore/undo-restore.ts';
import type { RestoreTarget } from '../../src/repository/restore-target.ts';
import { isFailure } from '../../src/system/failure.ts';
import { BY_NODE } from '../support/backup-settings.ts';
import { quietContext } from '../support/quiet-context.ts';
import { siteIn, type TestSite } from '../support/site.ts';
import { stamp } from '../support/stamp.ts';
import { type HeldState, SimulatedStorage, type StepTime } from './simulated-storage.ts';
import type { WrittenLog } from './written-log.ts';

const KEEP = 3;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** What a site has: blobs, or a second storage. */
export type SiteKind = 'one storage' | 'blobs' | 'two storages';

/** Something that put another state in the place of the live one, in milliseconds since 1970. */
export interface Swap {
  readonly at: number;
  /** The backup that a restore has brought back; undefined: a moment, or what an undo has. */
  readonly restored: string | undefined;
  /** What each storage was then, in the order of the storages. */
  readonly logs: readonly WrittenLog[];
}

/** A site in a simulated time. */
export class SimulatedSite {
  readonly test: TestSite;
  readonly site: Site;
  /** The main one comes last. */
  readonly storages: readonly SimulatedStorage[];
  /** The oldest first. */
  readonly swaps: Swap[] = [];
  readonly #random: Random;
  readonly #wrong: { readonly from: number; readonly to: number }[] = [];
  #clock = Date.UTC(2025, 0, 1);
  /** So many milliseconds is the clock of the server ahead. */
  #ahead = 0;
  /** What was live before the last swap, which an undo brings back. */
  #replaced: readonly WrittenLog[] | undefined;

  private constructor({ test, site, storages, random }: SiteParts) {
    this.test = test;
    this.site = site;
    this.storages = storages;
    this.#random = random;
  }

  /** A site with a root in each storage, and a first backup. */
  static async begin(
    folder: string,
    { random, kind }: { readonly random: Random; readonly kind: SiteKind },
  ): Promise<SimulatedSite> {
    const test = siteIn(folder);
    mkdirSync(folder, { recursive: true });
    const blobs = kind === 'blobs' ? join(folder, 'var/blobstorage') : undefined;
    const { dataFs, repository } = test;
    const main = await SimulatedStorage.make({ name: 'Data', dataFs, blobs, repository }, random);
    const written = { written: NOTHING_NAMED, purpose: 'backup' } as const;
    const { site } = await findPlainSite(folder, written);
    const storages = [main];
    const places = [...site.storages];
    const [place] = places;
    if (kind === 'two storages' && place !== undefined) {
      const shop = {
        name: 'shop',
        dataFs: join(folder, 'var/filestorage/shop.fs'),
        blobs: undefined,
        repository: join(folder, 'var/backups_shop'),
      };
      storages.unshift(await SimulatedStorage.make(shop, random));
      const folders = { backup: { filestorage: shop.repository } };
      places.unshift({ ...place, ...shop, folders: { ...place.folders, ...folders } });
    }
    const contents = blobs === undefined ? 'filestorages' : site.contents;
    const settings = { ...site, keep: KEEP, contents, storages: places };
    const simulated = new SimulatedSite({ test, site: settings, storages, random });
    for (const storage of storages) await storage.commit(simulated.#next(HOUR));
    await simulated.backUp('as-set');
    return simulated;
  }

  get clock(): number {
    return this.#clock;
  }

  /** Lets time go by. */
  wait(milliseconds: number): void {
    // Half a second: dates have whole ones.
    this.#clock = Math.floor((this.#clock + milliseconds) / 1000) * 1000 + 500;
  }

  /** One of the storages is changed. */
  async commit(): Promise<void> {
    await this.#any().commit(this.#next(9 * HOUR));
  }

  async undo(): Promise<void> {
    await this.#any().undo(this.#next(HOUR));
  }

  async pack(young: number): Promise<void> {
    await this.#any().pack(young, this.#next(1000));
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
    const by = Math.abs(milliseconds);
    this.#wrong.push({ from: from - by, to: this.#clock + by });
  }

  /** Whether tids say of that time what they shouldn't. */
  isClockWrong(at: number): boolean {
    return this.#wrong.some(({ from, to }) => at >= from - DAY && at <= to + DAY);
  }

  /** Backs the site up; what is old goes. */
  async backUp(full: 'as-set' | 'always'): Promise<void> {
    this.wait(HOUR / 2);
    const before = this.storages.map(({ dataFiles }) => new Set(dataFiles));
    const now = () => new Date(this.#clock);
    await backUpSite({ ...BY_NODE, site: this.site, full, now }, quietContext());
    for (const [row, storage] of this.storages.entries()) {
      storage.noteBackup(before[row] ?? new Set());
    }
  }

  /**
   * Restores the live site to a backup of the main storage, with what the others had then. It is refused, and nothing
   * changes, where one of them has no backup that old.
   */
  async restore({ stamp: restored }: HeldState): Promise<void> {
    const found = this.storages.map(({ held }) => held.findLast((one) => one.stamp <= restored));
    const isWhole = !found.includes(undefined);
    try {
      await this.#restore({ kind: 'backup', date: stamp(restored) });
    } catch (error) {
      if (isWhole || !isFailure(error, 'not-found')) throw error;
      return;
    }
    if (!isWhole) throw new Error(`${restored} is restored, and not all storages have a backup`);
    this.#becomes(
      found.flatMap((one) => one?.log ?? []),
      restored,
    );
  }

  /** Restores the live site to a moment. Returns what it is then, or throws why it was not done. */
  async restoreMoment(wanted: RestoreTarget, prefer: (log: WrittenLog) => boolean): Promise<void> {
    await this.#restore(wanted);
    this.#becomes(
      this.storages.map((storage) => storage.liveLog(prefer)),
      undefined,
    );
  }

  /** Undoes the last restore, or the last undo of it. */
  async undoRestore(): Promise<void> {
    const replaced = this.#replaced;
    if (replaced === undefined) return;
    this.wait(HOUR);
    const agreed = await planSiteUndo(this.site);
    const now = () => new Date(this.#clock);
    await undoSiteRestore({ site: this.site, heldLock: 'refuse', agreed, now }, quietContext());
    this.#becomes(replaced, undefined);
  }

  async #restore(wanted: RestoreTarget): Promise<void> {
    this.wait(HOUR);
    const settings = { ...TO_EMPTY_PLACE, old: 'keep', site: this.site, kind: 'backup' } as const;
    const now = () => new Date(this.#clock);
    await restoreSite({ ...settings, wanted, now }, quietContext());
  }

  #becomes(logs: readonly WrittenLog[], restored: string | undefined): void {
    this.#replaced = this.storages.map(({ log }) => log);
    for (const [row, storage] of this.storages.entries()) {
      const log = logs[row];
      if (log !== undefined) storage.wasReplaced(log, this.#clock);
    }
    this.swaps.push({ at: this.#clock, restored, logs });
  }

  #any(): SimulatedStorage {
    const [first, ...others] = this.storages;
    if (first === undefined) throw new RangeError('a site has a storage');
    return others.length === 0 ? first : this.#random.pick([first, ...others]);
  }

  #next(most: number): StepTime {
    this.wait(1000 + this.#random.below(most));
    return { at: this.#clock, said: this.#clock + this.#ahead };
  }
}

interface SiteParts {
  readonly test: TestSite;
  readonly site: Site;
  readonly storages: readonly SimulatedStorage[];
  readonly random: Random;
}
