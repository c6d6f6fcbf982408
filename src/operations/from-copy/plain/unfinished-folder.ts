import { readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { OpenBackups } from '../../../blobs/open-backups.ts';
import { readJsonRecord, writeJsonRecord } from '../../../stores/json-record.ts';
import type { Store } from '../../../stores/store.ts';
import { absent } from '../../../system/absent.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { makeFolder } from '../../../system/files/make-folder.ts';
import { removeUnfinished, syncDirectory } from '../../../system/files/new-file.ts';
import { removeRecursively } from '../../../system/files/remove-recursively.ts';
import { PRIVATE } from '../../../system/files/rights.ts';
import type { LockRequest } from '../../../system/locks/lock-request.ts';

/** Below the folder of the user: all is made here, and gets its place when it is complete. */
const WORK = '.zodbvault-unfinished';
const STATE_FILE = 'state.json';
/** What a new file system has in its root. */
const OF_FILE_SYSTEM = 'lost+found';

const StateSchema = v.object({
  format: v.literal(1),
  /** What is written here, as messages call it. */
  from: v.string(),
  /** All of it is there, and folders get their places. */
  isComplete: v.boolean(),
});

/** What an unfinished folder is to become. */
export interface FolderPlan {
  /** What is written to it, as messages call it. */
  readonly from: string;
  /** Names of the folders that it will have. */
  readonly names: readonly string[];
  readonly lock: LockRequest;
}

/**
 * A folder that gets several folders, which are seen when all of them are complete. What a killed run has left there is
 * gone on with.
 */
export class UnfinishedFolder implements AsyncDisposable {
  readonly #folder: string;
  readonly #work: string;
  readonly #plan: FolderPlan;
  /** Of what is made. */
  readonly #opened = new OpenBackups();
  #lock: AsyncDisposable | undefined;

  private constructor(folder: string, plan: FolderPlan) {
    this.#folder = folder;
    this.#work = join(folder, WORK);
    this.#plan = plan;
  }

  /**
   * Begins in a folder, which is made unless it is there. Failures: `refused` where it holds something, or another copy
   * was begun there; `locked` where another run is at work there.
   */
  static async claim(folder: string, plan: FolderPlan): Promise<UnfinishedFolder> {
    await makeFolder(folder, { rights: PRIVATE });
    if (!(await namesIn(folder)).includes(WORK)) await refuseUsed(folder, []);
    const unfinished = new UnfinishedFolder(folder, plan);
    try {
      await unfinished.#begin();
      return unfinished;
    } catch (error) {
      await unfinished[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where a folder is until it gets its place. */
  pathOf(place: string): string {
    return join(this.#work, basename(place));
  }

  /** One of the folders, as a store; it is made unless it is there. */
  async storeOf(place: string): Promise<Store> {
    const path = this.pathOf(place);
    await makeFolder(path, { rights: PRIVATE });
    const store = await this.#storeAt(path);
    await removeUnfinished(path);
    await store.recoverTrees();
    return store;
  }

  /** Gives all folders their places. */
  async publish(): Promise<void> {
    const store = await this.#storeAt(this.#work);
    await this.#note({ isComplete: true });
    const made = await namesIn(this.#work);
    await this.#move(
      this.#plan.names.filter((name) => made.includes(name)),
      { from: this.#work, to: this.#folder },
    );
    await store.remove(STATE_FILE);
    await withSystemErrors(`remove "${this.#work}"`, () => removeRecursively(this.#work));
  }

  /** Lets others begin here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock?.[Symbol.asyncDispose]();
    await this.#opened[Symbol.asyncDispose]();
  }

  async #begin(): Promise<void> {
    const { from, names, lock } = this.#plan;
    await makeFolder(this.#work, { rights: PRIVATE });
    const store = await this.#storeAt(this.#work);
    this.#lock = await store.lock(lock);
    const state = await readJsonRecord(store, STATE_FILE, StateSchema);
    if (state.kind !== 'absent' && (state.kind !== 'read' || state.value.from !== from)) {
      throw otherCopy(this.#work);
    }
    // A run was killed while folders got their places.
    const placed = state.kind === 'read' && state.value.isComplete ? names : [];
    const there = await refuseUsed(this.#folder, placed);
    await this.#move(there, { from: this.#folder, to: this.#work });
    await this.#note({ isComplete: false });
  }

  async #note({ isComplete }: { readonly isComplete: boolean }): Promise<void> {
    const state = { format: 1, from: this.#plan.from, isComplete };
    await writeJsonRecord(await this.#storeAt(this.#work), STATE_FILE, state);
  }

  async #storeAt(path: string): Promise<Store> {
    return (await this.#opened.blobFolder(path)).store;
  }

  async #move(
    names: readonly string[],
    { from, to }: { readonly from: string; readonly to: string },
  ): Promise<void> {
    await withSystemErrors(`rename the folders in "${from}"`, async () => {
      for (const name of names) await rename(join(from, name), join(to, name));
      for (const one of [to, from]) await syncDirectory(one);
    });
  }
}

/** What is in a folder beside what may be there. Failure `refused` where there is something else. */
async function refuseUsed(folder: string, allowed: readonly string[]): Promise<readonly string[]> {
  const found = (await namesIn(folder)).filter((name) => ![WORK, OF_FILE_SYSTEM].includes(name));
  if (found.every((name) => allowed.includes(name))) return found;
  throw new Failure('refused', `Cannot write the backups to "${folder}": it is not empty`, {
    hint: 'Nothing was changed. Name an empty folder, or one that does not exist yet.',
  });
}

function namesIn(folder: string): Promise<readonly string[]> {
  return withSystemErrors(`list the folder "${folder}"`, async () => {
    return (await readdir(folder).catch(absent)) ?? [];
  });
}

function otherCopy(work: string): Failure {
  return new Failure('refused', `Cannot go on in "${work}": it is part of another copy`, {
    hint: 'Nothing was changed. Name another folder, or remove this one, if nobody needs it.',
  });
}
