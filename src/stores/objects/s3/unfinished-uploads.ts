import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { isFailure } from '../../../system/failure.ts';
import { isAnswer } from './answers.ts';
import { addressOf, ask, type Bucket, nameIn, versionOf } from './bucket.ts';

/** An upload in parts that was begun. */
export interface UnfinishedUpload {
  readonly id: string;
  /** What the server has of it, by number. */
  readonly parts: ReadonlyMap<number, UploadedPart>;
}

interface UploadedPart {
  readonly sizeBytes: number;
  readonly etag: string;
}

/** What the newest run that didn't finish left of an object; undefined: nothing, or this key may not ask for it. */
export async function findUnfinished(
  bucket: Bucket,
  key: string,
): Promise<UnfinishedUpload | undefined> {
  try {
    const uploads: MultipartUpload[] = [];
    for await (const page of uploadsBelow(bucket, key)) uploads.push(...page);
    const [newest] = uploads
      .filter(({ Key }) => Key === bucket.prefix + key)
      .sort((a, b) => beganMsOf(b) - beganMsOf(a));
    const id = newest?.UploadId;
    return id === undefined ? undefined : { id, parts: await partsOf(bucket, key, id) };
  } catch (error) {
    // Another run may have ended it meanwhile.
    if (isFailure(error, 'refused', 'not-found')) return undefined;
    throw error;
  }
}

/** Removes the parts of uploads that began before a time. */
export async function removeUnfinishedUploads(
  bucket: Bucket,
  prefix: string,
  beganBeforeMs: number,
): Promise<void> {
  const doing = `clean up "${nameIn(bucket, prefix)}"`;
  for await (const page of uploadsBelow(bucket, prefix)) {
    for (const upload of page.filter((one) => beganMsOf(one) < beganBeforeMs)) {
      const { Key, UploadId } = upload;
      const command = new AbortMultipartUploadCommand({ Bucket: bucket.bucket, Key, UploadId });
      await ask(bucket, doing, () =>
        bucket.client.send(command).catch((error: unknown) => {
          if (!isAnswer(error, 'NoSuchUpload')) throw error;
        }),
      );
    }
  }
}

async function* uploadsBelow(
  bucket: Bucket,
  prefix: string,
): AsyncGenerator<readonly MultipartUpload[]> {
  const doing = `list the uploads in "${nameIn(bucket, prefix)}"`;
  let after: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
  while (after !== undefined) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: bucket.bucket,
      Prefix: bucket.prefix + prefix,
      ...after,
    });
    const page = await ask(bucket, doing, () => bucket.client.send(command));
    yield page.Uploads ?? [];
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    after =
      IsTruncated === true && NextKeyMarker !== undefined
        ? {
            KeyMarker: NextKeyMarker,
            ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
          }
        : undefined;
  }
}

async function partsOf(
  bucket: Bucket,
  key: string,
  id: string,
): Promise<ReadonlyMap<number, UploadedPart>> {
  const parts = new Map<number, UploadedPart>();
  let after: string | undefined;
  do {
    const command: ListPartsCommand = new ListPartsCommand({
      ...addressOf(bucket, key),
      UploadId: id,
      PartNumberMarker: after,
    });
    const page = await ask(bucket, `list the parts of "${nameIn(bucket, key)}"`, () =>
      bucket.client.send(command),
    );
    for (const { PartNumber = 0, Size = 0, ETag } of page.Parts ?? []) {
      parts.set(PartNumber, { sizeBytes: Size, etag: versionOf(ETag) ?? '' });
    }
    after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (after !== undefined);
  return parts;
}

function beganMsOf({ Initiated }: MultipartUpload): number {
  return Initiated?.getTime() ?? Number.POSITIVE_INFINITY;
}
