import { createHash } from 'node:crypto';
import { Parser, type ReadEntry } from 'tar';
import { openFileSource } from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';
import { decompress } from '../system/gzip/decompress.ts';
import { tap } from '../system/stages.ts';

/** What an archive says about itself when it is read to its end. */
export interface InspectedArchive {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly files: number;
  /** Bytes of its files. */
  readonly bytes: number;
}

/** A folder as an incremental archive lists it: the files that it had at that moment. */
export interface ListedFolder {
  /** Relative, with a slash at its end. */
  readonly path: string;
  readonly files: readonly string[];
}

const PLAIN_TYPES = ['File', 'OldFile', 'ContiguousFile'];
const FOLDER_TYPES = ['Directory', 'GNUDumpDir'];

/** A folder listing beyond this is no folder of blobs. */
const MAXIMUM_LISTING_BYTES = 256 << 20;

/**
 * Reads an archive without unpacking it. Failure `damaged` where it is cut off, where a checksum of
 * it is wrong, or where something in it would land outside the folder that it is unpacked to.
 */
export async function inspectArchive(
  path: string,
  {
    signal,
    onFolder = () => {},
  }: { readonly signal: AbortSignal; readonly onFolder?: (folder: ListedFolder) => void },
): Promise<InspectedArchive> {
  await using source = await openFileSource(path);
  const hash = createHash('sha256');
  const stored = tap(source.stream({ start: 0, end: source.sizeBytes }), (chunk) => {
    signal.throwIfAborted();
    hash.update(chunk);
  });
  const counts = { files: 0, bytes: 0 };
  const reading = new ArchiveReading(
    path,
    (entry) => {
      if (PLAIN_TYPES.includes(entry.type)) {
        counts.files += 1;
        counts.bytes += entry.size;
      }
    },
    onFolder,
  );
  for await (const chunk of path.endsWith('.gz') ? decompress(stored, path) : stored) {
    await reading.feed(chunk);
  }
  await reading.end();
  return { ...counts, sizeBytes: source.sizeBytes, sha256: hash.digest('hex') };
}

/** One pass of tar's parser over an archive. */
class ArchiveReading {
  readonly #path: string;
  readonly #parser: Parser;
  #fault: Failure | undefined;
  #isWhole = false;

  constructor(
    path: string,
    onEntry: (entry: ReadEntry) => void,
    onFolder: (folder: ListedFolder) => void,
  ) {
    this.#path = path;
    this.#parser = new Parser({
      onReadEntry: (entry) => {
        this.#fault ??= this.#judge(entry);
        onEntry(entry);
        if (entry.type === 'GNUDumpDir' && entry.size <= MAXIMUM_LISTING_BYTES) {
          readListing(entry, onFolder);
        } else entry.resume();
      },
      onwarn: (code, message) => {
        // Its other warnings are about names and times, which tar itself judges.
        if (code !== 'TAR_ENTRY_INVALID' && code !== 'TAR_BAD_ARCHIVE') return;
        this.#fault ??= damaged(path, String(message).toLowerCase());
      },
    });
    this.#parser.on('eof', () => {
      this.#isWhole = true;
    });
  }

  async feed(chunk: Uint8Array): Promise<void> {
    if (!this.#parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) {
      await new Promise((resolve) => this.#parser.once('drain', resolve));
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#parser.once('end', resolve));
    this.#parser.end();
    await ended;
    if (this.#fault !== undefined) throw this.#fault;
    if (!this.#isWhole) throw damaged(this.#path, 'it is cut off');
  }

  #judge({ type, path, linkpath }: ReadEntry): Failure | undefined {
    if (leadsOut(path)) return damaged(this.#path, `"${path}" would land outside its folder`);
    if (PLAIN_TYPES.includes(type) || FOLDER_TYPES.includes(type)) return undefined;
    const isLink = type === 'Link' || type === 'SymbolicLink';
    if (isLink && linkpath !== undefined && !leadsOut(linkpath)) return undefined;
    const what = isLink ? `"${path}" links to "${linkpath}"` : `"${path}" is a ${type}`;
    return damaged(this.#path, `${what}, which no blob directory has`);
  }
}

function leadsOut(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..');
}

/** GNU tar's dump directory: `Y` or `N` and a name for each file, 0, and 0 at the end (its manual). */
function readListing(entry: ReadEntry, onFolder: (folder: ListedFolder) => void): void {
  const chunks: Uint8Array[] = [];
  entry.on('data', (chunk) => chunks.push(chunk));
  entry.on('end', () => {
    const files = Buffer.concat(chunks)
      .toString()
      .split('\0')
      .filter((line) => line.startsWith('Y') || line.startsWith('N'))
      .map((line) => line.slice(1));
    onFolder({ path: entry.path, files });
  });
}

function damaged(path: string, state: string): Failure {
  return new Failure('damaged', `Cannot use the archive "${path}": ${state}`, {
    hint: 'Restore an earlier backup, or take this file away and make a new one.',
  });
}
