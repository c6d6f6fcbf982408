import { tmpdir } from 'node:os';

/** Names the folder for files that are made from others for a while, and may need much room. */
const DERIVED_FOLDER_VARIABLE = 'ZODBVAULT_CACHE';

/** That folder, or the system's own for temporary files. */
export function derivedFolder(said = process.env[DERIVED_FOLDER_VARIABLE]): string {
  return said === undefined || said === '' ? tmpdir() : said;
}
