import type { PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import type { Tid } from '../filestorage/tid.ts';
import type { ObjectRecord, State, StateTransaction } from '../states/state.ts';
import { bytesOf } from './arguments.ts';
import { RemoteError, valueError } from './remote-error.ts';
import { extensionOf } from './transaction-info.ts';

/** Most iterators that a client may have at a time: one that copies a storage has two. */
const MOST_ITERATORS = 10_000;

/** One that a client has begun, and not read to its end. */
type Iterator =
  | {
      readonly kind: 'transactions';
      readonly items: AsyncIterator<StateTransaction>;
      /** None is given that is later. */
      readonly stop: Tid | undefined;
      last: StateTransaction | undefined;
    }
  | {
      readonly kind: 'records';
      readonly items: AsyncIterator<ObjectRecord>;
      readonly transaction: StateTransaction;
    };

/** How a client reads a storage from its beginning to its end: `IStorageIteration` of `ZODB.interfaces`, by numbers. */
export class Iterators {
  readonly #state: State;
  readonly #open = new Map<number, Iterator>();
  #next = 0;

  constructor(state: State) {
    this.#state = state;
  }

  /** Begins with the transactions; both ends are included. */
  start(range: { readonly start: Tid | undefined; readonly stop: Tid | undefined }): number {
    const from = range.start === undefined ? {} : { from: range.start };
    const items = this.#state.transactions(from)[Symbol.asyncIterator]();
    return this.#add({ kind: 'transactions', items, stop: range.stop, last: undefined });
  }

  /** The next transaction, or None behind the last one. */
  async next(id: number): Promise<PlainData> {
    const iterator = this.#find(id, 'transactions');
    const { done, value } = await iterator.items.next();
    if (done === true || (iterator.stop !== undefined && value.tid > iterator.stop)) {
      await this.#end(id);
      return null;
    }
    iterator.last = value;
    const { tid, status, user, description } = value;
    return [bytesOf(tid), status, user, description, extensionOf(value)];
  }

  /** Begins with the records of the transaction that {@link next} has given last. */
  startRecords(id: number, tid: Tid): number {
    const { last } = this.#find(id, 'transactions');
    if (last?.tid !== tid) throw valueError('the iterator has gone on to another transaction');
    const items = this.#state.recordsOf(last)[Symbol.asyncIterator]();
    return this.#add({ kind: 'records', items, transaction: last });
  }

  /** The next record, or None behind the last one. */
  async nextRecord(id: number): Promise<PlainData> {
    const { items, transaction } = this.#find(id, 'records');
    const { done, value } = await items.next();
    if (done === true) {
      await this.#end(id);
      return null;
    }
    const { oid, data = null, dataTid } = value;
    const from = dataTid === undefined ? null : bytesOf(dataTid);
    return [bytesOf(oid), bytesOf(transaction.tid), data, from];
  }

  /** Ends those of these that are open. */
  async forget(ids: readonly number[]): Promise<void> {
    for (const id of ids) await this.#end(id);
  }

  async forgetAll(): Promise<void> {
    await this.forget([...this.#open.keys()]);
  }

  #add(iterator: Iterator): number {
    if (this.#open.size >= MOST_ITERATORS)
      throw valueError(`there are ${MOST_ITERATORS} iterators, and none was read to its end`);
    const id = this.#next++;
    this.#open.set(id, iterator);
    return id;
  }

  #find<Kind extends Iterator['kind']>(
    id: number,
    kind: Kind,
  ): Extract<Iterator, { readonly kind: Kind }> {
    const iterator = this.#open.get(id);
    if (iterator !== undefined && isOfKind(iterator, kind)) return iterator;
    throw new RemoteError('builtins.KeyError', [id]);
  }

  async #end(id: number): Promise<void> {
    const iterator = this.#open.get(id);
    this.#open.delete(id);
    await iterator?.items.return?.();
  }
}

function isOfKind<Kind extends Iterator['kind']>(
  iterator: Iterator,
  kind: Kind,
): iterator is Extract<Iterator, { readonly kind: Kind }> {
  return iterator.kind === kind;
}
