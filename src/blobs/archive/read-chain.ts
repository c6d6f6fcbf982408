import type { Store } from '../../stores/store.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import type { BlobEntry } from '../layout/catalogue.ts';
import { pathsIn } from '../layout/exclusions.ts';
import {
  type InspectedArchive,
  inspectArchive,
  type ListedFolder,
  type Renaming,
} from './inspect-archive.ts';

/** What a chain of archives holds. */
export interface ReadChain {
  /** In the order of the chain. */
  readonly archives: readonly InspectedArchive[];
  /** What the last archive lists; nothing in one that isn't incremental. */
  readonly listed: readonly ListedFolder[];
  /** A file that the last archive lists and none of the chain holds. */
  readonly lacking: string | undefined;
}

/**
 * Reads a chain from its complete archive to its last without unpacking it: whether all is there that
 * the last one lists. Failure `damaged` for an archive that is; see {@link inspectArchive}.
 */
export async function readChain(
  chain: readonly BlobEntry[],
  {
    store,
    signal,
    progress,
  }: {
    readonly store: Store;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<ReadChain> {
  const saved = new Set<string>();
  const origins = new Map<string, string[]>();
  const archives: InspectedArchive[] = [];
  let listed: ListedFolder[] = [];
  for (const { name } of chain) {
    listed = [];
    await using file = await store.open(name);
    archives.push(
      await inspectArchive(file, {
        signal,
        progress,
        onFolder: (one) => listed.push(one),
        onFile: (path) => saved.add(path),
      }),
    );
    for (const { renames } of listed) note(origins, renames);
  }
  const leftOut = chain.at(-1)?.record?.leftOut ?? [];
  const lacking = listed
    .flatMap(({ path, unchanged }) => pathsIn(path, unchanged))
    .filter((path) => !leftOut.includes(path))
    .find((path) => !isSaved(path, { saved, origins, tried: new Set() }));
  return { archives, listed, lacking };
}

/** Which names a folder had before: tar also takes an inode that is used again for a renamed folder. */
function note(origins: Map<string, string[]>, renames: readonly Renaming[]): void {
  let between = '';
  for (const { from, to } of renames) {
    const origin = from === '' ? between : from;
    if (to === '') between = origin;
    else if (origin !== '') origins.set(to, [...(origins.get(to) ?? []), origin]);
  }
}

/** Names that a file may have had; more than folders are renamed between two backups. */
const MOST_NAMES = 1000;

/** Under its name, or under one that a folder above it had before. */
function isSaved(
  path: string,
  names: {
    readonly saved: ReadonlySet<string>;
    readonly origins: ReadonlyMap<string, readonly string[]>;
    readonly tried: Set<string>;
  },
): boolean {
  if (names.saved.has(path)) return true;
  if (names.tried.has(path) || names.origins.size === 0) return false;
  // A folder that had the name of one below it before would have ever longer ones.
  if (names.tried.size === MOST_NAMES) return false;
  names.tried.add(path);
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const before = names.origins.get(path.slice(0, end)) ?? [];
    if (before.some((origin) => isSaved(origin + path.slice(end), names))) return true;
  }
  return false;
}
