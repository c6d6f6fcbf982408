import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '../../../system/failure.ts';
import {
  type ByteRange,
  CHUNK_BYTES,
  type OpenedSource,
} from '../../../system/files/byte-source.ts';
import { collect, collectInto, inChunksOf } from '../../../system/streams/pipeline.ts';
import type { StoredObject } from '../object-store.ts';
import { throttled } from '../transfer/bandwidth.ts';
import { Retries } from '../transfer/retries.ts';
import { adoptAnswer } from './adopt-answer.ts';
import { CONNECTION_ENDED, isAnswer } from './answers.ts';
import { addressOf, ask, type Bucket, etagOf, nameIn, retrying, versionOf } from './bucket.ts';
import { modifiedMsOf } from './list-objects.ts';

/** One object; undefined where there is none. */
export async function lookAtObject(bucket: Bucket, key: string): Promise<StoredObject | undefined> {
  const command = new HeadObjectCommand(addressOf(bucket, key));
  const found = await ask(bucket, `look at "${nameIn(bucket, key)}"`, () =>
    bucket.client.send(command).catch((error: unknown) => {
      if (isAnswer(error, 404)) return undefined;
      throw error;
    }),
  );
  if (found === undefined) return undefined;
  return {
    key,
    sizeBytes: found.ContentLength ?? 0,
    modifiedMs: modifiedMsOf(found.LastModified),
    version: versionOf(found.ETag),
  };
}

/** An object that is read at several places. Each reading is a request; none is of another version than the first. */
export async function openObject(bucket: Bucket, key: string): Promise<OpenedSource> {
  const name = nameIn(bucket, key);
  const found = await lookAtObject(bucket, key);
  if (found === undefined) {
    throw new Failure('not-found', `Cannot read "${name}": it does not exist`, {
      hint: 'Check the name.',
    });
  }
  return openVersion(bucket, found, {});
}

/** The same for an object that was looked at. */
export function openVersion(
  bucket: Bucket,
  { key, sizeBytes, version }: StoredObject,
  { versionId }: Pick<Wanted, 'versionId'>,
): OpenedSource {
  const name = nameIn(bucket, key);
  const stream = (range: ByteRange) => readObject(bucket, key, { range, version, versionId });
  return {
    name,
    sizeBytes,
    isDistant: true,
    read: (range) => collect(stream(range)),
    readInto: (target, position) =>
      collectInto(target, stream({ start: position, end: position + target.length })),
    stream,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What is read of an object. */
interface Wanted {
  /** Undefined: all of it. */
  readonly range?: ByteRange | undefined;
  /** Undefined: whichever is there at first. */
  readonly version?: string | undefined;
  /** As the server names it in a bucket that keeps versions; undefined: the newest. */
  readonly versionId?: string | undefined;
}

/** How far that has come. */
interface Reading {
  position: number;
  /** Undefined: its end, which the first answer tells. */
  end: number | undefined;
  /** Undefined: whichever is there at first. */
  version: string | undefined;
  readonly versionId: string | undefined;
}

/** The bytes of an object: see {@link readPieces}. In larger chunks: it costs less to write few of them. */
export function readObject(
  bucket: Bucket,
  key: string,
  wanted: Wanted,
): AsyncGenerator<Uint8Array> {
  return inChunksOf(readPieces(bucket, key, wanted), CHUNK_BYTES);
}

/**
 * The bytes of an object, in one request, or one more for each connection that breaks: it goes on where the last one
 * ended, if the object is still the same. Failures: `not-found`, `damaged`.
 */
async function* readPieces(
  bucket: Bucket,
  key: string,
  { range, version, versionId }: Wanted,
): AsyncGenerator<Uint8Array> {
  const reading: Reading = { position: range?.start ?? 0, end: range?.end, version, versionId };
  const retries = new Retries(retrying(bucket));
  while (reading.end === undefined || reading.position < reading.end) {
    try {
      const body = await begin(bucket, key, reading);
      for await (const chunk of throttled(body, bucket.bandwidth)) {
        reading.position += chunk.length;
        retries.progress();
        yield chunk;
      }
      requireAll(reading);
    } catch (error) {
      await retries.waitAfter(error).catch((last: unknown) => {
        throw adoptAnswer(last, {
          doing: `read "${nameIn(bucket, key)}"`,
          endpoint: bucket.endpoint,
        });
      });
    }
  }
}

/** Asks for the rest, and learns where it ends. */
async function begin(bucket: Bucket, key: string, reading: Reading): Promise<Readable> {
  const { position, end, version, versionId } = reading;
  const isPart = end !== undefined;
  const command = new GetObjectCommand({
    ...addressOf(bucket, key),
    VersionId: versionId,
    Range: isPart ? `bytes=${position}-${end - 1}` : undefined,
    IfMatch: etagOf(version),
  });
  const unusable = (state: string, hint: string) =>
    new Failure('damaged', `Cannot read "${nameIn(bucket, key)}": ${state}`, { hint });
  const answer = await bucket.client.send(command).catch((error: unknown) => {
    if (isAnswer(error, 412)) {
      throw unusable('it was replaced meanwhile', 'Run the command again.');
    }
    if (isAnswer(error, 416)) throw unusable(`it ends before ${position}`, SHORTER);
    throw error;
  });
  const { Body, ContentLength, ContentRange, ETag } = answer;
  if (!(Body instanceof Readable)) throw new TypeError('the body of an answer is a stream');
  const total = isPart ? totalOf(ContentRange, position) : ContentLength;
  if (total === undefined || (isPart && total < end)) {
    Body.destroy();
    throw total === undefined
      ? unusable('the server sends other bytes than it was asked for', 'Use another server.')
      : unusable(`it ends at ${total}, ${end} bytes were expected`, SHORTER);
  }
  reading.end ??= total;
  reading.version ??= versionOf(ETag);
  return Body;
}

const SHORTER = 'It is not what its record says. Verify the copy.';

/** The size of the whole object; undefined where the answer begins elsewhere, or doesn't tell. */
function totalOf(range: string | undefined, position: number): number | undefined {
  const found = /^bytes (\d+)-\d+\/(\d+)$/.exec(range ?? '');
  return found !== null && Number(found[1]) === position ? Number(found[2]) : undefined;
}

/** A connection may end as if all were there. */
function requireAll({ position, end = 0 }: Reading): void {
  if (position === end) return;
  throw Object.assign(new Error('the answer ended early'), { code: CONNECTION_ENDED });
}
