import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { haveSameRights } from '../copy/file-attributes.ts';
import { haveSameTime } from '../copy/same-time.ts';

/** Whether what is in one tree has the rights and times that it has in another one, whatever its bytes. */
export class Likeness {
  readonly #root: string;
  readonly #other: string;
  /** Folders that have them, with those above. */
  readonly #folders = new Set<string>();

  constructor(root: string, other: string) {
    this.#root = root;
    this.#other = other;
  }

  /** Of a file, and of the folders that lead to it, whose times tell nothing. */
  has(path: string): boolean {
    const file = statusOf(`${this.#root}/${path}`);
    const other = statusOf(`${this.#other}/${path}`);
    if (file?.isFile() !== true || other === undefined || file.size !== other.size) return false;
    return (
      haveSameTime(file, other) && haveSameRights(file, other) && this.#hasFolder(dirname(path))
    );
  }

  #hasFolder(path: string): boolean {
    if (this.#folders.has(path)) return true;
    const folder = statusOf(`${this.#root}/${path}`);
    const other = statusOf(`${this.#other}/${path}`);
    if (folder === undefined || other === undefined || !haveSameRights(folder, other)) return false;
    if (path !== '.' && !this.#hasFolder(dirname(path))) return false;
    this.#folders.add(path);
    return true;
  }
}

function statusOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
