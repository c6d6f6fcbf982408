import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { Failure } from '../../failure.ts';
import { inParallel, tap } from '../pipeline.ts';
import { MEMBERS_AT_A_TIME } from './compress.ts';
import { decodeMemberLength, MEMBER_CONTENT_BYTES, MEMBER_HEADER_BYTES } from './member.ts';

const gunzipWhole = promisify<Uint8Array, object, Uint8Array>(gunzip);

/**
 * The content of a gzip file: in parallel where its members say how long they are, as one stream
 * where another program wrote it. Failure `damaged`, with `name` in it.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const reader = new MemberReader(source);
  const work = (member: Uint8Array) => inflateMember(member, name);
  try {
    yield* inParallel(reader.members(), { limit: MEMBERS_AT_A_TIME, work });
    if (await reader.hasMore()) yield* decompressStream(reader.rest(), name);
    else if (reader.isEmpty) throw notGzip(new Error('the file is empty'), name);
  } finally {
    await reader.close();
  }
}

/** The content of one member. Failure `damaged`, with `name` in it. */
export async function inflateMember(member: Uint8Array, name: string): Promise<Uint8Array> {
  try {
    return await gunzipWhole(member, {
      // With room for all of it and a little more, zlib sees the end without a second call.
      chunkSize: MEMBER_CONTENT_BYTES + 64,
      maxOutputLength: MEMBER_CONTENT_BYTES,
    });
  } catch (error) {
    throw notGzip(error, name);
  }
}

async function* decompressStream(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 1 << 18 });
  let fedBytes = 0;
  const counted = tap(source, (chunk) => {
    fedBytes += chunk.length;
  });
  const feeding = pipeline(counted, stream);
  feeding.catch(() => {}); // It comes out of the loop below, or of the await behind it.
  try {
    for await (const chunk of stream) yield chunk;
    await feeding;
    // Node takes what follows a member and begins with a zero byte for padding, and looks no further.
    const leftBytes = fedBytes - stream.bytesWritten;
    if (leftBytes > 0) throw new Error(`its last ${leftBytes} bytes are no gzip`);
  } catch (error) {
    throw notGzip(error, name);
  } finally {
    stream.destroy();
  }
}

/** Cuts a stream of bytes into members. */
class MemberReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isAtEnd = false;
  isEmpty = true;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** The members, up to the first one that doesn't say how long it is. */
  async *members(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (!(await this.#fill(MEMBER_HEADER_BYTES))) return;
      const length = decodeMemberLength(this.#joined());
      if (length === undefined || !(await this.#fill(length))) return;
      const bytes = this.#joined();
      this.#keep(bytes.subarray(length));
      yield bytes.subarray(0, length);
    }
  }

  /** Whether bytes are left behind the last member. */
  hasMore(): Promise<boolean> {
    return this.#fill(1);
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    yield* this.#kept;
    for (;;) {
      const next = await this.#iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** Whether at least `length` bytes are kept, after reading what it takes. */
  async #fill(length: number): Promise<boolean> {
    while (this.#keptBytes < length && !this.#isAtEnd) {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#isAtEnd = true;
      } else if (next.value.length > 0) {
        this.isEmpty = false;
        this.#kept.push(next.value);
        this.#keptBytes += next.value.length;
      }
    }
    return this.#keptBytes >= length;
  }

  #joined(): Buffer {
    const [first, ...more] = this.#kept;
    // Mostly one chunk holds it all; copying it for each member would cost more than reading it.
    const joined =
      first !== undefined && more.length === 0 ? asBuffer(first) : Buffer.concat(this.#kept);
    this.#kept = [joined];
    return joined;
  }

  #keep(rest: Uint8Array): void {
    this.#kept = rest.length === 0 ? [] : [rest];
    this.#keptBytes = rest.length;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The failure for what zlib says of a file; any other error as it is. */
export function notGzip(error: unknown, name: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  return new Failure('damaged', `Cannot decompress "${name}": ${error.message}`, {
    hint: 'The file is damaged; bring it back from a copy.',
    cause: error,
  });
}
