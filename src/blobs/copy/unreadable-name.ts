import { Failure } from '../../system/failure.ts';

/** A name that isn't UTF-8 can't be opened again by it: it would pass for a file that vanished. Failure `damaged`. */
export function refuseUnreadableName(folder: string, name: string): void {
  if (!name.includes('\uFFFD')) return;
  throw new Failure('damaged', `Cannot copy "${folder}": the name "${name}" in it is not UTF-8`, {
    hint: 'Blobs have no such names: rename the file, or move it out of the blob directory.',
  });
}
