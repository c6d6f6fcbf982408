import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from '../../src/demo/random.ts';
import { blobPath, parseBlobPath } from '../../src/filestorage/blob-layout.ts';
import { type Oid, ROOT_OID } from '../../src/filestorage/oid.ts';
import { type Microseconds, ZERO_TID } from '../../src/filestorage/tid.ts';
import { type Change, DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { encodeObjectState, reference } from '../../src/filestorage/writer/object-state.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';
import { blobFiles } from '../support/blobs.ts';
import { packDatabase, readDrafts } from '../support/pack.ts';
import {
  type Content,
  cutBehind,
  objectsAfter,
  objectsIn,
  reachableFrom,
  type WrittenBlob,
  type WrittenLog,
  type WrittenTransaction,
} from './written-log.ts';

const COMMITS = ['add', 'add', 'add', 'remove', 'change', 'change'] as const;
const BLOB = { data: encodeObjectState({ kind: 'blob' }), refersTo: [] };
const NONE: WrittenLog = {
  transactions: [],
  packs: [],
  bytes: Buffer.alloc(0),
  ends: new Map(),
  blobs: new Map(),
};

/** Where a storage is, and its backups. */
export interface StoragePlace {
  readonly name: string;
  readonly dataFs: string;
  /** Undefined: it has no blobs. */
  readonly blobs: string | undefined;
  readonly repository: string;
}

/** The time of a step: what it is, and what the clock of the server says, in milliseconds since 1970. */
export interface StepTime {
  readonly at: number;
  readonly said: number;
}

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

/** A state that came out: by the log that was written down, and its last transaction there. */
export interface GivenState {
  readonly log: WrittenLog;
  readonly last: WrittenTransaction;
}

/**
 * One storage of a simulated site. What happens to its Data.fs and its blobs is written down when it happens; nothing of
 * that is read from a backup.
 */
export class SimulatedStorage {
  readonly place: StoragePlace;
  readonly states: LiveState[] = [];
  readonly #random: Random;
  readonly #held = new Map<string, WrittenLog>();
  #log = NONE;
  #commits = 0;

  private constructor(place: StoragePlace, random: Random) {
    this.place = place;
    this.#random = random;
  }

  /** An empty one. */
  static async make(place: StoragePlace, random: Random): Promise<SimulatedStorage> {
    for (const path of [dirname(place.dataFs), place.repository]) {
      mkdirSync(path, { recursive: true });
    }
    const storage = new SimulatedStorage(place, random);
    await (await storage.#open(0)).close();
    return storage;
  }

  get log(): WrittenLog {
    return this.#log;
  }

  get dataFiles(): readonly string[] {
    const names = readdirSync(this.place.repository);
    return names.filter((name) => /fsz?$/.test(name)).sort();
  }

  /** What each backup holds that is still there, the oldest first. */
  get held(): readonly HeldState[] {
    return this.dataFiles.map((name) => {
      const stamp = name.slice(0, 19);
      return { stamp, log: this.#held.get(stamp) ?? NONE };
    });
  }

  /** The last of these of each chain. */
  get chainEnds(): readonly HeldState[] {
    const held = new Map(this.held.map((state) => [state.stamp, state]));
    const names = this.dataFiles;
    const last = names.filter((_, row) => !(names[row + 1]?.includes('delta') ?? false));
    return last.flatMap((name) => held.get(name.slice(0, 19)) ?? []);
  }

  /** Whether a backup ever had it, be that removed or not. */
  wasHeld(transaction: WrittenTransaction): boolean {
    return [...this.#held.values()].some((log) => log.transactions.includes(transaction));
  }

  /** A backup of the site was made: what is new among its backups holds what is live. */
  noteBackup(before: ReadonlySet<string>): void {
    for (const name of this.dataFiles) {
      if (!before.has(name)) this.#held.set(name.slice(0, 19), this.#log);
    }
  }

  /** All states that there ever were, in each log that has them. */
  writtenStates(): readonly GivenState[] {
    const logs = new Set(this.states.map(({ log }) => log));
    return [...logs].flatMap((log) => [...log.ends.keys()].map((last) => ({ log, last })));
  }

  /** Those of them that a Data.fs is. */
  statesOf(dataFs: Buffer): readonly GivenState[] {
    return this.writtenStates().filter(
      ({ log, last }) =>
        log.ends.get(last) === dataFs.length && log.bytes.subarray(0, dataFs.length).equals(dataFs),
    );
  }

  /** Makes, changes or removes pages, some of which are blobs. */
  async commit(time: StepTime): Promise<void> {
    await using writer = await this.#open(time.said);
    const random = this.#random;
    const objects = objectsAfter(this.#log.transactions);
    const pages = [...(objects.get(ROOT_OID)?.refersTo ?? [])];
    const isFirst = this.#log.transactions.length === 0;
    const kind = isFirst ? 'root' : random.pick(COMMITS);
    if (isFirst) writer.newOid();
    const hasBlobs = this.place.blobs !== undefined;
    if (kind === 'add' || (isFirst && hasBlobs)) pages.push(writer.newOid());
    // One blob stays: nobody backs up a directory that has become empty.
    const stays = hasBlobs ? 1 : 0;
    if (kind === 'remove') pages.splice(stays + random.below(pages.length - stays), 1);
    const changes: Change[] = [];
    const contents = new Map<Oid, Content>();
    if (kind !== 'change' || pages.length === 0) {
      const links = pages.map((oid) => [`page${oid}`, reference('mapping', oid)] as const);
      const state = { kind: 'mapping', data: new Map(links) } as const;
      changes.push({ kind: 'state', oid: ROOT_OID, state });
      contents.set(ROOT_OID, { data: encodeObjectState(state), refersTo: pages });
    }
    const [first, ...others] = kind === 'add' ? pages.slice(-1) : pages;
    if (first !== undefined) {
      const content = random.bytes(1 + random.below(200));
      const oid = random.pick([first, ...others]);
      const earlier = objects.get(oid);
      const isBlob =
        earlier === undefined
          ? isFirst || (hasBlobs && random.below(3) === 0)
          : earlier.blob !== undefined;
      if (isBlob) {
        changes.push({ kind: 'blob', oid, content });
        contents.set(oid, { ...BLOB, blob: Buffer.from(content) });
      } else {
        const state = { kind: 'mapping', data: new Map([['text', content]]) } as const;
        changes.push({ kind: 'state', oid, state });
        contents.set(oid, { data: encodeObjectState(state), refersTo: [] });
      }
    }
    this.#commits += 1;
    const description = `${this.place.name} ${this.#commits}`;
    const tid = await writer.commit({ user: 'ana', description, changes });
    this.#grew({ tid, at: time.at, changes: contents }, writer.committedEnd);
  }

  /** Undoes the last transaction, as long as no pack has made it the first. */
  async undo(time: StepTime): Promise<void> {
    const { transactions, packs } = this.#log;
    const [last, undone] = transactions.slice(-2);
    if (last === undefined || undone === undefined) return;
    if (undone.tid <= (packs.at(-1)?.upTo ?? 0n)) return;
    await using writer = await this.#open(time.said);
    this.#commits += 1;
    const words = { user: 'eva', description: `${this.place.name} ${this.#commits}` };
    const tid = await writer.undo(undone.tid, words);
    const before = objectsIn(this.#log, last);
    const changes = new Map(
      [...undone.changes.keys()].map((oid) => {
        const object = before.get(oid);
        return [oid, object && { data: object.data, refersTo: object.refersTo, blob: object.blob }];
      }),
    );
    this.#grew({ tid, at: time.at, changes }, writer.committedEnd);
  }

  /** Packs all but so many of the newest transactions, and removes the blobs of the records that go. */
  async pack(young: number, time: StepTime): Promise<void> {
    const { transactions, packs, blobs } = this.#log;
    const last = transactions.at(-1 - young);
    if (last === undefined || last.tid <= (packs.at(-1)?.upTo ?? 0n)) return;
    const objects = objectsIn(this.#log, last);
    const later = transactions.filter(({ tid }) => tid > last.tid);
    const kept = later.flatMap(({ changes }) =>
      [...changes].flatMap(([oid, content]) => [oid, ...(content?.refersTo ?? [])]),
    );
    const reachable = reachableFrom(objects, [ROOT_OID, ...kept]);
    const garbage = new Set([...objects.keys()].filter((oid) => !reachable.has(oid)));
    const { dataFs, blobs: folder } = this.place;
    await packDatabase(dataFs, {
      upTo: last.tid,
      garbage,
      keepsOld: this.#random.below(2) === 0,
    });
    const bytes = readFileSync(dataFs);
    const ends = new Map<WrittenTransaction, number>();
    const left = new Map<string, WrittenBlob>();
    for (const { tid, end, rows } of await readDrafts(memorySource(bytes))) {
      const one = transactions.find((transaction) => transaction.tid === tid);
      if (one !== undefined) ends.set(one, end);
      for (const { oid } of rows) {
        const path = blobPath('bushy', { oid, tid });
        const blob = blobs.get(path);
        if (blob !== undefined) left.set(path, blob);
      }
    }
    for (const path of blobs.keys()) {
      if (!left.has(path)) rmSync(join(folder ?? '', path));
    }
    const log = { transactions, packs: [...packs, { upTo: last.tid, garbage }], bytes, ends };
    this.#becomes({ ...log, blobs: left }, time.at);
  }

  /** What its Data.fs is, by what was written down, as it should be if several logs are the same. */
  liveLog(isExpected: (log: WrittenLog) => boolean): WrittenLog {
    const { dataFs } = this.place;
    const logs = this.statesOf(readFileSync(dataFs)).map(({ log, last }) => cutBehind(log, last));
    const found = logs.find(isExpected) ?? logs[0];
    if (found === undefined) throw new Error(`"${dataFs}" is a state that never was`);
    return found;
  }

  /** A restore, or an undo, has put a state there. Its bytes and its blobs have to be what was written down. */
  wasReplaced(log: WrittenLog, at: number): void {
    const { dataFs, blobs } = this.place;
    if (!readFileSync(dataFs).equals(log.bytes)) throw new Error(`"${dataFs}" is another state`);
    const wrong = blobs === undefined ? undefined : wrongBlob(blobs, log);
    if (wrong !== undefined) throw new Error(wrong);
    this.#becomes(log, at);
  }

  #becomes(log: WrittenLog, at: number): void {
    this.#log = log;
    this.states.push({ at, log });
  }

  #grew(transaction: WrittenTransaction, end: number): void {
    const { transactions, ends, packs, blobs } = this.#log;
    const { tid, changes } = transaction;
    const added = [...changes].flatMap(([oid, content]) =>
      content?.blob === undefined
        ? []
        : [[blobPath('bushy', { oid, tid }), { tid, content: content.blob }] as const],
    );
    const log: WrittenLog = {
      packs,
      transactions: [...transactions, transaction],
      bytes: readFileSync(this.place.dataFs),
      ends: new Map([...ends, [transaction, end]]),
      blobs: new Map([...blobs, ...added]),
    };
    this.#becomes(log, transaction.at);
  }

  #open(now: number): Promise<DatabaseWriter> {
    const { dataFs: path, blobs } = this.place;
    return DatabaseWriter.open({
      path,
      now: () => (BigInt(now) * 1000n) as Microseconds,
      sync: 'on-close',
      ...(blobs === undefined ? {} : { blobs: { path: blobs, layout: 'bushy' } }),
    });
  }
}

/** What is wrong with the blobs of a log in a folder: each is there as it was written, and none of later ones. */
export function wrongBlob(folder: string, { blobs, transactions }: WrittenLog): string | undefined {
  const last = transactions.at(-1)?.tid ?? ZERO_TID;
  const found = blobFiles(folder);
  for (const path of found) {
    if ((parseBlobPath(path)?.tid ?? last) > last) return `the blob "${path}" is later`;
  }
  for (const [path, { content }] of blobs) {
    if (!found.includes(path)) return `the blob "${path}" is missing`;
    if (!readFileSync(join(folder, path)).equals(content)) return `the blob "${path}" is another`;
  }
  return undefined;
}
