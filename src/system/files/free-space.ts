import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAbsent } from '../absent.ts';
import { Failure, withSystemErrors } from '../failure.ts';
import { formatBytes } from '../format-bytes.ts';

/** Something that will be written. */
export interface Need {
  /** Where; it needn't be there yet. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * Looks whether there is room before the work begins. What lies on one disk is taken together.
 * Failure `system`, with what is needed and what is free. Quotas aren't seen.
 */
export async function requireRoomFor(needs: readonly Need[]): Promise<void> {
  const full = await findFullDisk(needs);
  if (full === undefined) return;
  const { path, bytes, freeBytes } = full;
  throw new Failure(
    'system',
    `Cannot write "${path}": there is no space for it: ${describeLack({ bytes, freeBytes })}`,
    { hint: 'Free some space, or choose another disk. Nothing was changed.' },
  );
}

/** As in `17.4 MB needed, 12.6 MB free`; in bytes where it lacks so little that these would be the same. */
function describeLack(lack: { readonly bytes: number; readonly freeBytes: number }): string {
  const isClear = formatBytes(lack.bytes) !== formatBytes(lack.freeBytes);
  const say = isClear ? formatBytes : (bytes: number) => `${bytes} B`;
  return `${say(lack.bytes)} needed, ${say(lack.freeBytes)} free`;
}

/** The same, as an answer. */
export async function hasRoomFor(needs: readonly Need[]): Promise<boolean> {
  return (await findFullDisk(needs)) === undefined;
}

async function findFullDisk(
  needs: readonly Need[],
): Promise<(Need & { readonly freeBytes: number }) | undefined> {
  const disks = new Map<number, { path: string; folder: string; bytes: number }>();
  for (const { path, bytes } of needs) {
    const { folder, device } = await nearestFolder(dirname(path));
    const disk = disks.get(device) ?? { path, folder, bytes: 0 };
    disk.bytes += bytes;
    disks.set(device, disk);
  }
  for (const { path, folder, bytes } of disks.values()) {
    const freeBytes = await freeBytesOf(folder);
    if (bytes > freeBytes) return { path, bytes, freeBytes };
  }
  return undefined;
}

/** File systems that need no more space for a file than it needed on another of them: ext2 to ext4, XFS (statfs(2)). */
const NOT_COMPRESSED: readonly number[] = [0xef53, 0x58465342];

/** Whether the disk with one folder has room for all that is on the disk with another. False where that isn't certain. */
export async function hasRoomForDisk({
  from,
  to,
}: {
  readonly from: string;
  /** It needn't be there yet. */
  readonly to: string;
}): Promise<boolean> {
  const { folder } = await nearestFolder(to);
  const freeBytes = await freeBytesOf(folder);
  return withSystemErrors(`look at the disk with "${from}"`, async () => {
    const { type, bsize, blocks, bfree } = await statfs(from);
    const isPlain =
      NOT_COMPRESSED.includes(type) && NOT_COMPRESSED.includes((await statfs(folder)).type);
    return isPlain && bsize * (blocks - bfree) <= freeBytes;
  });
}

/** How much of the disk with this folder is free for everybody, and how much there is. */
export async function freeSpaceOf(
  folder: string,
): Promise<{ readonly freeBytes: number; readonly diskBytes: number }> {
  return withSystemErrors(`look at the disk with "${folder}"`, async () => {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { freeBytes: bsize * bavail, diskBytes: bsize * blocks };
  });
}

/** Bytes that this user may still write to the disk with this folder. */
async function freeBytesOf(folder: string): Promise<number> {
  return withSystemErrors(`look at the disk with "${folder}"`, async () => {
    const { bsize, bavail, bfree } = await statfs(folder);
    return bsize * (process.getuid?.() === 0 ? bfree : bavail);
  });
}

/** The folder that is there, of all those that a path leads through, the last one. */
export async function nearestFolder(
  path: string,
): Promise<{ readonly folder: string; readonly device: number }> {
  return withSystemErrors(`look at "${path}"`, async () => {
    for (let folder = path; ; folder = dirname(folder)) {
      try {
        const { dev } = await stat(folder);
        return { folder, device: dev };
      } catch (error) {
        if (!isAbsent(error) || folder === dirname(folder)) throw error;
      }
    }
  });
}
