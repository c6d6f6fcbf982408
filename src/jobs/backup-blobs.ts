import { copyFile, readdir, realpath, stat, unlink } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { pointLatest, refuseTaken, removeEntry, rotate } from '../blobs/blob-folder.ts';
import { type BlobCatalogue, type BlobEntry, readBlobCatalogue } from '../blobs/catalogue.ts';
import { chainOf } from '../blobs/choose.ts';
import { type CopiedTree, copyTree, countTree, type TreeContent } from '../blobs/copy-tree.ts';
import {
  type ArchiveCompression,
  archiveName,
  type EntryMark,
  entryStem,
  stateName,
} from '../blobs/entry-name.ts';
import { inspectArchive } from '../blobs/inspect-archive.ts';
import { isLeftOut } from '../blobs/left-out.ts';
import { findMissingFile } from '../blobs/missing-file.ts';
import { isChainWhole } from '../blobs/prove-chain.ts';
import {
  type BlobRecord,
  describeFile,
  readEdges,
  recordPath,
  writeRecord,
} from '../blobs/record.ts';
import { copyWithRsync } from '../blobs/rsync.ts';
import { type BlobSums, encodeSums } from '../blobs/sums.ts';
import { readSums, writeSums } from '../blobs/sums-file.ts';
import { writeArchive } from '../blobs/tar.ts';
import { sumTree } from '../blobs/tree-sums.ts';
import type { Stamp } from '../repository/stamp.ts';
import type { BlobCopier, BlobFormat } from '../sites/site.ts';
import { makeFolder } from '../stores/folder-store.ts';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import { NewDirectory } from '../system/new-directory.ts';
import { NewFile } from '../system/new-file.ts';
import { VERSION } from '../system/version.ts';
import { type JobContext, programEvents } from './events.ts';

/** How a blob directory is backed up. */
export interface BlobBackupSettings {
  /** The live blob directory; a link to it is followed. */
  readonly source: string;
  /** The folder that gets an entry. */
  readonly folder: string;
  readonly format: BlobFormat;
  readonly copier: BlobCopier;
  /** The moment of the Data.fs backup that it belongs to, or that of the clock; see {@link ChainStart}. */
  readonly stamp: (taken: readonly Stamp[]) => Stamp;
  /** Where a chain of incremental archives begins. */
  readonly chainStart: ChainStart;
  /** Which repository decides how long it stays; null: none does. */
  readonly repository: string | null;
  readonly now: () => Date;
}

/**
 * - `full`: at the full Data.fs backup of this stamp; undefined: there is none, and no chain.
 * - `clock`: no Data.fs is backed up; a new chain when `isNew`, or when the last one is older than
 *   `days`.
 */
export type ChainStart =
  | { readonly kind: 'full'; readonly stamp: Stamp | undefined }
  | { readonly kind: 'clock'; readonly full: 'always' | 'when-needed'; readonly days: number };

/** What a blob backup did. */
export interface BlobBackupResult {
  /** Name of the entry. */
  readonly name: string;
  readonly kind: 'made' | 'there-already';
  readonly stamp: Stamp;
  readonly content: TreeContent | undefined;
}

/** Times that a live directory may change under tar's hands. */
const ATTEMPTS = 3;

/**
 * Backs up a blob directory. The entry appears when it is complete and on the disk; one that is there
 * already and complete is left alone. The caller holds the folder's lock.
 *
 * Failures: `not-found` for a source that isn't there, `refused`, `program` for whatever
 * rsync or tar has to complain about, and those of the system.
 */
export async function backUpBlobs(
  settings: BlobBackupSettings,
  context: JobContext,
): Promise<BlobBackupResult> {
  const source = await resolveSource(settings.source);
  const { wasMade } = await makeFolder(settings.folder);
  if (wasMade) context.onEvent({ kind: 'folder-made', path: settings.folder });
  await refuseNested(settings.source, settings.folder);
  const base = basename(settings.source);
  const catalogue = await readBlobCatalogue(settings.folder, base);
  warnOfForeign(catalogue, context);
  const stamp = settings.stamp(catalogue.entries.map((entry) => entry.stamp));
  const run = new BlobRun({ settings, context, source, base, catalogue, stamp });
  const result = await run.make();
  await linkLatest(result, { settings, context });
  return result;
}

/**
 * Whether there is a blob directory to back up. Failures: `not-found`, `usage`; `refused` for one that
 * is empty and was not at the last backup: its disk isn't mounted, and in time, backups of nothing
 * would push out those of the blobs.
 */
