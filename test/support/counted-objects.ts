import type { ObjectStore, ObjectWriter } from '../../src/stores/objects/object-store.ts';

/** A store that counts its requests, as a bucket would: a page of a listing is one. */
export function countedObjects(store: ObjectStore): ObjectStore & { readonly requests: string[] } {
  const requests: string[] = [];
  const count = (what: string) => void requests.push(what);
  const counted = ({ put, upload }: ObjectWriter): ObjectWriter => ({
    put: (key, content, condition) => {
      count(`PUT ${key}`);
      return put(key, content, condition);
    },
    upload: (key, content, options) => {
      count(`PUT ${key}`);
      return upload(key, content, options);
    },
  });
  const { lock } = store;
  return {
    ...store,
    ...counted(store),
    ...(lock && {
      lock: {
        ...lock,
        writeUntil: (untilMs) => counted(lock.writeUntil(untilMs)),
        extend: (key, untilMs) => {
          count(`LOCK ${key}`);
          return lock.extend(key, untilMs);
        },
      },
    }),
    requests,
    pages: async function* (prefix) {
      let pages = 0;
      for await (const page of store.pages(prefix)) {
        count(`LIST ${prefix}`);
        pages += 1;
        yield page;
      }
      if (pages === 0) count(`LIST ${prefix}`);
    },
    look: (key) => {
      count(`HEAD ${key}`);
      return store.look(key);
    },
    read: (key, range) => {
      count(`GET ${key}`);
      return store.read(key, range);
    },
    open: (key) => {
      count(`GET ${key}`);
      return store.open(key);
    },
    remove: (keys) => {
      count(`DELETE ${keys.join(' ')}`);
      return store.remove(keys);
    },
  };
}
