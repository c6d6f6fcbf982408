import { Failure } from '../../system/failure.ts';
import type { Store, StoredEntry } from '../store.ts';
import type { TreeReader } from '../tree-reader.ts';
import type { ShownFile } from './shown-file.ts';
import { shownTree } from './shown-tree.ts';

/** A tree that a view shows. */
export interface ShownTree {
  readonly modifiedMs: number;
  readonly reader: TreeReader;
}

/** All that a view shows, by name. */
export interface Shown {
  readonly files: ReadonlyMap<string, ShownFile>;
  readonly trees: ReadonlyMap<string, ShownTree>;
}

/**
 * A {@link Store} that is made of something else, and can only be read. It doesn't change while it is open. To write
 * something is failure `system`, as on a disk that is mounted for reading; nobody has to be kept out.
 *
 * @param shown - undefined: there is no such place
 */
export function readOnlyStore(name: string, shown: Shown | undefined): Store {
  const { files, trees } = shown ?? { files: new Map(), trees: new Map() };
  const nameOf = (one: string) => `${name}/${one}`;
  const refuse = async (): Promise<never> => {
    throw new Failure('system', `Cannot write to "${name}": a copy is only read here`, {
      hint: 'Nothing was changed. Do this with the backups that the copy was made of.',
    });
  };
  const requireThere = async () => {
    if (shown === undefined) throw notThere(name);
  };
  const requireFile = (one: string) => {
    const file = files.get(one);
    if (file !== undefined) return file;
    throw trees.has(one) ? noFile(nameOf(one)) : notThere(nameOf(one));
  };
  const look = (one: string): StoredEntry | undefined => {
    const file = files.get(one);
    const tree = trees.get(one);
    if (file === undefined) return tree && { kind: 'tree', name: one, modifiedMs: tree.modifiedMs };
    const { sizeBytes, modifiedMs } = file;
    return { kind: 'file', name: one, sizeBytes, modifiedMs };
  };
  return {
    name,
    localFolder: undefined,
    nameOf,
    location: async () => {
      await requireThere();
      return name;
    },
    isAt: async (location) => location === name,
    requireThere,
    list: async () => {
      await requireThere();
      return [...files].map(([one, { sizeBytes, told }]) => ({ name: one, sizeBytes, told }));
    },
    entries: async () => {
      await requireThere();
      return [...files.keys(), ...trees.keys()].flatMap((one) => look(one) ?? []);
    },
    look: async (one) => look(one),
    useOf: async (one) => look(one)?.kind,
    read: async function* (one, range) {
      yield* requireFile(one).read(range);
    },
    open: async (one) => requireFile(one).open(),
    tree: (one) => trees.get(one)?.reader ?? shownTree(nameOf(one), undefined),
    stage: refuse,
    append: refuse,
    rename: refuse,
    remove: refuse,
    removeTree: refuse,
    link: refuse,
    linkedTo: async () => undefined,
    lock: refuse,
    hold: async () => undefined,
    holder: async () => undefined,
    wasLocked: async () => false,
    recoverTrees: refuse,
    isWritable: async () => false,
  };
}

function notThere(path: string): Failure {
  return new Failure('not-found', `Cannot read "${path}": it does not exist`, {
    hint: 'List the restore points of the copy.',
  });
}

function noFile(path: string): Failure {
  return new Failure('usage', `Cannot read "${path}": it is not a regular file`, {
    hint: 'Name a file.',
  });
}
