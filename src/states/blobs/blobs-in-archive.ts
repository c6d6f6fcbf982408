import { readTarMember, type TarMember, tarMembers } from '../../blobs/archive/tar-members.ts';
import { parseBlobPath } from '../../filestorage/blob-layout.ts';
import type { Oid } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import type { FindBlob } from './find-blob.ts';

/**
 * The blobs in an archive, which is opened, and of which the headers are read, when somebody asks for one: some 200
 * bytes for each blob of it. What is damaged of it, or gone, has no blobs: another backup may have them. Failure
 * `system` for those behind where the system can't read it.
 */
export function blobsInArchive(open: () => Promise<ByteSource>): FindBlob {
  let reading: Promise<ReadArchive> | undefined;
  return async (revision) => {
    reading ??= readArchive(open);
    const { archive, members, unread } = await reading;
    const member = members.get(keyOf(revision));
    if (member === undefined && unread !== undefined) throw unread;
    if (archive === undefined || member === undefined) return undefined;
    return { sizeBytes: member.sizeBytes, read: () => readTarMember(archive, member) };
  };
}

interface ReadArchive {
  readonly archive: ByteSource | undefined;
  readonly members: ReadonlyMap<string, TarMember>;
  /** Why there may be more. */
  readonly unread: Failure | undefined;
}

async function readArchive(open: () => Promise<ByteSource>): Promise<ReadArchive> {
  const members = new Map<string, TarMember>();
  let archive: ByteSource | undefined;
  let unread: Failure | undefined;
  try {
    archive = await open();
    for await (const member of tarMembers(archive)) {
      const revision = parseBlobPath(member.path);
      if (revision !== undefined) members.set(keyOf(revision), member);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (!isFailure(error, 'damaged', 'not-found')) unread = error;
  }
  return { archive, members, unread };
}

function keyOf({ oid, tid }: { readonly oid: Oid; readonly tid: Tid }): string {
  return `${oid.toString(36)} ${tid.toString(36)}`;
}
