import type { BackupKind, Site } from '../../config/model/site.ts';
import {
  EARLIER_RUN_LOG_FILE,
  formatRun,
  RUN_LOG_BYTES,
  RUN_LOG_FILE,
  type Run,
} from '../../repository/records/run-history.ts';
import type { Store } from '../../stores/store.ts';
import { adoptStrayError, Failure, isFailure } from '../../system/failure.ts';
import { ownIdentity } from '../../system/processes/process-identity.ts';
import { findBackupPlaces } from './backup-places.ts';
import type { JobContext, JobEvent, Step } from './events.ts';

/** Which run it is. */
export interface RunStart {
  readonly verb: Run['verb'];
  readonly site: Site;
  readonly kind: BackupKind | 'all';
  readonly now: () => Date;
}

/** What a run came to. */
export interface RunOutcome {
  readonly storedBytes?: number;
  readonly blobBytes?: number;
  /** What a check found wrong: then it counts as failed. */
  readonly problems?: number;
  /** Of a restore: what was put back, and as of which restore point. */
  readonly restored?: readonly RestoredFile[];
  /** Of a backup: the restore points that it made. */
  readonly made?: Run['made'];
}

export interface RestoredFile {
  readonly dataFs: string;
  readonly stamp: string;
  /** Of the last transaction, where that is within a backup. */
  readonly tid: string | undefined;
}

/** A run that is watched. */
export interface WatchedRun {
  /** The job's context, with events that are counted on their way. */
  readonly context: JobContext;
  /** Writes what it has made so far, for whoever reads the log before it ends. */
  readonly made: (outcome: Pick<RunOutcome, 'storedBytes' | 'blobBytes'>) => Promise<void>;
  /** Writes its line. */
  readonly done: (outcome: RunOutcome) => Promise<void>;
}

/**
 * Runs a job, and leaves a line in the run log of its repository: from `done`, or when it fails. A log
 * that can't be written fails no run.
 */
export async function withRunLog<T>(
  start: RunStart,
  context: JobContext,
  work: (run: WatchedRun) => Promise<T>,
): Promise<T> {
  const line = new RunLine(start, context);
  try {
    return await work(line);
  } catch (error) {
    await line.failed(error);
    throw error;
  }
}

/** The same for a job that gives its results one by one; it counts what each has found wrong. */
export async function* withRunLogOfEach<T>(
  start: RunStart,
  context: JobContext,
  {
    work,
    problemsOf,
  }: {
    readonly work: (context: JobContext) => AsyncIterable<T>;
    readonly problemsOf: (result: T) => number;
  },
): AsyncGenerator<T> {
  const line = new RunLine(start, context);
  let problems = 0;
  try {
    for await (const result of work(line.context)) {
      problems += problemsOf(result);
      yield result;
    }
  } catch (error) {
    await line.failed(error);
    throw error;
  }
  await line.done({ problems });
}

/** Steps that are told how much they have done, but read less of it, or what the run itself has written. */
const NOT_READING: readonly Step[] = ['copy-blobs', 'archive-blobs', 'confirm', 'copy', 'remove'];

/** Where a Data.fs comes from is no secret: the records of its backups have the same path. */
function restoredBy({ storages, contents }: Site): string[] {
  return contents === 'blobs' ? [] : storages.map(({ dataFs }) => dataFs);
}

/** What a backup of the site is made of. */
export function sourcesOf({ storages, contents }: Site): string[] {
  if (contents === 'blobs') return storages.flatMap(({ blobs }) => blobs ?? []);
  return storages.map(({ dataFs }) => dataFs);
}

type RunEnd = Pick<Run, 'storedBytes' | 'blobBytes' | 'result'> &
  Partial<Pick<Run, 'code' | 'message' | 'dataFs' | 'points' | 'tids' | 'made'>>;

class RunLine implements WatchedRun {
  readonly context: JobContext;
  readonly #start: RunStart;
  readonly #begun: Date;
  readonly #clock = performance.now();
  #isReading = false;
  #readBytes = 0;
  readonly #warned: string[] = [];
  readonly #warnedOf = new Set<string>();
  /** The line of its begin, which is written when it begins to work: until then, it may find that there is nothing. */
  #beginning: Promise<void> | undefined;

  constructor(start: RunStart, context: JobContext) {
    this.#start = start;
    this.#begun = start.now();
    this.context = {
      ...context,
      onEvent: (event) => {
        this.#count(event);
        context.onEvent(event);
      },
    };
  }

  readonly made: WatchedRun['made'] = async ({ storedBytes = 0, blobBytes = 0 }) => {
    await this.#beginning;
    this.#beginning = this.#begin({ storedBytes, blobBytes });
    await this.#beginning;
  };

