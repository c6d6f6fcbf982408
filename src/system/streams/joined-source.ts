import type { ByteRange, ByteSource, OpenedSource } from '../files/byte-source.ts';
import { firstRowNot } from '../first-row.ts';
import { DisposableStack } from './disposable-stack.ts';

interface Part {
  readonly source: ByteSource;
  /** Where its bytes are in all. */
  readonly start: number;
  readonly end: number;
}

/** Several sources as one, whose bytes are theirs, one after the other. They are closed with it. */
export function joinedSource(sources: readonly OpenedSource[], name: string): OpenedSource {
  const files = new DisposableStack();
  const parts: Part[] = [];
  let sizeBytes = 0;
  for (const source of sources) {
    files.use(source);
    parts.push({ source, start: sizeBytes, end: sizeBytes + source.sizeBytes });
    sizeBytes += source.sizeBytes;
  }
  const read = async (range: ByteRange) => {
    const pieces: Uint8Array[] = [];
    for (const { source, ...piece } of piecesOf(parts, range))
      pieces.push(await source.read(piece));
    const [first] = pieces;
    return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
  };
  return {
    name,
    sizeBytes,
    read,
    readInto: async (target, position) =>
      target.set(await read({ start: position, end: position + target.length })),
    stream: async function* (range) {
      for (const { source, ...piece } of piecesOf(parts, range)) yield* source.stream(piece);
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** Which bytes of which parts a range has. */
function* piecesOf(
  parts: readonly Part[],
  { start, end }: ByteRange,
): Generator<ByteRange & { readonly source: ByteSource }> {
  for (let number = firstEndingBehind(parts, start); number < parts.length; number++) {
    const part = parts[number];
    if (part === undefined || part.start >= end) return;
    const piece = { start: Math.max(start, part.start), end: Math.min(end, part.end) };
    if (piece.start === piece.end) continue;
    yield {
      source: part.source,
      start: piece.start - part.start,
      end: piece.end - part.start,
    };
  }
}

function firstEndingBehind(parts: readonly Part[], position: number): number {
  return firstRowNot((row) => (parts[row]?.end ?? 0) <= position, parts.length);
}
