import { HeaderMaker, HeaderOpener } from '../system/age/header.ts';
import { seal } from '../system/age/seal.ts';
import { openSealed } from '../system/age/sealed-source.ts';
import { unseal } from '../system/age/unseal.ts';
import { Failure } from '../system/failure.ts';
import type { OpenedSource } from '../system/files/byte-source.ts';
import { DisposableStack } from '../system/streams/disposable-stack.ts';
import { MemberCache } from '../system/streams/gzip/member-cache.ts';
import { compressToFrames } from '../system/zstd/compress-frames.ts';
import { decompressFrames } from '../system/zstd/decompress-frames.ts';
import type { FrameMaker, FrameReader } from '../system/zstd/frame-maker.ts';
import { frameSource } from '../system/zstd/frame-source.ts';
import { openFrameMaker, openFrameReader } from '../system/zstd/open.ts';
import type { StoredForm } from './layout/stored-form.ts';

/** Bytes of frames that are kept: what a few pages of a site need. */
const KEPT_BYTES = 32 << 20;

/** Whose keys close and open what is stored. */
export interface CodecKeys {
  /** Public keys of age; none: nothing is encrypted, or nobody knows for whom it was. */
  readonly recipients: readonly string[];
  /** Secret keys of age, asked for when the first of them is needed; undefined: nobody has named one. */
  readonly identities: (() => Promise<readonly string[]>) | undefined;
}

/** An object as it is stored. */
export interface StoredBytes {
  readonly form: StoredForm;
  /** Of the object. */
  readonly sizeBytes: number;
  /** How messages call it. */
  readonly name: string;
}

type Bytes = AsyncIterable<Uint8Array>;

/** What one step of a form does with bytes, and what undoes it: for all of them, or read at random. */
interface Step {
  readonly encode: (content: Bytes) => Promise<Bytes>;
  readonly decode: (stored: Bytes, of: StoredBytes) => Promise<Bytes>;
  readonly open: (stored: OpenedSource, of: StoredBytes) => Promise<OpenedSource>;
}

/**
 * Brings bytes into the form in which a copy stores them, and back. What it needs is loaded, and started, when it is
 * needed first; its processes end with it.
 */
export class Codec implements AsyncDisposable {
  readonly #keys: CodecKeys;
  readonly #started = new DisposableStack();
  readonly #cache = new MemberCache(KEPT_BYTES);
  readonly #steps: Readonly<Record<StoredForm[number], Step>> = {
    zstd: {
      encode: async (content) => compressToFrames(await this.#makesFrames())(content),
      decode: async (stored, { name }) =>
        decompressFrames(stored, { reader: await this.#readsFrames(), name }),
      open: async (stored) =>
        frameSource(stored, { reader: await this.#readsFrames(), cache: this.#cache }),
    },
    age: {
      encode: async (content) => seal(content, await this.#makesHeaders()),
      decode: async (stored, { sizeBytes: sealedBytes, name }) =>
        unseal(stored, { opener: await this.#opensHeaders(), sealedBytes, name }),
      open: async (stored, { sizeBytes: sealedBytes, name }) =>
        openSealed(stored, { opener: await this.#opensHeaders(), sealedBytes, name }),
    },
  };
  #headerMaker: Promise<HeaderMaker> | undefined;
  #headerOpener: Promise<HeaderOpener> | undefined;
  #frameMaker: Promise<FrameMaker> | undefined;
  #frameReader: Promise<FrameReader> | undefined;

  constructor(keys: CodecKeys) {
    this.#keys = keys;
  }

  /** Whether somebody has named a secret key. */
  get hasIdentities(): boolean {
    return this.#keys.identities !== undefined;
  }

  /** Failure `refused` where nobody has named a secret key. */
  requireIdentities(): void {
    if (!this.hasIdentities) throw noIdentity();
  }

  /** The bytes to store for this content. Failure `program` where a form needs what isn't there. */
  async *encode(content: Bytes, form: StoredForm): AsyncGenerator<Uint8Array> {
    let bytes = content;
    for (const step of form) bytes = await this.#steps[step].encode(bytes);
    yield* bytes;
  }

  /**
   * The content of an object that is read from its beginning to its end. Failures: `damaged` where it isn't what was
   * stored; `refused` where a key is missing; `program`.
   */
  async *decode(stored: Bytes, of: StoredBytes): AsyncGenerator<Uint8Array> {
    let bytes = stored;
    for (const step of of.form.toReversed()) bytes = await this.#steps[step].decode(bytes, of);
    yield* bytes;
  }

  /** The content of an object, read at random. It closes the source. The same failures, now or while it is read. */
  async open(source: OpenedSource, of: StoredBytes): Promise<OpenedSource> {
    await using opened = new DisposableStack();
    let bytes = opened.use(source);
    for (const step of of.form.toReversed()) bytes = await this.#steps[step].open(bytes, of);
    opened.move();
    return bytes;
  }

  /** Ends its processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started[Symbol.asyncDispose]();
  }

  #makesHeaders(): Promise<HeaderMaker> {
    this.#headerMaker ??= HeaderMaker.for(this.#keys.recipients);
    return this.#headerMaker;
  }

  #opensHeaders(): Promise<HeaderOpener> {
    const { identities, recipients } = this.#keys;
    if (identities === undefined) throw noIdentity();
    this.#headerOpener ??= identities().then((all) => HeaderOpener.with(all, recipients));
    return this.#headerOpener;
  }

  #makesFrames(): Promise<FrameMaker> {
    this.#frameMaker ??= openFrameMaker().then((maker) => this.#started.use(maker));
    return this.#frameMaker;
  }

  #readsFrames(): Promise<FrameReader> {
    this.#frameReader ??= openFrameReader().then((reader) => this.#started.use(reader));
    return this.#frameReader;
  }
}

function noIdentity(): Failure {
  return new Failure('refused', 'Cannot read this copy: it is encrypted, and no key is named', {
    hint: { kind: 'name-identity' },
  });
}