export async function checkBlobSource(path: string, folder: string): Promise<void> {
  const source = await resolveSource(path);
  const names = await adopting(`list "${source}"`, () => readdir(source));
  if (names.some((name) => !isLeftOut(name, 0))) return;
  const { entries } = await readBlobCatalogue(folder, basename(path));
  const newest = entries.find(({ form }) => form !== 'state');
  if (newest === undefined || newest.record?.content?.files === 0) return;
  throw new Failure(
    'refused',
    `Cannot back up the blobs in "${path}": it is empty, and "${newest.name}" is not`,
    {
      hint: `Is its disk mounted? If there really are no blobs any more, move "${folder}" away.`,
    },
  );
}

/** The directory itself: a link would be backed up as a link. */
async function resolveSource(path: string): Promise<string> {
  const source = await adopting(`find the blob directory "${path}"`, () =>
    realpath(path).catch((cause: unknown) => {
      if (systemCodeOf(cause) !== 'ENOENT') throw cause;
      throw new Failure(
        'not-found',
        `Cannot find the blob directory "${path}": it does not exist`,
        {
          hint: 'Is its disk mounted? Otherwise name another (blob_storage, --blob-storage), or leave out the blobs (backup_blobs = false, --no-blobs).',
          cause,
        },
      );
    }),
  );
  const { isDirectory } = await adopting(`look at "${source}"`, async () => {
    const status = await stat(source);
    return { isDirectory: status.isDirectory() };
  });
  if (isDirectory) return source;
  throw new Failure('usage', `Cannot back up the blobs in "${path}": it is not a folder`, {
    hint: 'Name the blob directory in blob_storage.',
  });
}

/** Failure `usage` where the backups of a blob directory would be a part of it, or it of them. */
export async function refuseNested(path: string, folder: string): Promise<void> {
  const source = await resolveSource(path);
  const real = await adopting(`find "${folder}"`, () => realpath(folder));
  if (!isWithin(real, source) && !isWithin(source, real)) return;
  throw new Failure(
    'usage',
    `Cannot back up the blobs in "${source}" to "${folder}": one is inside the other`,
    { hint: ELSEWHERE },
  );
}

/**
 * The same for whatever is backed up, before its folder is made: backups in the blob directory would
 * be backed up with it, and leave with it when it is restored. Failure `usage`.
 */
export function refuseInside(source: string, folder: string): void {
  if (!isWithin(folder, source)) return;
  throw new Failure(
    'usage',
    `Cannot back up to "${folder}": it is inside the blob directory "${source}"`,
    { hint: ELSEWHERE },
  );
}

const ELSEWHERE = 'Choose a folder elsewhere, best on another disk.';

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function warnOfForeign({ foreign, folder }: BlobCatalogue, { onEvent }: JobContext): void {
  const bases = [...new Set(foreign.map(({ base }) => base))];
  if (bases.length === 0) return;
  const names = bases.map((base) => `"${base}"`).join(', ');
  onEvent({
    kind: 'warning',
    text: `"${folder}" also holds backups of the blob directories ${names}; they are left alone`,
  });
}

async function linkLatest(
  result: BlobBackupResult,
  { settings, context }: { readonly settings: BlobBackupSettings; readonly context: JobContext },
): Promise<void> {
  const { format, folder } = settings;
  const hasLatest = format.kind !== 'incremental-archives' && format.naming === 'stamps';
  const outcome = await pointLatest(folder, hasLatest ? result.name : undefined);
  if (outcome === 'set') context.onEvent({ kind: 'latest-set', folder, name: result.name });
  if (outcome === 'other') {
    context.onEvent({
      kind: 'warning',
      text: `"${join(folder, 'latest')}" is no link, and was left alone`,
    });
  }
}

/** One backup of one blob directory. */
class BlobRun {
  readonly #settings: BlobBackupSettings;
  readonly #context: JobContext;
  readonly #source: string;
  readonly #base: string;
  readonly #catalogue: BlobCatalogue;
  readonly #stamp: Stamp;
  /** Archives of this stamp that can't be used: they go when a good one is in place. */
  readonly #spoilt: BlobEntry[] = [];

  constructor(words: {
    readonly settings: BlobBackupSettings;
    readonly context: JobContext;
    readonly source: string;
    readonly base: string;
    readonly catalogue: BlobCatalogue;
    readonly stamp: Stamp;
  }) {
    this.#settings = words.settings;
    this.#context = words.context;
    this.#source = words.source;
    this.#base = words.base;
    this.#catalogue = words.catalogue;
    this.#stamp = words.stamp;
  }

