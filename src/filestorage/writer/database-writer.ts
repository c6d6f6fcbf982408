import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { NewFile } from '../../system/files/new-file.ts';
import { writeAll } from '../../system/files/write-all.ts';
import { type FileLock, tryFileLock } from '../../system/locks/file-lock.ts';
import type { BlobDirectory } from '../blob-layout.ts';
import { readMagic } from '../file-format-version.ts';
import { BLOB_CLASS_NAME, MAGIC_BYTES, type Magic } from '../format.ts';
import { encodeIndex } from '../index/index-encoder.ts';
import { OidIndex } from '../index/oid-index.ts';
import { type Oid, oidFrom } from '../oid.ts';
import { PickleEncoder, type PythonValue } from '../pickle/pickle-encoder.ts';
import { decodeRecordPickle } from '../pickle/record-pickle.ts';
import type { DataRecord } from '../record-table.ts';
import { scanTransactions } from '../scan-transactions.ts';
import {
  formatTid,
  type Microseconds,
  nextTid,
  type Tid,
  tidOfMicroseconds,
  ZERO_TID,
} from '../tid.ts';
import { openBlobDirectory, readBlob, removeBlob, writeBlob } from './blob-files.ts';
import { encodeObjectState, type ObjectState } from './object-state.ts';
import { readRecordState } from './record-data.ts';
import {
  encodeTransaction,
  type RecordBody,
  type RecordContent,
  STATUS_OFFSET,
} from './transaction-encoder.ts';

/** Where a database is, and how it is written. */
export interface DatabaseOptions {
  /** Path of the Data.fs. */
  readonly path: string;
  /** Without one, there can be no blobs. */
  readonly blobs?: BlobDirectory;
  /** The clock that gives transactions their ids. */
  readonly now: () => Microseconds;
  /** When the disk is asked to keep what was written; a server asks at every commit. */
  readonly sync: 'every-commit' | 'on-close';
}

/** A transaction to be: who did what, and to which objects. */
export interface TransactionDraft {
  readonly user?: string;
  readonly description?: string;
  readonly extension?: ReadonlyMap<string, PythonValue> | Uint8Array;
  readonly changes: readonly Change[];
  /** Its id; otherwise the clock gives one. It must be later than the last transaction's. */
  readonly tid?: Tid;
}

/** What a transaction does to one object. */
export type Change =
  | { readonly kind: 'state'; readonly oid: Oid; readonly state: ObjectState }
  /** A blob with this content: its record and its file. */
  | { readonly kind: 'blob'; readonly oid: Oid; readonly content: Uint8Array }
  /** The two pickles of a record, as somebody else made them. */
  | { readonly kind: 'pickle'; readonly oid: Oid; readonly pickle: Uint8Array }
  /** The state of an earlier record, or none at all (0). */
  | { readonly kind: 'back-pointer'; readonly oid: Oid; readonly position: number };

