import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Failure, isFailure } from '../../../system/failure.ts';
import { collectSmall } from '../../../system/streams/pipeline.ts';
import type { PutCondition, PutOutcome } from '../object-store.ts';
import { isAnswer, leavesOpen } from './answers.ts';
import { addressOf, ask, type Bucket, nameIn, versionOf } from './bucket.ts';
import { lockHeaders, md5Header } from './lock-headers.ts';
import { readObject } from './read-object.ts';

/** What is put in one request. */
interface Putting {
  readonly content: Uint8Array;
  readonly condition?: PutCondition | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Puts an object in one request. The server compares what came with its sha256, which is signed. */
export async function putObject(
  bucket: Bucket,
  key: string,
  { content, condition, signal }: Putting,
): Promise<PutOutcome> {
  const command = new PutObjectCommand({
    ...addressOf(bucket, key),
    Body: content,
    ContentLength: content.length,
    ...headersOf(condition),
    ...lockHeaders(bucket),
    ...md5Header(bucket, content),
  });
  // Whether an attempt may have been done whose answer was lost.
  let isOpen = false;
  const put = async (): Promise<PutOutcome> => {
    try {
      const { ETag } = await bucket.client.send(
        command,
        signal === undefined ? {} : { abortSignal: signal },
      );
      return { kind: 'put', version: versionOf(ETag) };
    } catch (error) {
      // An object that isn't there is none that is unchanged.
      const isRefused = condition !== undefined && isAnswer(error, 412, 'NoSuchKey');
      if (condition !== undefined && isAnswer(error, 501)) throw noConditions(nameIn(bucket, key));
      if (!isRefused) {
        isOpen ||= leavesOpen(error);
        throw error;
      }
    }
    return isOpen ? outcomeBySight(bucket, key, content) : { kind: 'refused' };
  };
  return ask(bucket, `write "${nameIn(bucket, key)}"`, put, signal);
}

function headersOf(
  condition: PutCondition | undefined,
): { readonly IfNoneMatch: string } | { readonly IfMatch: string } | undefined {
  switch (condition?.kind) {
    case undefined:
      return undefined;
    case 'absent':
      return { IfNoneMatch: '*' };
    case 'unchanged':
      return { IfMatch: condition.version };
    default:
      return condition satisfies never;
  }
}

/** Swift does so: it would write whatever is there. */
function noConditions(name: string): Failure {
  return new Failure('refused', `Cannot write "${name}": this server keeps to no condition`, {
    hint: { kind: 'declare-single-writer' },
  });
}

/** The answer to an earlier attempt was lost, so that the object itself tells who wrote it. */
async function outcomeBySight(
  bucket: Bucket,
  key: string,
  content: Uint8Array,
): Promise<PutOutcome> {
  try {
    const found = await collectSmall(readObject(bucket, key, {}));
    return found.equals(content) ? { kind: 'put', version: undefined } : { kind: 'refused' };
  } catch (error) {
    if (isFailure(error, 'not-found')) return { kind: 'refused' };
    throw error;
  }
}