  async make(): Promise<BlobBackupResult> {
    const { format } = this.#settings;
    switch (format.kind) {
      case 'directories':
        return this.#directory(format.naming);
      case 'archives':
        return this.#completeArchive(format);
      case 'incremental-archives':
        return this.#incrementalArchive(format.compression);
      default:
        return format satisfies never;
    }
  }

  async #directory(naming: 'stamps' | 'numbers'): Promise<BlobBackupResult> {
    const name = entryStem(this.#base, this.#mark(naming));
    const there = this.#entries('directory').find((entry) => entry.name === name);
    if (naming === 'stamps' && there?.record?.origin === 'made') return this.#thereAlready(there);
    await refuseTaken(join(this.#settings.folder, name), 'directory');
    await using entry = await NewDirectory.create(join(this.#settings.folder, name));
    const copied = await this.#copy(join(entry.temporaryPath, this.#base));
    const { content } = copied;
    const sums = await writeSums(entry.temporaryPath, encodeSums(copied.sums));
    await writeRecord(
      recordPath(entry.temporaryPath, { name: '', form: 'directory' }),
      this.#record({ content, sums }),
    );
    await entry.complete();
    this.#context.signal.throwIfAborted();
    if (naming === 'numbers') await this.#rotate('directories');
    else if (there !== undefined && (await this.#knowsMore(there, entry))) {
      return this.#thereAlready(there);
    }
    await entry.publish();
    return { name, kind: 'made', stamp: this.#stamp, content };
  }

  /**
   * Whether an entry of unknown completeness has a file that its successor lacks. Both are of one
   * moment of the Data.fs: then the live directory has lost something.
   */
  async #knowsMore(there: BlobEntry, successor: NewDirectory): Promise<boolean> {
    const old = join(this.#settings.folder, there.name, there.base);
    const status = await stat(old).catch(() => undefined);
    if (status?.isDirectory() !== true) return false;
    const missing = await findMissingFile({
      of: old,
      inTree: join(successor.temporaryPath, this.#base),
      signal: this.#context.signal,
    });
    if (missing === undefined) return false;
    this.#context.onEvent({
      kind: 'warning',
      text: `"${this.#source}" lacks "${missing.slice(1)}", which the backup of the same state has: "${old}" is left as it is`,
    });
    return true;
  }

  async #copy(target: string): Promise<Pick<CopiedTree, 'content' | 'sums'>> {
    const { copier } = this.#settings;
    const previous = await this.#previousCopy();
    const first = copier.firstCopy === 'link' ? this.#source : undefined;
    const linkTo = previous?.tree ?? first;
    const { signal } = this.#context;
    const source = this.#source;
    const common = { source, target, linkTo, sameness: 'time', of: 'live' } as const;
    if (copier.kind === 'own') {
      const sums = { kind: 'make', known: previous?.sums?.bytes } as const;
      return copyTree({ ...common, sums, signal });
    }
    const options = copier.rsyncOptions;
    await copyWithRsync({ ...common, options, ...programEvents(this.#context) });
    const { content, link } = await countTree(target, signal);
    if (link !== undefined) {
      this.#context.onEvent({
        kind: 'warning',
        text: `"${join(source, link)}" is a link, and was copied as one, without what it leads to; "rsync_options = --copy-links" copies that`,
      });
    }
    return { content, sums: await sumTree(target, { before: previous, signal }) };
  }

  /** The newest copy, finished or not: what is the same in it needn't be copied again. */
  async #previousCopy(): Promise<
    { readonly tree: string; readonly sums: BlobSums | undefined } | undefined
  > {
    const { folder } = this.#settings;
    for (const { name, base, record } of this.#entries('directory')) {
      const tree = join(folder, name, base);
      const isThere = await stat(tree).then(
        (status) => status.isDirectory(),
        () => false,
      );
      if (!isThere) continue;
      const found = await readSums(join(folder, name), record);
      if (found.kind === 'damaged') {
        this.#context.onEvent({
          kind: 'warning',
          text: `the checksums of the files in "${join(folder, name)}" are ${found.state}; new ones are made of what is there`,
        });
      }
      return { tree, sums: found.kind === 'found' ? found.sums : undefined };
    }
    return undefined;
  }

  async #completeArchive({
    naming,
    compression,
  }: {
    readonly naming: 'stamps' | 'numbers';
    readonly compression: ArchiveCompression;
  }): Promise<BlobBackupResult> {
    const stem = entryStem(this.#base, this.#mark(naming));
    if (naming === 'stamps') {
      const there = await this.#goodArchive();
      if (there !== undefined) return this.#thereAlready(there);
    }
    const name = archiveName(stem, { form: 'archive', compression });
    return this.#writeArchive({
      name,
      compression,
      beforePublishing: async () => {
        if (naming === 'numbers') await this.#rotate('archives');
      },
    });
  }

