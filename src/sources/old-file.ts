import { Failure } from '../system/failure.ts';
import { type FileSource, openFileSource } from '../system/files/byte-source.ts';
import { realPlaceOf } from '../system/files/real-path.ts';

/** What a pack has left beside a Data.fs, opened. */
export interface OldFile extends AsyncDisposable {
  /** Undefined where there is nothing that can be read. */
  readonly source: FileSource | undefined;
}

/** Opens `Data.fs.old`: FileStorage renames the Data.fs to that when it has packed it, unless it keeps none. */
export async function openOldFile(dataFs: string): Promise<OldFile> {
  const source = await openReadable(`${await realPlaceOf(dataFs)}.old`);
  return { source, [Symbol.asyncDispose]: async () => source?.[Symbol.asyncDispose]() };
}

/** Undefined where there is no file, or none that can be read. */
export async function openReadable(path: string): Promise<FileSource | undefined> {
  try {
    return await openFileSource(path);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