  readonly done = async ({
    storedBytes = 0,
    blobBytes = 0,
    problems = 0,
    restored,
    made,
  }: RunOutcome): Promise<void> => {
    const files = {
      dataFs: restored?.map(({ dataFs }) => dataFs),
      points: restored?.map(({ stamp }) => stamp),
      ...(restored?.some(({ tid }) => tid !== undefined)
        ? { tids: restored.map(({ tid }) => tid ?? '') }
        : {}),
    };
    const what = restored === undefined ? {} : files;
    const counted = { storedBytes, blobBytes, ...what, ...(made && { made }) };
    if (problems > 0) {
      const message = `${problems} ${problems === 1 ? 'problem was' : 'problems were'} found`;
      await this.#write({ ...counted, result: 'failed', code: 'damaged', message });
    } else await this.#write({ ...counted, result: this.#warned.length > 0 ? 'warnings' : 'done' });
  };

  async failed(error: unknown): Promise<void> {
    const failure = adoptStrayError(error);
    if (this.#foundNothing(failure)) return;
    const nothing = { storedBytes: 0, blobBytes: 0 };
    if (!(failure instanceof Failure)) {
      await this.#write({ ...nothing, result: 'failed', code: 'internal', message: String(error) });
      return;
    }
    const { code, message } = failure;
    const result = code === 'interrupted' ? 'interrupted' : 'failed';
    await this.#write({ ...nothing, result, code, message });
  }

  /** Who asks for a restore point that isn't there gets that answer: nothing was run. A file that is lost has a cause. */
  #foundNothing(failure: unknown): boolean {
    if (this.#start.verb === 'backup' || this.#beginning !== undefined) return false;
    return isFailure(failure, 'not-found') && failure.cause === undefined;
  }

  #count(event: JobEvent): void {
    if (event.kind === 'step-begins') {
      this.#beginning ??= this.#begin();
      this.#isReading = !NOT_READING.includes(event.step);
    }
    if (event.kind === 'warning') {
      this.#warned.push(this.context.inWords?.(event) ?? event.code);
      this.#warnedOf.add(event.code);
    }
    if (event.kind === 'bytes' && this.#isReading) this.#readBytes += event.count;
  }

  async #begin(made = { storedBytes: 0, blobBytes: 0 }): Promise<void> {
    await this.#append({ ...made, result: 'begun', process: await ownIdentity() });
  }

  async #write(end: RunEnd): Promise<void> {
    await this.#beginning;
    const warned =
      this.#warned.length === 0 ? {} : { warned: [...this.#warned], warnedOf: [...this.#warnedOf] };
    await this.#append({ ...warned, ...end });
  }

  async #append(
    end: RunEnd & Partial<Pick<Run, 'warned' | 'warnedOf' | 'process'>>,
  ): Promise<void> {
    const { verb, site, kind } = this.#start;
    const run: Run = {
      verb,
      of: kind,
      part: site.part,
      ...(verb === 'backup' ? { sources: sourcesOf(site) } : {}),
      ...(verb === 'backup' && site.contents !== 'blobs'
        ? { storages: site.storages.map(({ name }) => name) }
        : {}),
      ...(verb === 'restore' || verb === 'undo' ? { dataFs: restoredBy(site) } : {}),
      begun: this.#begun.toISOString(),
      seconds: Math.round(performance.now() - this.#clock) / 1000,
      readBytes: this.#readBytes,
      warnings: this.#warned.length,
      ...end,
    };
    try {
      const store = await this.#store();
      await store?.append(RUN_LOG_FILE, {
        line: formatRun(run),
        maximumBytes: RUN_LOG_BYTES,
        earlier: EARLIER_RUN_LOG_FILE,
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Who only looks may do so where nothing can be written, and every night; a failure says enough.
      if (verb !== 'backup' || run.message !== undefined || run.result === 'begun') return;
      this.context.onEvent({
        kind: 'notice',
        code: 'run-log-not-written',
        reason: error.message,
      });
    }
  }

  /**
   * That of the main storage, or the first that is there. A restore, which only reads, leaves nothing
   * in a folder that no run of ours has written to.
   */
  async #store(): Promise<Store | undefined> {
    const { verb, site, kind } = this.#start;
    const main = site.storages.at(-1)?.name;
    const { backups } = this.context;
    const places = await findBackupPlaces(site, { kind, backups });
    const ordered = [...places].sort(
      (a, b) => Number(b.storage === main) - Number(a.storage === main),
    );
    for (const { path } of ordered) {
      if (!(await backups.isThere(path))) continue;
      const { store } = await backups.repository(path);
      const onlyReads = verb === 'restore' || verb === 'undo';
      if (!onlyReads || (await store.wasLocked())) return store;
    }
    return undefined;
  }
}
