import { createHash } from 'node:crypto';
import type { Header, Parser, ReadEntry } from 'tar';
import { Failure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import { decompress } from '../../system/streams/gzip/decompress.ts';
import { tap } from '../../system/streams/pipeline.ts';
import { UNWATCHED, type WorkProgress } from '../../system/streams/progress.ts';
import { isUncommitted } from '../layout/uncommitted.ts';
import { SparseMembers } from './sparse-members.ts';

/** What an archive says about itself when it is read to its end. */
export interface InspectedArchive {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Without uncommitted blobs, which older archives hold. */
  readonly files: number;
  /** Bytes of its files. */
  readonly bytes: number;
}

/** A folder as an incremental archive lists it: what was in it at that moment. */
export interface ListedFolder {
  /** Relative, with a slash at its end. */
  readonly path: string;
  /** Files that are in this archive. */
  readonly saved: readonly string[];
  /** Files that are in an earlier archive of the chain. */
  readonly unchanged: readonly string[];
  readonly folders: readonly string[];
  /** Folders that have another name now; paths as those of folders, without the slash at the end. */
  readonly renames: readonly Renaming[];
}

/** An empty path stands for a name that is used in between. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

const PLAIN_TYPES = ['File', 'OldFile', 'ContiguousFile'];
const FOLDER_TYPES = ['Directory', 'GNUDumpDir'];
const SPECIAL_TYPES = ['FIFO', 'CharacterDevice', 'BlockDevice'];

/** A folder listing beyond this is no folder of blobs. */
const MAXIMUM_LISTING_BYTES = 16 << 20;

/**
 * Reads an archive without unpacking it. Failure `damaged` where it is cut off, where a checksum of
 * it is wrong, or where something in it would land outside the folder that it is unpacked to.
 */
export async function inspectArchive(
  source: ByteSource,
  {
    signal,
    progress = UNWATCHED,
    onFolder = () => {},
    onFile = () => {},
  }: {
    readonly signal: AbortSignal;
    /** Is told of the bytes as they are stored. */
    readonly progress?: WorkProgress;
    readonly onFolder?: (folder: ListedFolder) => void;
    readonly onFile?: (path: string, sizeBytes: number) => void;
  },
): Promise<InspectedArchive> {
  const { name } = source;
  progress.onFile(name);
  const hash = createHash('sha256');
  const stored = tap(source.stream({ start: 0, end: source.sizeBytes }), (chunk) => {
    signal.throwIfAborted();
    hash.update(chunk);
    progress.onBytes(chunk.length);
  });
  const fault = (state: string) =>
    new Failure('damaged', `Cannot use the archive "${name}": ${state}`, {
      hint: 'Restore an earlier backup, or move this file away and make a new one.',
    });
  const reading = await ArchiveReading.begin({ fault, onFolder, onFile });
  for await (const chunk of name.endsWith('.gz') ? decompress(stored, name) : stored) {
    await reading.feed(chunk);
  }
  const content = await reading.end();
  return { ...content, sizeBytes: source.sizeBytes, sha256: hash.digest('hex') };
}

interface ReadingSettings {
  /** Makes the failure of what is wrong with it. */
  readonly fault: (state: string) => Failure;
  readonly onFolder?: (folder: ListedFolder) => void;
  readonly onFile?: (path: string, sizeBytes: number) => void;
  /** Is told of pipes, and of devices, too: without it, those are a fault. */
  readonly onSpecial?: (path: string) => void;
}

/** One pass over the bytes of an archive, before compression. */
export class ArchiveReading {
  readonly #faultOf: (state: string) => Failure;
  readonly #onFolder: (folder: ListedFolder) => void;
  readonly #onSpecial: ((path: string) => void) | undefined;
  readonly #parser: Parser;
  readonly #sparse: SparseMembers;
  readonly #content = { files: 0, bytes: 0 };
  #fault: Failure | undefined;
  #isWhole = false;

  /** Its parser is loaded only here: many sites have no archives. */
  static async begin(settings: ReadingSettings): Promise<ArchiveReading> {
    return new ArchiveReading(await import('tar'), settings);
  }

  private constructor(
    tar: { readonly Parser: typeof Parser; readonly Header: typeof Header },
    { fault, onFolder = () => {}, onFile = () => {}, onSpecial }: ReadingSettings,
  ) {
    this.#faultOf = fault;
    this.#onFolder = onFolder;
    this.#onSpecial = onSpecial;
    this.#sparse = new SparseMembers(tar.Header, { fault });
    this.#parser = new tar.Parser({
      onReadEntry: (entry) => {
        this.#judge(entry);
        if (PLAIN_TYPES.includes(entry.type)) {
          const isWithMap = entry.type === 'ContiguousFile';
          const sizeBytes = isWithMap ? this.#sparse.nextFileBytes(entry.size) : entry.size;
          if (!isUncommitted(entry.path)) {
            this.#content.files += 1;
            this.#content.bytes += sizeBytes;
          }
          onFile(entry.path, sizeBytes);
        } else if (entry.type === 'FIFO') onFile(entry.path, 0);
        if (entry.type !== 'GNUDumpDir') entry.resume();
        else if (entry.size <= MAXIMUM_LISTING_BYTES) this.#readListing(entry);
        else {
          // tar would follow what nobody has looked at.
          this.#fault ??= fault(`its list of "${entry.path}" has ${entry.size} bytes`);
          entry.resume();
        }
      },
      onwarn: (code, message) => {
        // Its other warnings are about names and times, which tar itself judges.
        if (code !== 'TAR_ENTRY_INVALID' && code !== 'TAR_BAD_ARCHIVE') return;
        this.#fault ??= fault(String(message).toLowerCase());
      },
    });
    this.#parser.on('eof', () => {
      this.#isWhole = true;
    });
  }

  async feed(chunk: Uint8Array): Promise<void> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (const piece of this.#sparse.pass(bytes)) {
      if (this.#parser.write(piece)) continue;
      await new Promise((resolve) => this.#parser.once('drain', resolve));
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** What was in it. */
  async end(): Promise<{ readonly files: number; readonly bytes: number }> {
    const ended = new Promise((resolve) => this.#parser.once('end', resolve));
    this.#parser.end();
    await ended;
    if (this.#fault !== undefined) throw this.#fault;
    if (!this.#isWhole) throw this.#faultOf('it is cut off');
    return this.#content;
  }

  #judge({ type, path, linkpath }: ReadEntry): void {
    if (leadsOut(path)) this.#fault ??= this.#faultOf(`"${path}" would land outside its folder`);
    if (PLAIN_TYPES.includes(type) || FOLDER_TYPES.includes(type)) return;
    // An archive of the recipe may hold a pipe; a restore takes it away.
    if (this.#onSpecial === undefined ? type === 'FIFO' : SPECIAL_TYPES.includes(type)) {
      this.#onSpecial?.(path);
      return;
    }
    const isLink = type === 'Link' || type === 'SymbolicLink';
    if (isLink && linkpath !== undefined && !leadsOut(linkpath)) return;
    const what = isLink ? `"${path}" links to "${linkpath}"` : `"${path}" is a ${type}`;
    this.#fault ??= this.#faultOf(`${what}, which no blob directory has`);
  }

  /**
   * GNU tar's dump directory: a letter and a name for each file, 0, and 0 at the end (its manual).
   * `Y`, `N`: a file that is in this archive, or in an earlier one; `D`: a folder; `R`, `T`: it is
   * renamed from, and to; `X`: a name that is used in between.
   */
  #readListing(entry: ReadEntry): void {
    const chunks: Uint8Array[] = [];
    entry.on('data', (chunk) => chunks.push(chunk));
    entry.on('end', () => {
      const lines = Buffer.concat(chunks).toString().split('\0');
      const named = (letter: string) =>
        lines.filter((line) => line.startsWith(letter)).map((line) => line.slice(1));
      const [saved, unchanged, folders] = [named('Y'), named('N'), named('D')];
      const moved = ['R', 'T', 'X'].flatMap(named);
      const out =
        moved.find(leadsOut) ??
        [...saved, ...unchanged, ...folders].find((name) => name.includes('/') || name === '..');
      if (out !== undefined)
        this.#fault ??= this.#faultOf(`"${out}" would land outside its folder`);
      const origins = named('R');
      const renames = named('T').map((to, index) => ({ from: origins[index] ?? '', to }));
      this.#onFolder({ path: entry.path, saved, unchanged, folders, renames });
    });
  }
}

function leadsOut(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..');
}
