import { Failure } from '../../system/failure.ts';
import { RecordDecoder } from './record-pickle.ts';
import { ReferenceFinder } from './reference-finder.ts';
import {
  LARGEST_INFLATED,
  MARK_BYTES,
  markOf,
  type StoredRecord,
  unwrapHead,
  unwrapRecord,
  ZLIB_MARK,
} from './stored-record.ts';

/** How far a record was followed: its pickles, or only the first one; or not at all, and why. */
export type Followed =
  | { readonly kind: 'followed' }
  | Exclude<StoredRecord, { readonly kind: 'pickles' }>;

const FOLLOWED: Followed = { kind: 'followed' };
const TOO_LARGE: Followed = { kind: 'too-large' };

/** Follows data records as their storage has written them, one after the other. */
export class RecordFollower {
  /** What the last record refers to. */
  readonly found = new ReferenceFinder();

  /** Failure `damaged`, as of {@link unwrapRecord} and {@link ReferenceFinder}. */
  follow(data: Uint8Array, depth: 'class' | 'references'): Followed {
    const record = unwrapRecord(data);
    if (record.kind !== 'pickles') return record;
    this.found.follow(record.bytes, depth);
    return FOLLOWED;
  }

  /** Whether a record that begins so is that of a blob; one that can't be read is of none. */
  isOfBlob(head: Uint8Array): boolean {
    try {
      const record = unwrapHead(head);
      if (record.kind !== 'pickles') return false;
      this.found.follow(record.bytes, 'class');
      return this.found.isBlob;
    } catch (error) {
      if (error instanceof Failure) return false;
      throw error;
    }
  }

  /** Follows a record that comes in pieces, to its end whatever is wanted. */
  inPieces(sizeBytes: number): RecordInPieces {
    return new RecordInPieces(this, sizeBytes);
  }
}

/**
 * A record that is too large to be held. Of its pickles no more is kept than of others; one that zlib has
 * compressed must be held all the same, up to {@link LARGEST_INFLATED} bytes.
 */
export class RecordInPieces {
  readonly #follower: RecordFollower;
  readonly #sizeBytes: number;
  readonly #decoder: RecordDecoder;
  #form: 'unknown' | 'pickles' | 'compressed' | 'wrapped' = 'unknown';
  #held: Uint8Array[] = [];
  #failure: Failure | undefined;

  constructor(follower: RecordFollower, sizeBytes: number) {
    this.#follower = follower;
    this.#sizeBytes = sizeBytes;
    const onReference = follower.found.addFound.bind(follower.found);
    this.#decoder = new RecordDecoder({ sizeBytes, onReference });
    follower.found.begin();
  }

  /** What it refers to. */
  get found(): ReferenceFinder {
    return this.#follower.found;
  }

  /** `module.name`, once it is known; not where it is compressed. */
  get className(): string | undefined {
    return this.#decoder.className;
  }

  /** The next bytes, valid until it returns. Damage is told at the end. */
  take(piece: Uint8Array): void {
    switch (this.#form) {
      case 'unknown':
        this.#hold(piece);
        this.#decide();
        return;
      case 'pickles':
        this.#decode(piece);
        return;
      case 'compressed':
        if (this.#sizeBytes <= LARGEST_INFLATED) this.#hold(piece);
        return;
      case 'wrapped':
        return;
      default:
        this.#form satisfies never;
    }
  }

  /** All pieces have been taken. Failure `damaged`. */
  end(): Followed {
    switch (this.#form) {
      case 'compressed':
        if (this.#sizeBytes > LARGEST_INFLATED) return TOO_LARGE;
        return this.#follower.follow(Buffer.concat(this.#held), 'references');
      case 'wrapped':
        return { kind: 'wrapped', mark: markOf(Buffer.concat(this.#held)) ?? '' };
      case 'unknown':
        this.#decode(Buffer.concat(this.#held));
        return this.#result();
      case 'pickles':
        return this.#result();
      default:
        return this.#form satisfies never;
    }
  }

  #result(): Followed {
    if (this.#decoder.isFull) return TOO_LARGE;
    if (this.#failure !== undefined) throw this.#failure;
    this.#follower.found.setClass(this.className);
    return FOLLOWED;
  }

  #hold(piece: Uint8Array): void {
    // A copy, which a Buffer's own slice is not.
    this.#held.push(new Uint8Array(piece));
  }

  #decide(): void {
    const head = Buffer.concat(this.#held);
    if (head.length < MARK_BYTES) return;
    const mark = markOf(head);
    if (mark === ZLIB_MARK) this.#form = 'compressed';
    else if (mark !== undefined) this.#form = 'wrapped';
    else {
      this.#form = 'pickles';
      this.#held = [];
      this.#decode(head);
    }
  }

  #decode(piece: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#decoder.feed(piece);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failure = error;
    }
  }
}
