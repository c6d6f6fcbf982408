import { createHash } from 'node:crypto';
import { MAXIMUM_POSITION } from '../../filestorage/format.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import type { Store } from '../../stores/store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { decompress } from '../../system/streams/gzip/decompress.ts';
import { tap } from '../../system/streams/pipeline.ts';
import type { DataFile } from '../layout/catalogue.ts';
import type { ChainLink } from '../layout/chain.ts';
import { hintAlternatives } from './alternatives.ts';

/**
 * The bytes of a Data.fs that the links hold, one after the other. At the end of each link its size
 * and checksums are compared, so what came before may be used only when the iteration has ended.
 * Failure `damaged`, with the file's name.
 *
 * @param check - `checksums`: size, md5, and sha256 of the stored file where it is recorded;
 *   `bytes-only`: the size, for a caller that compares the bytes themselves
 */
export async function* readLinks(
  store: Store,
  {
    links,
    check,
    onFile = () => {},
  }: {
    readonly links: readonly ChainLink[];
    readonly check: 'checksums' | 'bytes-only';
    /** Is told the name of each file before it is read. */
    readonly onFile?: (name: string) => void;
  },
): AsyncGenerator<Uint8Array> {
  for (const link of links) {
    onFile(link.file.name);
    yield* readLink(store, { link, check });
  }
}

/** The same for one link. */
export async function* readLink(
  store: Store,
  {
    link,
    check,
    onStored,
  }: {
    readonly link: ChainLink;
    readonly check: 'checksums' | 'bytes-only';
    /** Sees the bytes as they are stored. */
    readonly onStored?: (chunk: Uint8Array) => void;
  },
): AsyncGenerator<Uint8Array> {
  const { file, range, record } = link;
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  const withChecksums = check === 'checksums';
  let stored = store.read(file.name);
  if (withChecksums && record !== undefined) stored = tap(stored, (chunk) => sha256.update(chunk));
  if (onStored !== undefined) stored = tap(stored, onStored);
  let sizeBytes = 0;
  for await (const chunk of contentOf(stored, { store, file })) {
    sizeBytes += chunk.length;
    if (withChecksums) md5.update(chunk);
    yield chunk;
  }
  const expected = range.end - range.start;
  if (sizeBytes !== expected) {
    throw await wrongContent(
      { file, store },
      `it holds ${sizeBytes} bytes, its .dat says ${expected}`,
    );
  }
  if (!withChecksums) return;
  const found = md5.digest('hex');
  if (found !== link.md5)
    throw await wrongContent({ file, store }, `its md5 is ${found}, its .dat says ${link.md5}`);
  if (record !== undefined && sha256.digest('hex') !== record.stored.sha256) {
    throw await wrongContent({ file, store }, 'its sha256 is not the one in its .json');
  }
}

/**
 * The bytes of data files for which no `.dat` speaks: nothing says what they should be, but each
 * record in them says where in the Data.fs it stands, so a walk notices a file that is missing or
 * was cut. Failure `damaged` where they are not a whole Data.fs.
 */
export async function* readUnlisted(
  store: Store,
  files: readonly DataFile[],
  onFile: (name: string) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const name = files.at(-1)?.name ?? store.name;
  const scanner = new TransactionScanner({
    name,
    start: 0,
    sizeBytes: MAXIMUM_POSITION,
    visitor: {},
  });
  for (const file of files) {
    onFile(file.name);
    for await (const chunk of contentOf(store.read(file.name), { store, file })) {
      scanner.feed(chunk);
      yield chunk;
    }
    const { stop } = scanner.finish();
    if (stop.reason !== 'end-of-file') {
      throw await wrongContent(
        { file, store },
        `the transaction at ${stop.position} in it is not complete`,
      );
    }
  }
}

function contentOf(
  stored: AsyncIterable<Uint8Array>,
  stands: { readonly store: Store; readonly file: DataFile },
): AsyncIterable<Uint8Array> {
  return stands.file.isGzip ? unzipped(stored, stands) : stored;
}

async function* unzipped(
  stored: AsyncIterable<Uint8Array>,
  { store, file }: { readonly store: Store; readonly file: DataFile },
): AsyncGenerator<Uint8Array> {
  try {
    yield* decompress(stored, file.name);
  } catch (error) {
    if (!isFailure(error, 'damaged')) throw error;
    const hint = await hintAlternatives(store, file.stamp);
    throw new Failure(error.code, error.message, { hint, cause: error });
  }
}

async function wrongContent(
  { file, store }: { readonly file: DataFile; readonly store: Store },
  state: string,
): Promise<Failure> {
  return new Failure('damaged', `Cannot use the backup "${file.name}": ${state}`, {
    hint: await hintAlternatives(store, file.stamp),
  });
}
