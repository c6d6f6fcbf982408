import { hostname } from 'node:os';
import type {
  LinkOutcome,
  NameUse,
  StagedFile,
  Store,
  StoredEntry,
} from '../../src/stores/store.ts';
import type { TreeEntry, TreeReader } from '../../src/stores/tree-reader.ts';
import { Failure } from '../../src/system/failure.ts';
import { memorySource, type OpenedSource } from '../../src/system/files/byte-source.ts';
import type { SeenHolder } from '../../src/system/locks/run-lock.ts';
import { collect } from '../../src/system/streams/pipeline.ts';

type Files = Map<string, { readonly bytes: Uint8Array; readonly modifiedMs: number }>;

/** A store that is no folder of this machine: what nobody may take for granted of a store. */
export interface MemoryStore extends Store {
  /** Trees come to such a store in ways of its own. */
  putTree(name: string, files: Readonly<Record<string, string>>): void;
}

let made = 0;

export function memoryStore(): MemoryStore {
  const location = `memory:${++made}`;
  const files: Files = new Map();
  const trees = new Map<string, { readonly files: Files; readonly modifiedMs: number }>();
  const links = new Map<string, string>();
  let held: SeenHolder | undefined;
  let wasLocked = false;
  const nameOf = (name: string) => `${location}/${name}`;
  const put = (name: string, bytes: Uint8Array) =>
    void files.set(name, { bytes, modifiedMs: Date.now() });
  const look = async (name: string): Promise<StoredEntry | undefined> => {
    const file = files.get(name);
    if (file !== undefined) {
      const { bytes, modifiedMs } = file;
      return { kind: 'file', name, sizeBytes: bytes.length, modifiedMs };
    }
    const modifiedMs = trees.get(name)?.modifiedMs;
    return modifiedMs === undefined ? undefined : { kind: 'tree', name, modifiedMs };
  };
  const useOf = async (name: string): Promise<NameUse | undefined> =>
    links.has(name) ? 'link' : (await look(name))?.kind;
  const lock = async (): Promise<AsyncDisposable> => {
    if (held !== undefined) {
      throw new Failure('locked', `Cannot use "${location}": pid ${held.record.pid} holds it`, {
        hint: { kind: 'wait-for-run' },
      });
    }
    wasLocked = true;
    held = holderNow();
    return {
      [Symbol.asyncDispose]: async () => {
        held = undefined;
      },
    };
  };
  return {
    name: location,
    localFolder: undefined,
    nameOf,
    location: async () => location,
    isAt: async (other) => other === location,
    requireThere: async () => {},
    list: async () => [...files].map(([name, { bytes }]) => ({ name, sizeBytes: bytes.length })),
    entries: async () => {
      const found = await Promise.all([...files.keys(), ...trees.keys()].map(look));
      return found.flatMap((entry) => entry ?? []);
    },
    look,
    useOf,
    read: (name, range) => readOf(files, { path: name, called: nameOf(name), range }),
    open: async (name) => openOf(files, { path: name, called: nameOf(name) }),
    tree: (name) => treeOf(() => trees.get(name)?.files, { called: nameOf(name), below: '' }),
    stage: async (name, content) =>
      staged(name, { bytes: await collect(streamOfAny(content)), put }),
    append: async (name, { line, maximumBytes, earlier }) => {
      const before = Buffer.from(files.get(name)?.bytes ?? []);
      const after = Buffer.concat([before, Buffer.from(`${line}\n`)]);
      const isFull = before.length > 0 && before.length + line.length > maximumBytes;
      if (isFull) put(earlier, before);
      put(name, isFull ? after.subarray(before.length) : after);
      const changed = isFull ? [name, earlier] : [name];
      return changed.map((one) => ({ name: one, sizeBytes: files.get(one)?.bytes.length ?? 0 }));
    },
    rename: async (renamings) => {
      for (const { from, to } of renamings) {
        const [file, tree] = [files.get(from), trees.get(from)];
        if (file === undefined && tree === undefined) throw absent(nameOf(from));
        files.delete(from);
        trees.delete(from);
        if (file !== undefined) files.set(to, file);
        if (tree !== undefined) trees.set(to, tree);
      }
    },
    remove: async (...names) => {
      for (const name of names) files.delete(name);
    },
    removeTree: async (name) => {
      if (!trees.delete(name)) throw absent(nameOf(name));
    },
    link: async (name, to): Promise<LinkOutcome> => {
      const use = await useOf(name);
      if (use !== undefined && use !== 'link') return 'other';
      if (to === undefined) return links.delete(name) ? 'removed' : 'none';
      if (links.get(name) === to) return 'unchanged';
      links.set(name, to);
      return 'set';
    },
    linkedTo: async (name) => links.get(name),
    lock,
    hold: async () => (wasLocked ? await lock() : undefined),
    holder: async () => held,
    wasLocked: async () => wasLocked,
    recoverTrees: async () => {},
    isWritable: async () => true,
    putTree: (name, content) => {
      const modifiedMs = Date.now();
      const inTree = Object.entries(content).map(
        ([path, text]) => [path, { bytes: Buffer.from(text), modifiedMs }] as const,
      );
      trees.set(name, { files: new Map(inTree), modifiedMs });
    },
  };
}

