import type { Store } from '../../stores/store.ts';
import type { OpenedSource } from '../../system/files/byte-source.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { decompress } from '../../system/streams/gzip/decompress.ts';
import { MemberCache } from '../../system/streams/gzip/member-cache.ts';
import { memberSource } from '../../system/streams/gzip/member-source.ts';

const KEPT_BYTES = 8 << 20;

/**
 * An archive without its compression, to be read at random. Failure `not-found`.
 *
 * @param unpack - puts the bytes where they can be read so: what another gzip has written can't
 */
export async function openArchive(
  store: Store,
  {
    name,
    unpack,
  }: {
    readonly name: string;
    readonly unpack: (
      content: AsyncIterable<Uint8Array>,
      file: { readonly name: string; readonly sizeBytes: undefined },
    ) => Promise<OpenedSource>;
  },
): Promise<OpenedSource> {
  await using opened = new DisposableStack();
  const stored = opened.use(await store.open(name));
  const readable = name.endsWith('.gz')
    ? await memberSource(stored, new MemberCache(KEPT_BYTES))
    : stored;
  if (readable === undefined) {
    return unpack(decompress(store.read(name), name), { name, sizeBytes: undefined });
  }
  opened.move();
  return readable;
}
