import type { HeaderMaker } from './header.ts';
import { sealPayload } from './payload.ts';

/** The content as an age file, for all recipients of the maker. */
export async function* seal(
  content: AsyncIterable<Uint8Array>,
  maker: HeaderMaker,
): AsyncGenerator<Uint8Array> {
  const { header, fileKey } = await maker.make();
  yield header;
  yield* sealPayload(content, fileKey);
}
