import { createHash } from 'node:crypto';
import { openArchive } from '../../../blobs/archive/open-archive.ts';
import { readSums } from '../../../blobs/checksums/checksums-file.ts';
import type { BlobEntry } from '../../../blobs/layout/catalogue.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import { type OwnBlobs, readOwnBlobs } from '../../../blobs/ownership/ownership.ts';
import { blobPath } from '../../../filestorage/blob-layout.ts';
import type { Oid } from '../../../filestorage/oid.ts';
import type { Tid } from '../../../filestorage/tid.ts';
import type { Stamp } from '../../../repository/layout/stamp.ts';
import { blobsInArchive } from '../../../states/blobs/blobs-in-archive.ts';
import { folderTree } from '../../../stores/folder-tree.ts';
import type { Store } from '../../../stores/store.ts';
import type { TreeReader } from '../../../stores/tree-reader.ts';
import { Failure, isFailure } from '../../../system/failure.ts';
import { DisposableStack } from '../../../system/streams/disposable-stack.ts';
import type { JobContext } from '../../run/events.ts';
import { readArchive } from '../../run/read-archive.ts';
import { unpack } from '../../run/unpack.ts';
import type { BlobRestorePlan, KindFolders } from '../blob-restore-plan.ts';

/** The revision of a blob. */
interface Revision {
  readonly oid: Oid;
  readonly tid: Tid;
}

/** The bytes of a blob. Failure `damaged`, at their end, where they are not those that were backed up. */
type BlobBytes = AsyncIterable<Uint8Array>;

/** Something that may have blobs which a restored directory lacks. */
export interface BlobSource {
  readonly kind: 'copy' | 'archive' | 'live';
  readonly name: string;
  readonly find: (revision: Revision) => Promise<BlobBytes | undefined>;
}

/** Which backups count, and what runs while they are read. */
interface Looking {
  /** Stamps of the backups of the chain of the moment. */
  readonly stamps: ReadonlySet<Stamp>;
  /** Told why something is passed over which may have more, as the system can't read it. */
  readonly onUnread: (failure: Failure) => void;
  readonly context: JobContext;
}

/**
 * Where blobs of a moment are looked for: in the other copies and archives, first those that were made with the chain of
 * the moment, the newest of each first; then in backups of other kinds; last in the live directory. Each is closed when
 * the next one is asked for.
 */
export async function* blobSources(
  { choice, catalogue, target, settings: { source, otherKinds } }: BlobRestorePlan,
  { stamps, onUnread, context }: Looking,
): AsyncGenerator<BlobSource> {
  // What a chain of archives removes on its way is in its earlier ones.
  const isRead = (one: BlobEntry) =>
    one === choice.entry && (choice.kind === 'directory' || choice.chain.length === 1);
  const others = catalogue.entries.filter((one) => !isRead(one));
  const ofChain = others.filter(({ stamp }) => stamps.has(stamp));
  yield* sourcesIn(catalogue, { entries: new Set([...ofChain, ...others]), onUnread, context });
  for (const one of otherKinds) {
    const other = await readOfOtherKind(one, { source, context }).catch(passOver(onUnread));
    if (other !== undefined) yield* sourcesIn(other, { entries: other.entries, onUnread, context });
  }
  const live = folderTree(target);
  if (await live.isThere()) {
    yield {
      kind: 'live',
      name: live.name,
      find: (revision) => findInTree(live, { revision, onUnread }),
    };
  }
}

/** Undefined where there are none. */
async function readOfOtherKind(
  { folder, repository }: KindFolders,
  { source, context: { backups } }: { readonly source: string; readonly context: JobContext },
): Promise<OwnBlobs | undefined> {
  if (!(await backups.isThere(folder))) return undefined;
  return readOwnBlobs({ source, folder }, { repository, backups });
}

