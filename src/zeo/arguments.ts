import type { Oid } from '../filestorage/oid.ts';
import { isTuple, type PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import type { Tid } from '../filestorage/tid.ts';
import { Failure } from '../system/failure.ts';
import { RemoteError } from './remote-error.ts';

/**
 * The arguments of a call. Every method throws a TypeError for the client where one is of another type; Failure
 * `refused` where an oid is text, as Python 2 has it: nothing that such a client is given is what it expects.
 */
export class Arguments {
  readonly #method: string;
  readonly #values: readonly PlainData[];

  constructor(method: string, values: readonly PlainData[]) {
    this.#method = method;
    this.#values = values;
  }

  oid(place: number): Oid {
    return this.#uint8(place) as Oid;
  }

  tid(place: number): Tid {
    return this.#uint8(place) as Tid;
  }

  oidOrNone(place: number): Oid | undefined {
    return this.#isNone(place) ? undefined : this.oid(place);
  }

  tidOrNone(place: number): Tid | undefined {
    return this.#isNone(place) ? undefined : this.tid(place);
  }

  text(place: number): string {
    const value = this.value(place);
    if (typeof value === 'string') return value;
    throw this.#wrongType(place);
  }

  /** An int of any sign. */
  integer(place: number): number {
    const value = this.value(place);
    if (typeof value === 'number') return value;
    throw this.#wrongType(place);
  }

  /** A list or tuple of ints. */
  integers(place: number): readonly number[] {
    const value = this.value(place);
    const items = isTuple(value) ? value : itemsOf(value);
    return (items ?? []).filter((item) => typeof item === 'number');
  }

  /** Whatever it is; None where the call has fewer. */
  value(place: number): PlainData {
    return this.#values[place] ?? null;
  }

  #isNone(place: number): boolean {
    return this.value(place) === null;
  }

  #uint8(place: number): bigint {
    const value = this.value(place);
    if (typeof value === 'string') throw oidsAsText();
    if (!(value instanceof Uint8Array) || value.length !== 8) throw this.#wrongType(place);
    return new DataView(value.buffer, value.byteOffset).getBigUint64(0);
  }

  #wrongType(place: number): RemoteError {
    return new RemoteError('builtins.TypeError', [
      `argument ${place + 1} of ${this.#method} is of another type`,
    ]);
  }
}

/** The 8 bytes of an oid or a tid. */
export function bytesOf(id: Oid | Tid): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(id);
  return bytes;
}

function itemsOf(value: PlainData): readonly PlainData[] | undefined {
  if (value === null || typeof value !== 'object' || !('kind' in value)) return undefined;
  return value.kind === 'list' ? value.items : undefined;
}

function oidsAsText(): Failure {
  return new Failure('refused', 'Cannot answer a client of Python 2: it sends object ids as text', {
    hint: 'Use a client of Python 3 with ZEO 5 or 6.',
  });
}
