import { createHash, type Hash } from 'node:crypto';
import { isChecksum } from '../../system/streams/blocks/checksum.ts';
import { serveTaker } from '../../system/streams/blocks/serve-taker.ts';
import type { Taker, TakerKind } from '../../system/streams/blocks/taker.ts';

/** What an earlier backup of the Data.fs says of its bytes. */
export interface EarlierMd5 {
  /** Offset in the Data.fs where it ends; it begins where the one before it ends. */
  readonly end: number;
  readonly md5: string;
}

export interface ContentSums {
  readonly md5: string;
  /** Which of the earlier backups is the first that had other bytes, counted from 0; null: none. */
  readonly differing: number | null;
}

/**
 * The md5 of a Data.fs that passes by from its beginning, and whether earlier backups of it had the
 * same bytes. For the first of them, which begins where the file does, that costs nothing.
 */
export const CONTENT_MD5: TakerKind<readonly EarlierMd5[], ContentSums> = {
  name: 'content-md5',
  make: (earlier) => new ContentMd5(earlier),
  isResult: (value, earlier): value is ContentSums => {
    if (typeof value !== 'object' || value === null) return false;
    if (!('md5' in value && 'differing' in value && isChecksum(value.md5))) return false;
    return value.differing === null || earlier.some((_, number) => number === value.differing);
  },
};

class ContentMd5 implements Taker<ContentSums> {
  readonly #whole = createHash('md5');
  readonly #earlier: readonly EarlierMd5[];
  /** Of the backup that is passing, if others have passed. */
  #own: Hash | undefined;
  #position = 0;
  #passing = 0;
  #differing: number | null = null;

  /** @param earlier - of one chain, from its full backup on */
  constructor(earlier: readonly EarlierMd5[]) {
    this.#earlier = earlier;
  }

  take(chunk: Uint8Array): void {
    let rest = chunk;
    for (;;) {
      const passing = this.#differing === null ? this.#earlier[this.#passing] : undefined;
      const part = passing === undefined ? rest : rest.subarray(0, passing.end - this.#position);
      this.#whole.update(part);
      this.#own?.update(part);
      this.#position += part.length;
      rest = rest.subarray(part.length);
      if (passing === undefined || this.#position < passing.end) return;
      this.#compare(passing);
    }
  }

  result(): ContentSums {
    return { md5: this.#whole.digest('hex'), differing: this.#differing };
  }

  #compare({ md5 }: EarlierMd5): void {
    const isSame = (this.#own ?? this.#whole.copy()).digest('hex') === md5;
    if (!isSame) this.#differing = this.#passing;
    this.#passing += 1;
    const isDone = !isSame || this.#passing === this.#earlier.length;
    this.#own = isDone ? undefined : createHash('md5');
  }
}

serveTaker(CONTENT_MD5);
