import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { adopting, systemCodeOf } from './failure.ts';
import { giveDirectoryToOwnerOfFolder } from './folder-owner.ts';
import { syncDirectory } from './new-file.ts';

export interface MadeFolder {
  readonly wasMade: boolean;
  /** The uppermost of the folders that were made for it. */
  readonly uppermost: string | undefined;
}

/** Makes the folder, and those above it, unless it is there. By default only its owner may use it. */
export async function makeFolder(
  directory: string,
  { mode = 0o700 }: { readonly mode?: number } = {},
): Promise<MadeFolder> {
  return adopting(`create the folder "${directory}"`, async () => {
    const uppermost = await makeMissing(directory, mode);
    return { wasMade: uppermost !== undefined, uppermost };
  });
}

/** Node's own `recursive` takes a full or a read-only disk for a folder that isn't there. */
async function makeMissing(directory: string, mode: number): Promise<string | undefined> {
  const parent = dirname(directory);
  let uppermost: string | undefined;
  try {
    await mkdir(directory, { mode });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST' && (await stat(directory)).isDirectory()) return undefined;
    if (code !== 'ENOENT' || parent === directory) throw error;
    uppermost = await makeMissing(parent, mode);
    await mkdir(directory, { mode });
  }
  await giveDirectoryToOwnerOfFolder(directory);
  await syncDirectory(parent);
  return uppermost ?? directory;
}
