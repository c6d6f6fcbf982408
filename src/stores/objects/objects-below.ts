import type { ObjectLock, ObjectReader, ObjectStore, StoredObject } from './object-store.ts';

/** What is in a store below a prefix, as a store: its keys are what follows. Who disposes of it disposes of nothing. */
export function objectsBelow(store: ObjectStore, prefix: string): ObjectStore {
  const above = (key: string) => prefix + key;
  const before = store.versionsBefore?.bind(store);
  return {
    ...readableBelow(store, prefix),
    conditions: store.conditions,
    ...(store.isUnsynced && { isUnsynced: true }),
    put: (key, content, condition) => store.put(above(key), content, condition),
    upload: (key, content, options) => store.upload(above(key), content, options),
    remove: (keys) => store.remove(keys.map(above)),
    removeUnfinished: (begin, beganBeforeMs) => store.removeUnfinished(above(begin), beganBeforeMs),
    now: () => store.now(),
    ...(before && {
      versionsBefore: async (timeMs: number) => readableBelow(await before(timeMs), prefix),
    }),
    ...(store.lock && { lock: lockBelow(store.lock, prefix) }),
    [Symbol.asyncDispose]: async () => {},
  };
}

function lockBelow(lock: ObjectLock, prefix: string): ObjectLock {
  const above = (key: string) => prefix + key;
  return {
    require: () => lock.require(),
    writeUntil: (untilMs) => {
      const writer = lock.writeUntil(untilMs);
      return {
        put: (key, content, condition) => writer.put(above(key), content, condition),
        upload: (key, content, options) => writer.upload(above(key), content, options),
      };
    },
    extend: (key, untilMs) => lock.extend(above(key), untilMs),
    look: (key) => lock.look(above(key)),
  };
}

/** The same, of which nothing but reading is wanted. */
export function readableBelow(objects: ObjectReader, prefix: string): ObjectReader {
  const above = (key: string) => prefix + key;
  const below = (object: StoredObject): StoredObject => ({
    ...object,
    key: object.key.slice(prefix.length),
  });
  return {
    name: objects.nameOf(prefix),
    nameOf: (key) => objects.nameOf(above(key)),
    pages: async function* (begin) {
      for await (const page of objects.pages(above(begin))) yield page.map(below);
    },
    look: async (key) => {
      const found = await objects.look(above(key));
      return found && below(found);
    },
    read: (key, range) => objects.read(above(key), range),
    open: (key) => objects.open(above(key)),
  };
}
