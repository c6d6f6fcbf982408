import { copyFile, link } from 'node:fs/promises';
import { systemCodeOf, withSystemErrors } from '../../system/failure.ts';

/** A file of this machine that has a known content. */
export interface KnownFile {
  readonly path: string;
  readonly sha256: string;
}

/** A file system without hard links, another one, or too many links to one file. */
const NO_LINK = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];

/** Files of this machine, by what tells their contents apart: nothing of them has to come from elsewhere again. */
export class SharedFiles {
  readonly #files = new Map<string, KnownFile>();

  add(content: string, file: KnownFile): void {
    this.#files.set(content, file);
  }

  /**
   * Gives a file with this content one more name, or a copy where that can't be; tells its sha256. Undefined: there is
   * none. Failures: those of the system.
   */
  async share(content: string, path: string): Promise<string | undefined> {
    const known = this.#files.get(content);
    if (known === undefined) return undefined;
    await withSystemErrors(`write "${path}"`, () =>
      link(known.path, path).catch(async (error: unknown) => {
        if (!NO_LINK.includes(systemCodeOf(error) ?? '')) throw error;
        await copyFile(known.path, path);
      }),
    );
    return known.sha256;
  }
}