  /**
   * The names and the rules of the recipe: a chain begins with a full Data.fs backup and has the
   * state of that stamp; every later archive of it holds what changed since the one before.
   */
  async #incrementalArchive(compression: ArchiveCompression): Promise<BlobBackupResult> {
    const there = await this.#goodArchive();
    if (there !== undefined) return this.#thereAlready(there);
    const start = this.#chainStart();
    const stem = entryStem(this.#base, { kind: 'stamp', stamp: this.#stamp });
    const name = archiveName(stem, { form: 'archive', compression });
    if (start === undefined) return this.#writeArchive({ name, compression });
    if (start === this.#stamp) return this.#beginChain(name, compression);
    const path = join(this.#settings.folder, stateName(this.#base, start));
    const continues = await this.#continued(start);
    if (continues !== undefined) {
      return this.#writeArchive({
        name: archiveName(stem, { form: 'delta', compression }),
        compression,
        state: { path, stamp: start, continues },
      });
    }
    const isClock = this.#settings.chainStart.kind === 'clock';
    const next = isClock ? 'begins a new chain' : 'is complete; the next full backup begins one';
    this.#context.onEvent({
      kind: 'warning',
      text: `"${this.#settings.folder}" has no whole chain of archives from ${start}: "${name}" ${next}`,
    });
    return isClock
      ? this.#beginChain(name, compression)
      : this.#writeArchive({ name, compression });
  }

  async #beginChain(name: string, compression: ArchiveCompression): Promise<BlobBackupResult> {
    const path = join(this.#settings.folder, stateName(this.#base, this.#stamp));
    await adopting(`remove "${path}"`, () => unlink(path).catch(absent));
    const state = { path, stamp: this.#stamp, continues: undefined };
    return this.#writeArchive({ name, compression, state });
  }

  #chainStart(): Stamp | undefined {
    const { chainStart, now } = this.#settings;
    switch (chainStart.kind) {
      case 'full':
        return chainStart.stamp;
      case 'clock': {
        const newest = this.#entries('state')[0];
        if (chainStart.full === 'always' || newest === undefined) return this.#stamp;
        const oldest = new Date(now().getTime() - chainStart.days * 24 * 3600 * 1000);
        const limit = oldest.toISOString().slice(0, 19).replace(/[T:]/g, '-');
        return newest.stamp < limit ? this.#stamp : newest.stamp;
      }
      default:
        return chainStart satisfies never;
    }
  }

  /** The archive that the state of a chain speaks of, if all that it needs is there and whole. */
  async #continued(start: Stamp): Promise<BlobEntry | undefined> {
    const state = this.#entries('state').find(({ stamp }) => stamp === start);
    const archives = this.#catalogue.entries.filter(
      ({ form }) => form === 'archive' || form === 'delta',
    );
    if (state === undefined || this.#entries('archive')[0]?.stamp !== start) return undefined;
    const named = state.record?.archive?.continues;
    const last = named === undefined ? archives[0] : archives.find(({ name }) => name === named);
    if (last === undefined) return undefined;
    try {
      const chain = chainOf(this.#catalogue, last);
      if (chain[0]?.stamp !== start) return undefined;
      if (named !== undefined) return last;
      const { folder } = this.#settings;
      const { signal } = this.#context;
      return (await isChainWhole(chain, { folder, state, signal })) ? last : undefined;
    } catch (error) {
      if (error instanceof Failure && error.code === 'damaged') return undefined;
      throw error;
    }
  }

  /** An archive of this stamp that is known to be complete, or is found to be by reading it. */
  async #goodArchive(): Promise<BlobEntry | undefined> {
    const { folder } = this.#settings;
    for (const entry of [...this.#entries('delta'), ...this.#entries('archive')]) {
      if (entry.mark.kind !== 'stamp' || entry.mark.stamp !== this.#stamp) continue;
      if (entry.record?.origin === 'made') return entry;
      const path = join(folder, entry.name);
      const found =
        entry.recordedAs === 'other'
          ? undefined
          : await inspectArchive(path, this.#context).catch((error: unknown) => {
              if (error instanceof Failure && error.code === 'damaged') return undefined;
              throw error;
            });
      if (found === undefined) {
        this.#spoilt.push(entry);
        this.#context.onEvent({
          kind: 'warning',
          text: `"${path}" is not complete; it is made again`,
        });
        continue;
      }
      const { edges } = await readEdges(path);
      const { files, bytes, sizeBytes, sha256 } = found;
      await writeRecord(
        recordPath(folder, entry),
        this.#record({ content: { files, bytes }, archive: { sizeBytes, sha256, edges } }),
      );
      return entry;
    }
    return undefined;
  }

  async #writeArchive({
    name,
    compression,
    state,
    beforePublishing = async () => {},
  }: {
    readonly name: string;
    readonly compression: ArchiveCompression;
    readonly state?: ChainState;
    readonly beforePublishing?: () => Promise<void>;
  }): Promise<BlobBackupResult> {
    const { folder } = this.#settings;
    const path = join(folder, name);
    await refuseTaken(path, 'file');
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await using archive = await NewFile.create(path);
      await using newState = state === undefined ? undefined : await NewFile.create(state.path);
      if (state?.continues !== undefined && newState !== undefined) {
        await adopting(`read "${state.path}"`, () => copyFile(state.path, newState.temporaryPath));
      }
      const written = await writeArchive(archive, {
        source: this.#source,
        compression,
        state: newState?.temporaryPath,
        ...programEvents(this.#context),
      });
      if (written === undefined) continue;
      await archive.complete();
      await newState?.complete();
      const { edges } = await readEdges(archive.temporaryPath);
      const continues = state?.continues === undefined ? {} : { continues: state.continues.name };
      await beforePublishing();
      await writeRecord(
        recordPath(folder, { name, form: 'archive' }),
        this.#record({
          content: written.content,
          archive: { sizeBytes: written.sizeBytes, sha256: written.sha256, edges, ...continues },
        }),
      );
      await archive.publish();
      if (newState !== undefined && state !== undefined) {
        await this.#publishState(newState, { stamp: state.stamp, archive: name });
      }
      await this.#removeSpoilt(name);
      return { name, kind: 'made', stamp: this.#stamp, content: written.content };
    }
    throw new Failure(
      'program',
      `Cannot archive "${this.#source}": files in it changed in each of ${ATTEMPTS} attempts`,
      { hint: 'Is a pack running? Run the command again later.' },
    );
  }

  async #removeSpoilt(replacedBy: string): Promise<void> {
    for (const entry of this.#spoilt.splice(0)) {
      if (entry.name === replacedBy) continue;
      const fileNames = await removeEntry(this.#settings.folder, entry);
      const reason = `it is not complete, and "${replacedBy}" is`;
      this.#context.onEvent({ kind: 'files-removed', fileNames, reason });
    }
  }

  /** After the archive: a state that knows less than the archives is made good by the next delta. */
  async #publishState(
    file: NewFile,
    { stamp, archive }: { readonly stamp: Stamp; readonly archive: string },
  ): Promise<void> {
    const described = await describeFile(file.temporaryPath);
    const name = { name: basename(file.path), form: 'state' } as const;
    await file.publish();
    await writeRecord(recordPath(this.#settings.folder, name), {
      ...this.#record({ archive: { ...described, continues: archive } }),
      stamp,
    });
  }

  async #rotate(family: 'directories' | 'archives'): Promise<void> {
    const { onEvent } = this.#context;
    await rotate(this.#catalogue, {
      base: this.#base,
      family,
      onRename: ({ from, to }) => onEvent({ kind: 'entry-renamed', from, to }),
    });
  }

  #thereAlready(entry: BlobEntry): BlobBackupResult {
    this.#context.onEvent({ kind: 'blobs-there-already', name: entry.name });
    const { name, record } = entry;
    return { name, kind: 'there-already', stamp: this.#stamp, content: record?.content };
  }

  #entries(form: BlobEntry['form']): readonly BlobEntry[] {
    return this.#catalogue.entries.filter(
      (entry) => entry.form === form && entry.base === this.#base,
    );
  }

  #mark(naming: 'stamps' | 'numbers'): EntryMark {
    return naming === 'stamps'
      ? { kind: 'stamp', stamp: this.#stamp }
      : { kind: 'number', number: 0 };
  }

  #record(what: Pick<BlobRecord, 'content' | 'archive' | 'sums'>): BlobRecord {
    return {
      format: 1,
      tool: `zodbvault ${VERSION}`,
      madeAt: this.#settings.now().toISOString(),
      stamp: this.#stamp,
      repository: this.#settings.repository,
      origin: 'made',
      ...what,
    };
  }
}

/** GNU tar's state of a chain, the stamp at which that begins, and the archive it speaks of. */
interface ChainState {
  readonly path: string;
  readonly stamp: Stamp;
  readonly continues: BlobEntry | undefined;
}

function absent(error: unknown): void {
  if (systemCodeOf(error) !== 'ENOENT') throw error;
}
