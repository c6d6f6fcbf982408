import { isFailure } from '../../../system/failure.ts';
import { inParallel } from '../../../system/streams/pipeline.ts';
import type { UploadOptions } from '../object-store.ts';
import { checkedContent } from '../transfer/checked-content.ts';
import { type Bucket, nameIn } from './bucket.ts';
import { Multipart } from './multipart.ts';
import { inParts, type Part, partBytesOf } from './parts.ts';
import { putObject } from './put-object.ts';

/** Parts under way at once. With the one that is being filled, this is the memory that an upload takes. */
const PARTS_AT_ONCE = 4;

/**
 * Uploads an object: in one request where it is small, else in parts. What was sent of an upload whose sha256 is known
 * stays there when it fails, so that the next run sends only the rest; any other is given up.
 */
export async function uploadObject(
  bucket: Bucket,
  key: string,
  content: AsyncIterable<Uint8Array>,
  { onBytes = () => {}, ...expected }: UploadOptions,
): Promise<void> {
  const { sizeBytes, sha256, signal } = expected;
  let multipart: Promise<Multipart> | undefined;
  const send = async (part: Part): Promise<number> => {
    if (part.number === 1 && part.isLast) {
      await putObject(bucket, key, { content: part.bytes, signal });
    } else {
      multipart ??= Multipart.begin(bucket, key, { mayResume: sha256 !== undefined, signal });
      await (await multipart).send(part);
    }
    return part.bytes.length;
  };
  const checked = checkedContent(content, { name: nameIn(bucket, key), ...expected });
  const parts = inParts(checked, partBytesOf(sizeBytes));
  try {
    for await (const count of inParallel(parts, { limit: PARTS_AT_ONCE, work: send })) {
      onBytes(count);
    }
    await (await multipart)?.complete();
  } catch (error) {
    const mayGoOn = sha256 !== undefined && !isFailure(error, 'damaged');
    if (!mayGoOn) await (await multipart?.catch(() => undefined))?.giveUp();
    throw error;
  }
}
