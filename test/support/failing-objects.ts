import type { ObjectStore, ObjectWriter } from '../../src/stores/objects/object-store.ts';
import { Failure } from '../../src/system/failure.ts';

/**
 * A store of which one write or removal fails, as on a full disk, and all that follow; but for its lock, which a
 * process that has ended doesn't hold any more.
 *
 * @param count - 1: the first
 */
export function failingAt(store: ObjectStore, count: number): ObjectStore {
  let writes = 0;
  const refuseLate = (key: string) => {
    if (key.endsWith('lease.json')) return;
    writes += 1;
    if (writes < count) return;
    throw new Failure('system', `Cannot write "${key}": no space left on the disk`, {
      hint: 'Free some space and run the command again.',
    });
  };
  const failing = ({ put, upload }: ObjectWriter): ObjectWriter => ({
    put: async (key, content, condition) => {
      refuseLate(key);
      return await put(key, content, condition);
    },
    upload: async (key, content, options) => {
      refuseLate(key);
      await upload(key, content, options);
    },
  });
  const { lock } = store;
  return {
    ...store,
    ...failing(store),
    ...(lock && { lock: { ...lock, writeUntil: (untilMs) => failing(lock.writeUntil(untilMs)) } }),
    remove: async (keys) => {
      refuseLate(keys.join(' '));
      await store.remove(keys);
    },
  };
}
