import { decodePlain } from '../filestorage/pickle/plain/decode-plain.ts';
import { encodePlain } from '../filestorage/pickle/plain/encode-plain.ts';
import { isDict, type PlainData, type PlainFloat } from '../filestorage/pickle/plain/plain-data.ts';
import { secondsOfTid } from '../filestorage/tid.ts';
import type { ObjectRevision, State, StateTransaction } from '../states/state.ts';
import { isFailure } from '../system/failure.ts';
import { bytesOf } from './arguments.ts';

/** The length of a transaction counts all of it but this: its length again. */
const LENGTH_AGAIN_BYTES = 8;

/** What the extension of a transaction has: a dict, empty where it is none of plain values. */
export function extensionOf({ extension }: StateTransaction): ReadonlyMap<PlainData, PlainData> {
  if (extension.length === 0) return new Map();
  try {
    const value = decodePlain(extension);
    return isDict(value) ? value : new Map();
  } catch (error) {
    if (isFailure(error, 'damaged')) return new Map();
    throw error;
  }
}

/** A transaction of an object's history: `IStorage.history` of `ZODB.interfaces`. */
export function historyEntry({ transaction, dataBytes }: ObjectRevision): PlainData {
  return new Map<PlainData, PlainData>([
    ...extensionOf(transaction),
    ['time', timeOf(transaction)],
    ['user_name', transaction.user],
    ['description', transaction.description],
    ['tid', bytesOf(transaction.tid)],
    ['size', dataBytes],
  ]);
}

/**
 * Transactions that can be undone, the newest first: `IStorageUndoable.undoInfo` of `ZODB.interfaces`. None from
 * before the last pack.
 *
 * @param last - the place behind the last one; less than 0: minus so many after `first`
 * @param wanted - what each must have; names and values are compared as FileStorage does
 */
export async function undoInfo(
  state: State,
  {
    first,
    last,
    wanted,
  }: {
    readonly first: number;
    readonly last: number;
    readonly wanted: ReadonlyMap<PlainData, PlainData>;
  },
): Promise<PlainData> {
  const end = last < 0 ? first - last : last;
  const found: PlainData[] = [];
  let place = 0;
  for await (const transaction of state.transactions({ direction: 'newest-first' })) {
    if (place >= end || transaction.status === 'p') break;
    if (transaction.status !== ' ') continue;
    const entry = undoEntry(transaction);
    if (![...wanted].every(([name, value]) => isSame(entry.get(name) ?? null, value))) continue;
    if (place >= first) found.push(entry);
    place += 1;
  }
  return { kind: 'list', items: found };
}

function undoEntry(transaction: StateTransaction): ReadonlyMap<PlainData, PlainData> {
  const { tid, position, end } = transaction;
  return new Map<PlainData, PlainData>([
    ['id', Buffer.from(bytesOf(tid).toString('base64'), 'latin1')],
    ['time', timeOf(transaction)],
    ['user_name', transaction.user],
    ['size', end - position - LENGTH_AGAIN_BYTES],
    ['description', transaction.description],
    ...extensionOf(transaction),
  ]);
}

function timeOf({ tid }: StateTransaction): PlainFloat {
  return { kind: 'float', value: secondsOfTid(tid) };
}

function isSame(value: PlainData, wanted: PlainData): boolean {
  const [one, other] = [value, wanted].map((data) => encodePlain(data, { mostBytes: Infinity }));
  return one !== undefined && other !== undefined && one.equals(other);
}