async function* sourcesIn(
  { store }: OwnBlobs,
  { entries, ...looking }: Omit<Looking, 'stamps'> & { readonly entries: Iterable<BlobEntry> },
): AsyncGenerator<BlobSource> {
  for (const entry of entries) {
    if (entry.form === 'state') continue;
    if (entry.form === 'directory') {
      const copy = await copySource(store, { entry, ...looking });
      if (copy !== undefined) yield copy;
    } else {
      await using opened = new DisposableStack();
      yield archiveSource(store, { entry, opened, ...looking });
    }
  }
}

/** What can't be used has no blob; another copy may have it. */
async function copySource(
  store: Store,
  { entry, onUnread }: Pick<Looking, 'onUnread'> & { readonly entry: BlobEntry },
): Promise<BlobSource | undefined> {
  const passed = passOver(onUnread);
  const tree = await treeIn(entry, store).catch(passed);
  if (tree === undefined) return undefined;
  const found = await readSums(store.tree(entry.name), entry.record).catch(passed);
  if (found === undefined) return undefined;
  const sumOf = (path: string) => (found.kind === 'found' ? found.sums.find(path) : undefined);
  const find = (revision: Revision) => findInTree(tree, { revision, sumOf, onUnread });
  return { kind: 'copy', name: tree.name, find };
}

/** An archive has one checksum: all of it is read before a blob of it is used. */
function archiveSource(
  store: Store,
  {
    entry: { name, record },
    opened,
    onUnread,
    context,
  }: Omit<Looking, 'stamps'> & {
    readonly entry: BlobEntry;
    readonly opened: DisposableStack;
  },
): BlobSource {
  const blobs = blobsInArchive(async () => opened.use(await openArchive(store, { name, unpack })));
  const passed = passOver(onUnread);
  let checking: Promise<boolean> | undefined;
  const isWhole = async () => {
    const read = await readArchive(name, { store, context }).catch(passed);
    const expected = record?.archive?.sha256;
    return read !== undefined && (expected === undefined || read.sha256 === expected);
  };
  return {
    kind: 'archive',
    name: store.nameOf(name),
    find: async (revision) => {
      const blob = await blobs(revision).catch(passed);
      if (blob === undefined) return undefined;
      checking ??= isWhole();
      return (await checking) ? readable(blob.read(), onUnread) : undefined;
    },
  };
}

/** The blob of a record in a directory of either layout. */
async function findInTree(
  tree: TreeReader,
  {
    revision,
    sumOf = () => undefined,
    onUnread,
  }: Pick<Looking, 'onUnread'> & {
    readonly revision: Revision;
    readonly sumOf?: (path: string) => string | undefined;
  },
): Promise<BlobBytes | undefined> {
  const path = await blobPathIn(tree, revision).catch(passOver(onUnread));
  if (path === undefined) return undefined;
  return readable(readChecked(tree, { path, expected: sumOf(path) }), onUnread);
}

/** Where the blob of a record is in a directory of either layout; undefined where it isn't. */
export async function blobPathIn(
  tree: TreeReader,
  revision: Revision,
): Promise<string | undefined> {
  const paths = [blobPath('bushy', revision), blobPath('lawn', revision)];
  const sizes = await tree.sizesOf(paths);
  return paths.find((_, index) => sizes[index] !== undefined);
}

async function* readChecked(
  tree: TreeReader,
  { path, expected }: { readonly path: string; readonly expected: string | undefined },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of tree.read(path)) {
    hash.update(chunk);
    yield chunk;
  }
  if (expected === undefined || hash.digest('hex') === expected) return;
  throw new Failure('damaged', `Cannot use "${tree.nameOf(path)}": it is not what was backed up`, {
    hint: 'Look at the disk, and at the backup.',
  });
}

/** What the system can't read is as good as damaged: another copy may be better. */
async function* readable(
  bytes: BlobBytes,
  onUnread: Looking['onUnread'],
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    passOver(onUnread)(error);
    if (!(error instanceof Failure) || error.code === 'not-found') throw error;
    throw new Failure('damaged', error.message, { hint: error.hint, cause: error });
  }
}

function passOver(onUnread: Looking['onUnread']): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
    if (!isFailure(error, 'damaged', 'not-found')) onUnread(error);
  };
}