/** A transaction that stands in the file, and doesn't count yet. */
export interface VotedTransaction {
  readonly tid: Tid;
  finish(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * Writes a Data.fs and its blobs as a ZODB server does: a transaction is appended with status `c`
 * and finished by that one byte; `Data.fs.lock` is held meanwhile; `Data.fs.index` is written when
 * it is closed. For samples, tests and measurements: it knows no sessions and resolves no conflicts.
 */
export class DatabaseWriter implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #file: FileHandle;
  readonly #lock: FileLock;
  readonly #index: OidIndex;
  readonly #magic: Magic;
  readonly #blobs: BlobDirectory | undefined;
  #end: number;
  #lastTid: Tid;
  #newestOid: bigint;

  private constructor(settings: {
    readonly options: DatabaseOptions;
    readonly file: FileHandle;
    readonly lock: FileLock;
    readonly found: Existing;
    readonly blobs: BlobDirectory | undefined;
  }) {
    this.#options = settings.options;
    this.#file = settings.file;
    this.#lock = settings.lock;
    this.#index = settings.found.index;
    this.#magic = settings.found.magic;
    this.#end = settings.found.end;
    this.#lastTid = settings.found.lastTid;
    this.#newestOid = settings.found.newestOid;
    this.#blobs = settings.blobs;
  }

  /**
   * Opens a database, which is made if it isn't there. What stands behind the committed end is cut
   * off. Failures: `locked` by another server, `damaged`, `system`.
   */
  static async open(options: DatabaseOptions): Promise<DatabaseWriter> {
    const { path } = options;
    const lock = await lockDatabase(path);
    try {
      const file = await withSystemErrors(`open "${path}"`, () =>
        open(path, constants.O_RDWR | constants.O_CREAT, 0o600),
      );
      try {
        const found = await readExisting(path);
        await withSystemErrors(`write "${path}"`, async () => {
          await file.truncate(found.end);
          if (found.end === 0) await file.write(found.magic, 0, 'latin1');
        });
        const blobs = options.blobs && (await openBlobDirectory(options.blobs));
        const end = Math.max(found.end, MAGIC_BYTES);
        return new DatabaseWriter({ options, file, lock, found: { ...found, end }, blobs });
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Offset behind the last finished transaction. */
  get committedEnd(): number {
    return this.#end;
  }

  get lastTid(): Tid {
    return this.#lastTid;
  }

  get objectCount(): number {
    return this.#index.size;
  }

  /** An oid that no object has. The first one is the root's. */
  newOid(): Oid {
    this.#newestOid += 1n;
    return oidFrom(this.#newestOid);
  }

  /** Writes a transaction and finishes it. */
  async commit(draft: TransactionDraft): Promise<Tid> {
    const voted = await this.vote(draft);
    await voted.finish();
    return voted.tid;
  }

  /** Writes a transaction with status `c`. The next one may begin when it is finished or aborted. */
  async vote(draft: TransactionDraft): Promise<VotedTransaction> {
    const tid = this.#tidFor(draft);
    const position = this.#end;
    const records = draft.changes.map((change) => this.#recordOf(change));
    const { bytes, recordPositions } = encodeTransaction(
      {
        tid,
        status: 'c',
        user: Buffer.from(draft.user ?? '', 'utf8'),
        description: Buffer.from(draft.description ?? '', 'utf8'),
        extension: encodeExtension(draft.extension),
        records,
      },
      position,
    );
    const blobs = draft.changes.flatMap((change) => (change.kind === 'blob' ? [change] : []));
    for (const { oid, content } of blobs) {
      await writeBlob(this.#blobDirectory(), { revision: { oid, tid }, content });
    }
    await this.#write(bytes, position);
    return {
      tid,
      finish: async () => {
        await this.#write(Buffer.from(' '), position + STATUS_OFFSET);
        if (this.#options.sync === 'every-commit') await this.#file.datasync();
        for (const [row, { oid }] of records.entries()) {
          this.#index.set(Number(oid >> 16n), Number(oid & 0xffffn), recordPositions[row] ?? 0);
        }
        this.#end = position + bytes.length;
        this.#lastTid = tid;
      },
      abort: async () => {
        await withSystemErrors(`write "${this.#options.path}"`, () =>
          this.#file.truncate(position),
        );
        for (const { oid } of blobs) await removeBlob(this.#blobDirectory(), { oid, tid });
      },
    };
  }

  /**
   * Undoes a transaction: each of its objects becomes what it was before, by a back pointer; a blob
   * gets a copy of its former file. Failures: `not-found`; `refused` where an object has changed
   * since.
   */
  async undo(
    undone: Tid,
    draft: Pick<TransactionDraft, 'user' | 'description' | 'tid'> = {},
  ): Promise<Tid> {
    await using source = await openFileSource(this.#options.path);
    const tid = this.#tidFor(draft);
    const changes: Change[] = [];
    for (const { oid, position, previous } of await this.#recordsOf(undone)) {
      if (this.#index.get(oid) !== position) throw changedSince(undone);
      changes.push({ kind: 'back-pointer', oid, position: previous });
      if (previous === 0) continue;
      const former = await readRecordState(source, previous);
      if (former.pickle === undefined) continue;
      if (decodeRecordPickle(former.pickle).className !== BLOB_CLASS_NAME) continue;
      const directory = this.#blobDirectory();
      const content = await readBlob(directory, { oid, tid: former.tid });
      await writeBlob(directory, { revision: { oid, tid }, content });
    }
    return this.commit({ ...draft, tid, changes });
  }

  /** Writes the index, syncs, and lets others have the database. */
  async close(): Promise<void> {
    const { path } = this.#options;
    try {
      await withSystemErrors(`write "${path}"`, () => this.#file.sync());
      await using index = await NewFile.create(`${path}.index`);
      await index.write(encodeIndex(this.#index, { position: this.#end, magic: this.#magic }));
      await index.complete();
      await index.publish();
    } finally {
      await this.#file.close();
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #recordOf(change: Change): RecordContent {
    const { oid } = change;
    return { oid, previous: this.#index.get(oid) ?? 0, data: bodyOf(change) };
  }

  async #recordsOf(tid: Tid): Promise<readonly DataRecord[]> {
    await using source = await openFileSource(this.#options.path);
    let found: readonly DataRecord[] | undefined;
    await scanTransactions(source, {
      from: MAGIC_BYTES,
      visitor: {
        transaction: ({ header, records }) => {
          if (header.tid !== tid) return;
          found = Array.from({ length: records.count }, (_, row) => records.record(row));
        },
      },
    });
    if (found !== undefined) return found;
    throw new Failure('not-found', `Cannot undo transaction ${formatTid(tid)}: there is none`, {
      hint: 'Name the tid of a transaction of this Data.fs.',
    });
  }

  #tidFor({ tid }: Pick<TransactionDraft, 'tid'>): Tid {
    if (tid === undefined) {
      const now = tidOfMicroseconds(this.#options.now());
      return now > this.#lastTid ? now : nextTid(this.#lastTid);
    }
    if (tid > this.#lastTid) return tid;
    throw new Failure(
      'usage',
      `Cannot write transaction ${formatTid(tid)}: the last one is ${formatTid(this.#lastTid)}`,
      { hint: 'Transaction ids rise; take a later one.' },
    );
  }

  #blobDirectory(): BlobDirectory {
    if (this.#blobs !== undefined) return this.#blobs;
    throw new Failure('usage', 'Cannot write a blob: the database has no blob directory', {
      hint: 'Open the database with one.',
    });
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    await withSystemErrors(`write "${this.#options.path}"`, () =>
      writeAll(this.#file, bytes, position),
    );
  }
}

function bodyOf(change: Change): RecordBody {
  switch (change.kind) {
    case 'state':
      return { kind: 'pickle', bytes: encodeObjectState(change.state) };
    case 'blob':
      return { kind: 'pickle', bytes: encodeObjectState({ kind: 'blob' }) };
    case 'pickle':
      return { kind: 'pickle', bytes: change.pickle };
    case 'back-pointer':
      return change;
    default:
      return change satisfies never;
  }
}

function encodeExtension(extension: TransactionDraft['extension']): Uint8Array {
  if (extension instanceof Uint8Array) return extension;
  if (extension === undefined || extension.size === 0) return new Uint8Array(0);
  const encoder = new PickleEncoder();
  encoder.value(extension);
  return encoder.bytes();
}

/** What a Data.fs has when it is opened. */
interface Existing {
  readonly index: OidIndex;
  readonly magic: Magic;
  readonly end: number;
  readonly lastTid: Tid;
  readonly newestOid: bigint;
}

async function readExisting(path: string): Promise<Existing> {
  await using source = await openFileSource(path);
  const index = new OidIndex();
  const magic = await readMagic(source);
  if (magic === undefined) {
    return { index, magic: 'FS30', end: 0, lastTid: ZERO_TID, newestOid: -1n };
  }
  const { committedEnd, lastTid } = await scanTransactions(source, {
    from: MAGIC_BYTES,
    visitor: { transaction: ({ records }) => index.apply(records) },
  });
  return { index, magic, end: committedEnd, lastTid, newestOid: newestOidOf(index) };
}

function newestOidOf(index: OidIndex): bigint {
  const prefix = index.prefixes().at(-1);
  if (prefix === undefined) return -1n;
  let newest = 0;
  for (const [suffix] of index.entriesOf(prefix)) newest = suffix;
  return (BigInt(prefix) << 16n) | BigInt(newest);
}

async function lockDatabase(path: string): Promise<FileLock> {
  const attempt = await tryFileLock(`${path}.lock`);
  switch (attempt.kind) {
    case 'acquired':
      await attempt.lock.describe(` ${process.pid}\n`); // As zc.lockfile writes it.
      return attempt.lock;
    case 'held':
      throw new Failure('locked', `Cannot open "${path}": a server holds its lock`, {
        hint: 'Stop the server first.',
      });
    default:
      return attempt satisfies never;
  }
}

function changedSince(tid: Tid): Failure {
  return new Failure(
    'refused',
    `Cannot undo transaction ${formatTid(tid)}: one of its objects has changed since`,
    { hint: 'Undo the later transactions first.' },
  );
}
