import type { BlobSums } from '../../blobs/checksums/checksums.ts';
import { readSums, SUMS_FILE } from '../../blobs/checksums/checksums-file.ts';
import type { ComparedTree } from '../../blobs/checksums/tree-checksums.ts';
import { findAddition } from '../../blobs/copy/additions.ts';
import { compareFiles } from '../../blobs/copy/compare-files.ts';
import { hasAsMany, type TreeCounter } from '../../blobs/copy/count-tree.ts';
import type { BlobCatalogue, BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { BlobChoice } from '../../blobs/layout/choose.ts';
import { stateName } from '../../blobs/layout/entry-name.ts';
import { describeFile, recordNameOf } from '../../blobs/layout/record.ts';
import { isReplacedArchive } from '../../blobs/layout/replaced-archive.ts';
import { treeIn } from '../../blobs/layout/tree-in.ts';
import type { Store } from '../../stores/store.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import { type JobContext, withStep } from '../run/events.ts';
import type { BlobFileFinding, BlobState } from './blob-finding.ts';

/** What a copy was found to be, file by file. */
export interface ComparedCopy extends ComparedTree {
  /** About what belongs to the copy and is in none of its files. */
  readonly files: readonly BlobFileFinding[];
  /** Undefined where it has none that can be used. */
  readonly sums: BlobSums | undefined;
}

/** Reads every file of a copy that has a sum. Failures: those of the system. */
export async function compareCopy(
  entry: BlobEntry,
  {
    store,
    tree,
    context,
  }: { readonly store: Store; readonly tree: TreeReader; readonly context: JobContext },
): Promise<ComparedCopy> {
  const nothing = { differing: [], missing: [], sums: undefined };
  const copy = store.tree(entry.name);
  const found = await readSums(copy, entry.record);
  switch (found.kind) {
    case 'none':
      return { ...nothing, files: [] };
    case 'damaged': {
      const state = { kind: 'no-checksums', because: found.state } as const;
      return { ...nothing, files: [{ kind: 'bad', file: copy.nameOf(SUMS_FILE), state }] };
    }
    case 'found': {
      const { sums } = found;
      const file = store.nameOf(recordNameOf(entry));
      const lost = { kind: 'bad', file, state: { kind: 'missing-record' } } as const;
      const files = entry.record === undefined ? [lost] : [];
      const compared = await withStep(context, {
        step: 'verify',
        totalBytes: entry.record?.content?.bytes,
        work: (progress) => compareFiles(tree, { sums, signal: context.signal, progress }),
      });
      return { ...compared, files, sums };
    }
    default:
      return found satisfies never;
  }
}

/** Whether anything else is in a copy, or gone from it, than was counted. */
export async function countCopy(
  choice: BlobChoice,
  { store, count }: { readonly store: Store; readonly count: TreeCounter },
): Promise<readonly BlobFileFinding[]> {
  const expected = choice.entry.record?.content;
  if (choice.kind === 'archives') return [];
  const tree = await treeIn(choice.entry, store);
  const file = tree.name;
  const found = await count(tree);
  const addition = findAddition(found, choice.entry.record);
  const isSame = expected === undefined || hasAsMany(found, expected);
  const states: readonly BlobState[] = [
    ...(addition === undefined ? [] : [{ kind: 'added', addition } as const]),
    ...(isSame ? [] : [{ kind: 'other-content', found: found.content, expected } as const]),
  ];
  return states.map((state) => ({ kind: 'bad', file, state }));
}

type StateOfBeside = 'replaced' | 'unreadable-record' | 'missing-beside-record';

/** What is wrong with the files beside archives: their records, and the state of their chain. */
export async function checkBesideArchives(
  choice: BlobChoice,
  { catalogue, signal }: { readonly catalogue: BlobCatalogue; readonly signal: AbortSignal },
): Promise<readonly BlobFileFinding[]> {
  if (choice.kind === 'directory') return [];
  const { store } = catalogue;
  const bad = (file: string, kind: StateOfBeside): BlobFileFinding => {
    return { kind: 'bad', file, state: { kind } };
  };
  const files: BlobFileFinding[] = [];
  for (const entry of choice.chain) {
    if (await isReplacedArchive(catalogue, { entry, signal })) {
      files.push(bad(store.nameOf(entry.name), 'replaced'));
    }
    const record = recordNameOf(entry);
    if (entry.recordedAs === 'nothing' && (await store.look(record)) !== undefined) {
      files.push(bad(store.nameOf(record), 'unreadable-record'));
    }
  }
  const state = await stateOfState(choice.chain[0], catalogue);
  return state === undefined ? files : [...files, bad(state.file, state.state)];
}

/** The state of a chain is needed for its next archive only, but its loss is worth knowing. */
async function stateOfState(
  first: BlobEntry | undefined,
  { store, entries }: BlobCatalogue,
): Promise<{ readonly file: string; readonly state: StateOfBeside } | undefined> {
  if (first === undefined) return undefined;
  const name = stateName(first.base, first.stamp);
  const file = store.nameOf(name);
  const state = entries.find((entry) => entry.name === name);
  if (state === undefined) {
    const isLost = (await store.look(recordNameOf({ name, form: 'state' }))) !== undefined;
    return isLost ? { file, state: 'missing-beside-record' } : undefined;
  }
  const recorded = state.record?.archive;
  const isOther =
    state.recordedAs === 'other' ||
    (recorded !== undefined && recorded.sha256 !== (await describeFile(store, name)).sha256);
  return isOther ? { file, state: 'replaced' } : undefined;
}
