import { MAXIMUM_POSITION } from '../../filestorage/format.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import type { Store } from '../../stores/store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { CHECKSUM } from '../../system/streams/blocks/checksum.ts';
import { passOver } from '../../system/streams/blocks/pass.ts';
import { decompress } from '../../system/streams/gzip/decompress.ts';
import { tap } from '../../system/streams/pipeline.ts';
import type { DataFile } from '../layout/catalogue.ts';
import type { ChainLink } from '../layout/chain.ts';
import { hintAlternatives } from './alternatives.ts';

/**
 * The bytes of a Data.fs that the links hold, one after the other. At the end of each link its size
 * and checksums are compared, so what came before may be used only when the iteration has ended.
 * Failure `damaged`, with the file's name. A chunk may become another one while the next ones are pulled: see
 * `KEPT_BLOCKS`.
 *
 * @param check - `checksums`: size, sha256 of the stored file where it is recorded, and md5 unless that sha256 is of the
 *   same bytes;
 *   `bytes-only`: the size, for a caller that compares the bytes themselves
 */
export async function* readLinks(
  store: Store,
  {
    links,
    check,
    end,
    onFile = () => {},
  }: {
    readonly links: readonly ChainLink[];
    readonly check: 'checksums' | 'bytes-only';
    /** Position in the Data.fs behind the last byte that is given; the rest is read, and checked, too. */
    readonly end?: number | undefined;
    /** Is told the name of each file before it is read. */
    readonly onFile?: ((name: string) => void) | undefined;
  },
): AsyncGenerator<Uint8Array> {
  for (const link of links) {
    onFile(link.file.name);
    yield* readLink(store, { link, check, end });
  }
}

/** The same for one link. */
export async function* readLink(
  store: Store,
  {
    link,
    check,
    end = link.range.end,
    onStored,
  }: {
    readonly link: ChainLink;
    readonly check: 'checksums' | 'bytes-only';
    readonly end?: number | undefined;
    /** Sees the bytes as they are stored. */
    readonly onStored?: (chunk: Uint8Array) => void;
  },
): AsyncGenerator<Uint8Array> {
  const { file, range, record } = link;
  const expected = range.end - range.start;
  await using source = await store.open(file.name);
  await using pass = passOver(expected);
  const withChecksums = check === 'checksums';
  // Where the file is stored as it is, our record has both of the same bytes: the stronger one answers for both.
  const settlesMd5 = !file.isGzip && record?.md5 === link.md5;
  const md5 = withChecksums && !settlesMd5 ? pass.begin(CHECKSUM, 'md5') : undefined;
  const sha256 = withChecksums && record !== undefined ? pass.begin(CHECKSUM, 'sha256') : undefined;
  const stored = tap(pass.read(source, { start: 0, end: source.sizeBytes }), (chunk) => {
    sha256?.take(chunk);
    onStored?.(chunk);
  });
  const content = contentOf(stored, { store, file });
  let sizeBytes = 0;
  for await (const chunk of md5 === undefined ? content : pass.gather(content)) {
    const left = end - range.start - sizeBytes;
    sizeBytes += chunk.length;
    md5?.take(chunk);
    if (left >= chunk.length) yield chunk;
    else if (left > 0) yield chunk.subarray(0, left);
  }
  if (sizeBytes !== expected) {
    throw await wrongContent(
      { file, store },
      `it holds ${sizeBytes} bytes, its .dat says ${expected}`,
    );
  }
  const foundMd5 = await md5?.result();
  if (foundMd5 !== undefined && foundMd5 !== link.md5) {
    throw await wrongContent({ file, store }, `its md5 is ${foundMd5}, its .dat says ${link.md5}`);
  }
  const foundSha256 = await sha256?.result();
  if (foundSha256 !== undefined && foundSha256 !== record?.stored.sha256) {
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

/** The failure for a data file that holds something else than it should. */
export async function wrongContent(
  { file, store }: { readonly file: DataFile; readonly store: Store },
  state: string,
): Promise<Failure> {
  return new Failure('damaged', `Cannot use the backup "${file.name}": ${state}`, {
    hint: await hintAlternatives(store, file.stamp),
  });
}
