import { type ByteRange, openFileSource } from '../system/files/byte-source.ts';

/** The content of a file of this machine, or a range of it. Failures: those of `openFileSource`. */
export async function* readFile(
  path: string,
  range: ByteRange | undefined,
): AsyncGenerator<Uint8Array> {
  await using source = await openFileSource(path);
  yield* source.stream(range ?? { start: 0, end: source.sizeBytes });
}
