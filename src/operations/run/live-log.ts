import { openFilestorageSource } from '../../sources/filestorage-source.ts';
import type { OpenedSource } from '../../system/files/byte-source.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';

/** A Data.fs up to where it was committed when it was opened. Failures: `not-found`, `damaged`, `system`, `usage`. */
export async function openLiveLog(dataFs: string): Promise<OpenedSource> {
  await using opened = new DisposableStack();
  const source = opened.use(await openFilestorageSource(dataFs));
  const { end } = await source.observe();
  const kept = opened.move();
  return {
    ...source.log,
    sizeBytes: end.position,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}
