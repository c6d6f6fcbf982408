import { formatOid } from '../filestorage/oid.ts';
import type { PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import { formatTid } from '../filestorage/tid.ts';
import { type Arguments, bytesOf } from './arguments.ts';
import { noKeyError } from './remote-error.ts';
import type { Session } from './session.ts';

/** Bytes of a blob in a message, as a ZEO server sends them. */
const CHUNK_BYTES = 59_000;

/** Sends a blob by calls of the client, then None. A blob of which no source has the file: POSKeyError. */
export async function sendBlob(
  { storage: { state }, callClient, onMissingBlob }: Session,
  args: Arguments,
): Promise<PlainData> {
  const [oid, tid] = [args.oid(0), args.tid(1)];
  const revision = [bytesOf(oid), bytesOf(tid)];
  const blob = await state.blob(oid, tid);
  if (blob === undefined) {
    onMissingBlob({ oid, tid });
    throw noKeyError(
      `No blob file of object ${formatOid(oid)}, transaction ${formatTid(tid)}`,
      ...revision,
    );
  }
  await callClient('receiveBlobStart', revision);
  for await (const piece of blob.read()) {
    for (let start = 0; start < piece.length; start += CHUNK_BYTES) {
      const chunk = piece.subarray(start, start + CHUNK_BYTES);
      await callClient('receiveBlobChunk', [...revision, chunk]);
    }
  }
  await callClient('receiveBlobStop', revision);
  return null;
}
