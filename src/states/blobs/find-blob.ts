import type { Oid } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { Failure } from '../../system/failure.ts';
import type { StateBlob } from '../state.ts';

/**
 * Finds the blob of a record; undefined where it isn't. Its bytes never change: any copy of it is as good as another.
 * What can't be looked at is a failure: nobody knows whether it is there.
 */
export type FindBlob = (revision: {
  readonly oid: Oid;
  readonly tid: Tid;
}) => Promise<StateBlob | undefined>;

/**
 * Looks in several places, in their order. One that can't be looked at, or read, is passed over where a later one has
 * the blob; its failure comes where none has.
 */
export function firstWithBlob(places: readonly FindBlob[]): FindBlob {
  return async (revision) => {
    let unknown: Failure | undefined;
    for (const [row, find] of places.entries()) {
      const found = await find(revision).catch(passedOver);
      if (found instanceof Failure) unknown ??= found;
      else if (found !== undefined) {
        const next = firstWithBlob(places.slice(row + 1));
        return { sizeBytes: found.sizeBytes, read: () => readOn(found, () => next(revision)) };
      }
    }
    if (unknown !== undefined) throw unknown;
    return undefined;
  };
}

/** Reads one copy, and from where that can't be read on, the next one. */
async function* readOn(
  blob: StateBlob,
  next: () => Promise<StateBlob | undefined>,
): AsyncGenerator<Uint8Array> {
  let given = 0;
  try {
    for await (const chunk of blob.read()) {
      given += chunk.length;
      yield chunk;
    }
  } catch (error) {
    const failure = passedOver(error);
    const other = await next().catch(passedOver);
    if (other === undefined || other instanceof Failure) throw failure;
    yield* behind(given, other.read());
  }
}

async function* behind(
  count: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

function passedOver(error: unknown): Failure {
  if (error instanceof Failure && error.code !== 'interrupted') return error;
  throw error;
}