function staged(
  name: string,
  {
    bytes,
    put,
  }: { readonly bytes: Uint8Array; readonly put: (name: string, bytes: Uint8Array) => void },
): StagedFile {
  return {
    name,
    sizeBytes: bytes.length,
    confirm: async () => {},
    publish: async () => put(name, bytes),
    [Symbol.asyncDispose]: async () => {},
  };
}

function treeOf(
  filesOf: () => Files | undefined,
  { called, below }: { readonly called: string; readonly below: string },
): TreeReader {
  const nameOf = (path: string) => `${called}/${path}`;
  const inIt = () => [...(filesOf() ?? [])].filter(([path]) => path.startsWith(below));
  const all = (): readonly TreeEntry[] => {
    const found = inIt();
    if (found.length === 0) throw absent(called);
    const folders = new Set<string>();
    const entries = found.map(([path, { bytes }]): TreeEntry => {
      const names = path.slice(below.length).split('/');
      for (let depth = 1; depth < names.length; depth++)
        folders.add(names.slice(0, depth).join('/'));
      return { kind: 'file', path: names.join('/'), sizeBytes: bytes.length, mode: 0o100644 };
    });
    return [...[...folders].map((path) => ({ kind: 'folder', path }) as const), ...entries];
  };
  const isFolder = (path: string) => inIt().some(([one]) => one.startsWith(`${below}${path}/`));
  const where = (path: string) => {
    if (isFolder(path)) throw new Failure('usage', `"${nameOf(path)}" is no file`, { hint: '' });
    return { path: below + path, called: nameOf(path) };
  };
  return {
    name: called,
    localFolder: undefined,
    nameOf,
    below: (folder) => treeOf(filesOf, { called: nameOf(folder), below: `${below}${folder}/` }),
    isThere: async () => inIt().length > 0,
    list: async () => all().filter(({ path }) => !path.includes('/')),
    walk: async function* () {
      yield all();
    },
    sizesOf: async (paths) => paths.map((path) => filesOf()?.get(below + path)?.bytes.length),
    has: async (path) => filesOf()?.has(below + path) === true || isFolder(path),
    leadingOut: async () => [],
    read: (path, range) => readOf(filesOf() ?? new Map(), { ...where(path), range }),
    open: async (path) => openOf(filesOf() ?? new Map(), where(path)),
  };
}

interface Wanted {
  readonly path: string;
  readonly called: string;
}

function openOf(files: Files, { path, called }: Wanted): OpenedSource {
  const file = files.get(path);
  if (file === undefined) throw absent(called);
  return { ...memorySource(file.bytes, called), [Symbol.asyncDispose]: async () => {} };
}

async function* readOf(
  files: Files,
  { range, ...wanted }: Wanted & { readonly range: Parameters<Store['read']>[1] },
): AsyncGenerator<Uint8Array> {
  const source = openOf(files, wanted);
  yield* source.stream(range ?? { start: 0, end: source.sizeBytes });
}

async function* streamOfAny(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* content;
}

function holderNow(): SeenHolder {
  const [pid, host, since] = [process.pid, hostname(), new Date().toISOString()];
  const record = { pid, host, since, command: 'test', beat: 0, beatSeconds: 10 };
  return { record, beatAt: new Date() };
}

function absent(called: string): Failure {
  return new Failure('not-found', `Cannot find "${called}"`, { hint: 'Look for it elsewhere.' });
}
