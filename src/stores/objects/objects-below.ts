import type { ObjectStore, StoredObject } from './object-store.ts';

/** What is in a store below a prefix, as a store: its keys are what follows. Who disposes of it disposes of nothing. */
export function objectsBelow(store: ObjectStore, prefix: string): ObjectStore {
  const above = (key: string) => prefix + key;
  const below = (object: StoredObject): StoredObject => ({
    ...object,
    key: object.key.slice(prefix.length),
  });
  return {
    name: store.nameOf(prefix),
    nameOf: (key) => store.nameOf(above(key)),
    conditions: store.conditions,
    ...(store.isUnsynced && { isUnsynced: true }),
    pages: async function* (begin) {
      for await (const page of store.pages(above(begin))) yield page.map(below);
    },
    look: async (key) => {
      const found = await store.look(above(key));
      return found && below(found);
    },
    read: (key, range) => store.read(above(key), range),
    open: (key) => store.open(above(key)),
    put: (key, content, condition) => store.put(above(key), content, condition),
    upload: (key, content, options) => store.upload(above(key), content, options),
    remove: (keys) => store.remove(keys.map(above)),
    removeUnfinished: (begin, beganBeforeMs) => store.removeUnfinished(above(begin), beganBeforeMs),
    now: () => store.now(),
    [Symbol.asyncDispose]: async () => {},
  };
}
