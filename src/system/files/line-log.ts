import { constants } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { withSystemErrors } from '../failure.ts';
import { giveToOwnerOfFolder } from './folder-owner.ts';
import { shareWithGroup } from './rights.ts';

const LINE_END = 0x0a;

/** What a line has made of a log. */
export interface AppendedLog {
  readonly sizeBytes: number;
  /** Of the one that it became; undefined: it has gone on. */
  readonly earlierBytes: number | undefined;
}

/**
 * Adds one line to a file, in one write, and waits until it is on the disk. A line that a crash has
 * cut ends where the next one begins, so that it spoils no other. Where the file has reached its
 * limit, it first becomes `earlier`, in place of the one before. Beside its owner, the group of the folder may read it, and write it where it
 * may write in the folder.
 */
export async function appendLine(
  path: string,
  {
    line,
    maximumBytes,
    earlier,
  }: { readonly line: string; readonly maximumBytes: number; readonly earlier: string },
): Promise<AppendedLog> {
  return await withSystemErrors(`write "${path}"`, async () => {
    let handle = await openLog(path);
    let earlierBytes: number | undefined;
    try {
      const { size } = await handle.stat();
      if (size > 0 && size + line.length > maximumBytes && (await isStillThere(handle, path))) {
        await rename(path, earlier);
        earlierBytes = size;
        await handle.close();
        handle = await openLog(path);
      }
      const start = (await endsInLine(handle)) ? '' : '\n';
      await handle.write(`${start}${line}\n`);
      await handle.datasync();
      return { sizeBytes: (await handle.stat()).size, earlierBytes };
    } finally {
      await handle.close();
    }
  });
}

/** A pipe of that name must not make it wait, and a link not lead elsewhere. */
async function openLog(path: string): Promise<FileHandle> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0o600);
  try {
    await giveToOwnerOfFolder(handle, path);
    await shareWithGroup(handle, path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Another run may just have given it the other name: then it is not done again. */
async function isStillThere(handle: FileHandle, path: string): Promise<boolean> {
  return (await stat(path)).ino === (await handle.stat()).ino;
}

async function endsInLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const last = new Uint8Array(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] === LINE_END;
}
