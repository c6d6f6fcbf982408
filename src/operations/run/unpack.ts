import type { Unpack } from '../../repository/content/open-log.ts';
import { derivedFolder } from '../../system/derived/derived-folder.ts';
import { writeUnnamedFile } from '../../system/derived/unnamed-file.ts';

/** Unpacks into a file that nobody else sees, as long as it is open, in the folder for derived files. */
export const unpack: Unpack = (content, file) =>
  writeUnnamedFile(content, { folder: derivedFolder(), ...file });
