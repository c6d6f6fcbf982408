import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { isAnswer } from './answers.ts';
import { addressOf, ask, type Bucket, nameIn, versionOf } from './bucket.ts';
import { requireLocked } from './lock.ts';
import { lockHeaders, md5Header } from './lock-headers.ts';
import type { Part } from './parts.ts';
import { lookAtObject } from './read-object.ts';
import { findUnfinished, type UnfinishedUpload } from './unfinished-uploads.ts';

/**
 * An object that is uploaded in parts, and seen by nobody before it is complete. The server compares each part with its
 * sha256, which is signed, and completes the parts with those ETags only: so parts of two runs don't mix.
 */
export class Multipart {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #upload: UnfinishedUpload;
  readonly #signal: AbortSignal | undefined;
  readonly #etags = new Map<number, string>();

  private constructor(
    bucket: Bucket,
    key: string,
    more: { readonly upload: UnfinishedUpload; readonly signal: AbortSignal | undefined },
  ) {
    this.#bucket = bucket;
    this.#key = key;
    this.#upload = more.upload;
    this.#signal = more.signal;
  }

  /** Goes on with what an earlier run left there of the same object, if that is allowed, or begins anew. */
  static async begin(
    bucket: Bucket,
    key: string,
    {
      mayResume,
      signal,
    }: { readonly mayResume: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<Multipart> {
    const left = mayResume ? await findUnfinished(bucket, key) : undefined;
    const upload = left ?? { id: await create(bucket, key, signal), parts: new Map() };
    return new Multipart(bucket, key, { upload, signal });
  }

  /** Sends a part, unless the server has the same bytes from an earlier run. */
  async send({ number, bytes }: Part): Promise<void> {
    const found = this.#upload.parts.get(number);
    const isThere =
      found?.sizeBytes === bytes.length &&
      found.etag === createHash('md5').update(bytes).digest('hex');
    this.#etags.set(number, isThere ? found.etag : await this.#sendBytes(number, bytes));
  }

  /** Makes one object of the parts. */
  async complete(): Promise<void> {
    const parts = [...this.#etags].sort(([a], [b]) => a - b);
    const command = new CompleteMultipartUploadCommand({
      ...this.#address(),
      MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
    });
    await this.#ask('complete', async (attempt) => {
      try {
        await this.#bucket.client.send(command, this.#sending());
      } catch (error) {
        // An earlier attempt may have done it, though its answer was lost.
        const mayBeDone = attempt > 1 && isAnswer(error, 'NoSuchUpload');
        if (!mayBeDone || !(await this.#isComplete(parts.map(([, etag]) => etag)))) throw error;
      }
    });
    await requireLocked(this.#bucket, this.#key);
  }

  /** Takes away what was sent. What can't be taken away now is left to {@link removeUnfinishedUploads}. */
  async giveUp(): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#address());
    await this.#bucket.client.send(command).catch(() => {});
  }

  async #sendBytes(number: number, bytes: Uint8Array): Promise<string> {
    const command = new UploadPartCommand({
      ...this.#address(),
      PartNumber: number,
      Body: bytes,
      ContentLength: bytes.length,
      ...md5Header(this.#bucket, bytes),
    });
    const { ETag } = await this.#ask('write', () =>
      this.#bucket.client.send(command, this.#sending()),
    );
    return versionOf(ETag) ?? '';
  }

  /** Whether the object is made of these parts: its ETag is the md5 of theirs, and their number. */
  async #isComplete(etags: readonly string[]): Promise<boolean> {
    const hash = createHash('md5');
    for (const etag of etags) hash.update(Buffer.from(etag, 'hex'));
    const found = await lookAtObject(this.#bucket, this.#key);
    return found?.version === `${hash.digest('hex')}-${etags.length}`;
  }

  #ask<T>(verb: string, request: (attempt: number) => Promise<T>): Promise<T> {
    return ask(this.#bucket, `${verb} "${nameIn(this.#bucket, this.#key)}"`, request, this.#signal);
  }

  #address() {
    return { ...addressOf(this.#bucket, this.#key), UploadId: this.#upload.id };
  }

  #sending() {
    return this.#signal === undefined ? {} : { abortSignal: this.#signal };
  }
}

async function create(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const command = new CreateMultipartUploadCommand({
    ...addressOf(bucket, key),
    ...lockHeaders(bucket),
  });
  const begin = () => bucket.client.send(command);
  const { UploadId } = await ask(bucket, `write "${nameIn(bucket, key)}"`, begin, signal);
  if (UploadId === undefined) throw new TypeError('an upload in parts has an id');
  return UploadId;
}
