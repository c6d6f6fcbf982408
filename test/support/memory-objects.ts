import { compareKeys, requireKey } from '../../src/stores/objects/object-key.ts';
import type {
  ObjectLock,
  ObjectStore,
  PutCondition,
  StoredObject,
} from '../../src/stores/objects/object-store.ts';
import { requirePut } from '../../src/stores/objects/put-rules.ts';
import { checkedContent } from '../../src/stores/objects/transfer/checked-content.ts';
import { Failure } from '../../src/system/failure.ts';
import { memorySource, type OpenedSource } from '../../src/system/files/byte-source.ts';
import { collect } from '../../src/system/streams/pipeline.ts';

/** A place of objects in memory: small, and with a clock that a test sets. */
export interface MemoryObjects extends ObjectStore {
  /** How far its clock is ahead of ours, in milliseconds. */
  aheadMs: number;
  /** Requests so far. */
  readonly requests: number;
  /** Until when an object is locked that is: milliseconds since 1970. */
  readonly locks: ReadonlyMap<string, number>;
}

const PAGE_OBJECTS = 100;

export function memoryObjects(conditions: ObjectStore['conditions'] = 'both'): MemoryObjects {
  const objects = new Map<string, { readonly bytes: Uint8Array; readonly object: StoredObject }>();
  let versions = 0;
  const nameOf = (key: string) => `memory:${key}`;
  const now = () => Date.now() + store.aheadMs;
  const write = (key: string, bytes: Uint8Array) => {
    const version = conditions === 'both' ? String(++versions) : undefined;
    const object = { key, sizeBytes: bytes.length, modifiedMs: now(), version };
    objects.set(key, { bytes: Uint8Array.from(bytes), object });
    return { kind: 'put', version } as const;
  };
  const isMet = (key: string, condition: PutCondition | undefined): boolean => {
    const version = objects.get(key)?.object.version;
    if (condition?.kind === 'absent') return !objects.has(key);
    return condition === undefined || condition.version === version;
  };
  const open = async (key: string): Promise<OpenedSource> => {
    requireKey(key);
    const found = objects.get(key);
    if (found === undefined) {
      throw new Failure('not-found', `Cannot read "${nameOf(key)}": it does not exist`, {
        hint: 'Check the path.',
      });
    }
    return { ...memorySource(found.bytes, nameOf(key)), [Symbol.asyncDispose]: async () => {} };
  };
  let requests = 0;
  const locks = new Map<string, number>();
  const lock: ObjectLock = {
    require: async () => {},
    writeUntil: (untilMs) => ({
      put: async (key, content, condition) => {
        const outcome = await store.put(key, content, condition);
        if (outcome.kind === 'put') locks.set(key, untilMs);
        return outcome;
      },
      upload: async (key, content, options) => {
        await store.upload(key, content, options);
        locks.set(key, untilMs);
      },
    }),
    extend: async (key, untilMs) => {
      requests += 1;
      await open(key);
      locks.set(key, Math.max(untilMs, locks.get(key) ?? 0));
    },
    look: async (key) => locks.get(key),
  };
  const store: MemoryObjects = {
    name: 'memory:',
    nameOf,
    conditions,
    aheadMs: 0,
    ...{ lock, locks },
    get requests() {
      return requests;
    },
    pages: async function* (prefix) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys);
      for (let begin = 0; begin < keys.length; begin += PAGE_OBJECTS) {
        requests += 1;
        const page = keys.slice(begin, begin + PAGE_OBJECTS);
        yield page.flatMap((key) => objects.get(key)?.object ?? []);
      }
    },
    look: async (key) => {
      requests += 1;
      requireKey(key);
      return objects.get(key)?.object;
    },
    read: async function* (key, range) {
      requests += 1;
      await using source = await open(key);
      yield* source.stream(range ?? { start: 0, end: source.sizeBytes });
    },
    open,
    put: async (key, content, condition) => {
      requests += 1;
      requirePut({ conditions, nameOf }, { key, content, condition });
      return isMet(key, condition) ? write(key, content) : { kind: 'refused' };
    },
    upload: async (key, content, { onBytes, ...expected } = {}) => {
      requests += 1;
      requireKey(key);
      const copied = async function* () {
        const checked = checkedContent(content, { name: nameOf(key), ...expected });
        for await (const chunk of checked) yield Uint8Array.from(chunk);
      };
      const bytes = await collect(copied());
      write(key, bytes);
      onBytes?.(bytes.length);
    },
    remove: async (keys) => {
      requests += 1;
      for (const key of keys) {
        requireKey(key);
        objects.delete(key);
      }
    },
    removeUnfinished: async () => {},
    now: async () => {
      requests += 1;
      return now();
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return store;
}
