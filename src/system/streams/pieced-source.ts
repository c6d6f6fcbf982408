import type { ByteRange, OpenedSource } from '../files/byte-source.ts';
import type { MemberCache } from './gzip/member-cache.ts';
import { each, inParallel } from './pipeline.ts';

/** A file whose content was divided into pieces of equal size, each of which can be read alone. */
export interface PiecedFile {
  readonly file: OpenedSource;
  /** Of its content. */
  readonly sizeBytes: number;
  /** Content of a piece; only the last one may hold less. */
  readonly pieceBytes: number;
  /** All content of a piece. */
  readonly readPiece: (number: number) => Promise<Uint8Array>;
  /** Keeps what was read last. */
  readonly cache: MemberCache;
  /** Pieces that are read at a time. */
  readonly atATime: number;
}

/** The content of such a file, read at random. It closes the file. */
export function piecedSource(pieced: PiecedFile): OpenedSource {
  const { file, sizeBytes, pieceBytes, readPiece, cache, atATime } = pieced;
  const read = async (range: ByteRange) => {
    const parts: Uint8Array[] = [];
    for (const { number, start, end } of piecesIn(range, pieceBytes)) {
      const content = await cache.get(`${file.name}:${number}`, () => readPiece(number));
      parts.push(content.subarray(start, end));
    }
    // A copy: whoever keeps a record doesn't keep all of its piece.
    return Buffer.concat(parts);
  };
  return {
    name: file.name,
    sizeBytes,
    read,
    readInto: async (target, position) =>
      target.set(await read({ start: position, end: position + target.length })),
    stream: async function* (range) {
      yield* inParallel(each(piecesIn(range, pieceBytes)), {
        limit: atATime,
        work: async ({ number, start, end }) => (await readPiece(number)).subarray(start, end),
      });
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Which bytes of which pieces a range has. */
function* piecesIn(
  { start, end }: ByteRange,
  pieceBytes: number,
): Generator<ByteRange & { readonly number: number }> {
  for (let from = start; from < end; ) {
    const number = Math.floor(from / pieceBytes);
    const begin = number * pieceBytes;
    const to = Math.min(end, begin + pieceBytes);
    yield { number, start: from - begin, end: to - begin };
    from = to;
  }
}
