import type { ListingChange } from '../../stores/remembering-store.ts';
import type { JobContext } from '../run/events.ts';

/** A folder with backups that something is about to be removed from. */
interface ListedFolder {
  /** As messages name it. */
  readonly name: string;
  /** Lists it once more. */
  changesByOthers(): Promise<ListingChange>;
}

/**
 * Is asked before old backups are removed. A lock keeps only runs of this program out: where another one has made or
 * removed backups since this run has listed them, nobody can tell what is needed, and nothing goes. It looks once, when
 * it is asked for the first time, and says what it has found.
 */
export class RemovalGuard {
  readonly #folders: readonly ListedFolder[];
  readonly #context: JobContext;
  #answer: Promise<'may-remove' | 'changed-by-others'> | undefined;
  #hasRefused = false;

  /** @param folders - those that belong together: what has come to one may need what is in another */
  constructor(folders: readonly ListedFolder[], context: JobContext) {
    this.#folders = folders;
    this.#context = context;
  }

  ask(): Promise<'may-remove' | 'changed-by-others'> {
    this.#answer ??= this.#look();
    return this.#answer;
  }

  /** Whether something stays that would have gone. */
  get hasRefused(): boolean {
    return this.#hasRefused;
  }

  async #look(): Promise<'may-remove' | 'changed-by-others'> {
    let answer: 'may-remove' | 'changed-by-others' = 'may-remove';
    for (const folder of this.#folders) {
      const { came, went } = await folder.changesByOthers();
      if (came.length + went.length === 0) continue;
      answer = 'changed-by-others';
      this.#hasRefused = true;
      this.#context.onEvent({
        kind: 'warning',
        code: 'changed-by-others',
        folder: folder.name,
        came,
        went,
      });
    }
    return answer;
  }
}
