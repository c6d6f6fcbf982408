import type { S3Client } from '@aws-sdk/client-s3';
import type { Bandwidth } from '../transfer/bandwidth.ts';
import { type Patience, tryAgain } from '../transfer/retries.ts';
import { adoptAnswer } from './adopt-answer.ts';
import { pauseAfter } from './answers.ts';
import type { ServerClock } from './server-clock.ts';

/** A bucket, or the part of one below a prefix, and how it is reached. */
export interface Bucket {
  readonly client: S3Client;
  /** The bucket's own name. */
  readonly bucket: string;
  /** What all keys begin with in it: empty, or with a slash at its end. */
  readonly prefix: string;
  /** URL of the server; undefined: Amazon's. */
  readonly endpoint: string | undefined;
  readonly clock: ServerClock;
  readonly bandwidth: Bandwidth | undefined;
  readonly patience: Patience;
  /** Until when what is written is locked, in milliseconds since 1970; undefined: it isn't. */
  readonly lockUntilMs?: number | undefined;
}

/** How messages call an object. */
export function nameIn({ bucket, prefix }: Bucket, key: string): string {
  return `s3://${bucket}/${prefix}${key}`;
}

/** What each request names. */
export function addressOf(
  { bucket, prefix }: Bucket,
  key: string,
): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: bucket, Key: prefix + key };
}

/** Settings of the attempts at a request. */
export function retrying(
  { clock, patience }: Bucket,
  signal?: AbortSignal | undefined,
): {
  readonly patience: Patience;
  readonly pauseAfter: typeof pauseAfter;
  readonly signal: AbortSignal | undefined;
} {
  // A server that has never answered is rather a wrong endpoint than one that starts again.
  const giveUpAfterMs = clock.hasAnswered ? patience.giveUpAfterMs : patience.giveUpAfterMs / 4;
  return { patience: { ...patience, giveUpAfterMs }, pauseAfter, signal };
}

/** Sends a request until it is answered. @param doing - for messages: `read "s3://bucket/key"` */
export async function ask<T>(
  bucket: Bucket,
  doing: string,
  request: (attempt: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await tryAgain(request, retrying(bucket, signal));
  } catch (error) {
    signal?.throwIfAborted();
    throw adoptAnswer(error, { doing, endpoint: bucket.endpoint });
  }
}

/** An ETag without its quotes: Ceph compares it in this form when it puts. */
export function versionOf(etag: string | undefined): string | undefined {
  return etag?.replace(/^"(.*)"$/, '$1');
}

/** In the form in which a read names it. */
export function etagOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : `"${version}"`;
}
