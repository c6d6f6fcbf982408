import { isDict, type PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import { type Arguments, bytesOf } from './arguments.ts';
import { noKeyError, readOnlyError, valueError } from './remote-error.ts';
import { sendBlob } from './send-blob.ts';
import type { Session } from './session.ts';
import { historyEntry, undoInfo } from './transaction-info.ts';

/** Answers a call. Throws a `RemoteError` for the client, or a Failure of the state. */
type Answer = (session: Session, args: Arguments) => PlainData | Promise<PlainData>;

/** What each method of a ZEO 5 server answers, but `register`: `registered_methods` of its `StorageServer.py`. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  get_info: ({ storage: { state, hasBlobs } }) =>
    new Map<PlainData, PlainData>([
      ['length', state.objectCount],
      ['size', state.sizeBytes],
      ['name', state.name],
      ['supportsUndo', true],
      ['supports_record_iternext', true],
      ['interfaces', INTERFACES.filter(([, name]) => hasBlobs || name !== 'IBlobStorage')],
    ]),
  get_size_info: ({ storage: { state } }) =>
    new Map<PlainData, PlainData>([
      ['length', state.objectCount],
      ['size', state.sizeBytes],
    ]),
  lastTransaction: ({ storage: { state } }) => bytesOf(state.tid),
  getInvalidations: ({ storage: { state } }, args) =>
    // A cache from elsewhere in the log may be of another time line: it is dropped.
    args.tid(0) === state.tid ? [bytesOf(state.tid), { kind: 'list', items: [] }] : null,

  loadBefore: async ({ storage: { state, statistics } }, args) => {
    statistics.loads += 1;
    const oid = args.oid(0);
    const found = await state.loadBefore(oid, args.tid(1));
    switch (found.kind) {
      case 'data': {
        const { data, tid, endTid } = found;
        return [data, bytesOf(tid), endTid === undefined ? null : bytesOf(endTid)];
      }
      case 'younger':
        return null;
      case 'none':
        throw noKeyError(bytesOf(oid));
      default:
        return found satisfies never;
    }
  },
  loadSerial: async ({ storage: { state } }, args) => {
    const oid = args.oid(0);
    const data = await state.loadSerial(oid, args.tid(1));
    if (data === undefined) throw noKeyError(bytesOf(oid));
    return data;
  },
  getTid: async ({ storage: { state } }, args) => {
    const oid = args.oid(0);
    const found = await state.load(oid);
    if (found === undefined) throw noKeyError(bytesOf(oid));
    return bytesOf(found.tid);
  },
  sendBlob,

  history: async ({ storage: { state } }, args) => {
    const oid = args.oid(0);
    const most = args.value(1) === null ? 1 : args.integer(1);
    const revisions = await state.history(oid, most);
    if (revisions.length === 0 && most > 0) throw noKeyError(bytesOf(oid));
    return { kind: 'list', items: revisions.map(historyEntry) };
  },
  undoInfo: ({ storage: { state } }, args) => {
    const wanted = args.value(2);
    const range = { first: args.integer(0), last: args.integer(1) };
    return undoInfo(state, { ...range, wanted: isDict(wanted) ? wanted : new Map() });
  },
  undoLog: ({ storage: { state } }, args) =>
    undoInfo(state, { first: args.integer(0), last: args.integer(1), wanted: new Map() }),

  iterator_start: ({ iterators }, args) =>
    iterators.start({ start: args.tidOrNone(0), stop: args.tidOrNone(1) }),
  iterator_next: ({ iterators }, args) => iterators.next(args.integer(0)),
  iterator_record_start: ({ iterators }, args) =>
    iterators.startRecords(args.integer(0), args.tid(1)),
  iterator_record_next: ({ iterators }, args) => iterators.nextRecord(args.integer(0)),
  iterator_gc: async ({ iterators }, args) => {
    await iterators.forget(args.integers(0));
    return null;
  },
  record_iternext: async ({ storage: { state } }, args) => {
    const oids = state.oids(args.oidOrNone(0))[Symbol.iterator]();
    for (let next = oids.next(); next.done !== true; ) {
      const oid = next.value;
      next = oids.next();
      const found = await state.load(oid);
      if (found === undefined) continue;
      const following = next.done === true ? null : bytesOf(next.value);
      return [bytesOf(oid), bytesOf(found.tid), found.data, following];
    }
    throw valueError('there is no object with this oid or a higher one');
  },

  server_status: ({ storage: { state, statistics } }) =>
    new Map<PlainData, PlainData>(Object.entries(statistics.of(state))),
  ping: () => null,
  set_client_label: ({ setLabel }, args) => {
    setLabel(args.text(0));
    return null;
  },

  new_oids: refuse,
  new_oid: refuse,
  pack: refuse,
  tpc_begin: refuse,
  storea: refuse,
  restorea: refuse,
  deleteObject: refuse,
  checkCurrentSerialInTransaction: refuse,
  storeBlobStart: refuse,
  storeBlobChunk: refuse,
  storeBlobEnd: refuse,
  storeBlobShared: refuse,
  undoa: refuse,
  vote: refuse,
  tpc_finish: refuse,
  tpc_abort: refuse,
};

/** What clients may take a storage for; `IBlobStorage` only where there are blobs. */
const INTERFACES = [
  'IStorage',
  'IStorageIteration',
  'IStorageUndoable',
  'IStorageCurrentRecordIteration',
  'IBlobStorage',
].map((name) => ['ZODB.interfaces', name] as const);

function refuse(): never {
  throw readOnlyError();
}
