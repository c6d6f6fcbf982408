import { join } from 'node:path';
import { LAYOUT_FILE } from '../filestorage/blob-layout.ts';
import { isThere } from '../system/presence.ts';

/** Whether a live blob directory has the file that names its layout: it is counted, and is no blob. */
export async function hasLayoutFile(blobs: string): Promise<boolean> {
  return isThere(join(blobs, LAYOUT_FILE));
}
