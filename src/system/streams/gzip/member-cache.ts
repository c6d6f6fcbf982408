import { MEMBER_CONTENT_BYTES } from './member.ts';

/**
 * Contents of members that were read last, of several files: so many bytes at most. Whoever asks for one that is being
 * made waits for the same.
 */
export class MemberCache {
  readonly #most: number;
  readonly #contents = new Map<string, Promise<Uint8Array>>();

  constructor(mostBytes: number) {
    this.#most = Math.max(1, Math.floor(mostBytes / MEMBER_CONTENT_BYTES));
  }

  get(key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#contents.get(key) ?? make();
    // Behind all others: the first is the one that nobody has asked for the longest.
    this.#contents.delete(key);
    this.#contents.set(key, known);
    known.catch(() => this.#contents.delete(key));
    for (const oldest of this.#contents.keys()) {
      if (this.#contents.size <= this.#most) break;
      this.#contents.delete(oldest);
    }
    return known;
  }
}
