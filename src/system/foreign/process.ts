import { type Program, type RunningProgram, startProgram } from '../processes/programs.ts';
import { decodeLength, encodeLength, LENGTH_BYTES } from './frame.ts';

/** What is beyond all answers. */
export interface ProcessLimits {
  /** How long one may take. */
  readonly patienceMs: number;
  readonly mostAnswerBytes: number;
}

interface Request {
  /** Bytes that stay free before the answer. */
  readonly headroom: number;
  readonly resolve: (answer: Buffer | undefined) => void;
}

/**
 * A process that calls a library and does nothing else: a fault in a library of C ends the whole process that called it.
 * When the process fails in any way, it is killed, and no request gets an answer.
 */
export class LibraryProcess {
  readonly #program: RunningProgram;
  readonly #patienceMs: number;
  readonly #mostAnswerBytes: number;
  readonly #requests: Request[] = [];
  #isUsable = true;
  #watch: NodeJS.Timeout | undefined;

  constructor(program: Program, { patienceMs, mostAnswerBytes }: ProcessLimits) {
    this.#program = startProgram(program);
    this.#patienceMs = patienceMs;
    this.#mostAnswerBytes = mostAnswerBytes;
    const reader = new ChunkReader(this.#program.stdout);
    const end = () => Promise.all([reader.close(), this.end()]);
    void this.#read(reader).then(end, end);
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Number of requests that wait for an answer. */
  get load(): number {
    return this.#requests.length;
  }

  /**
   * What the library should have made of the content, with so many bytes free before it; undefined if the process fails.
   * The content must not change meanwhile.
   */
  ask(
    content: Uint8Array,
    { headroom }: { readonly headroom: number },
  ): Promise<Buffer | undefined> {
    if (!this.#isUsable) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#requests.push({ headroom, resolve });
      this.#watch ??= setTimeout(() => void this.end(), this.#patienceMs);
      const { stdin } = this.#program;
      stdin.cork();
      stdin.write(encodeLength(content.length));
      stdin.write(content);
      stdin.uncork();
    });
  }

  /** Kills it, as it holds nothing that anybody needs, and waits until it is gone. */
  async end(): Promise<void> {
    if (this.#isUsable) {
      this.#isUsable = false;
      this.#stopWatch();
      this.#program.destroy();
      for (const { resolve } of this.#requests.splice(0)) resolve(undefined);
    }
    await this.#program.ended.catch(() => {}); // It could not be started.
  }

  /** Takes its answers, until it says something else. */
  async #read(reader: ChunkReader): Promise<void> {
    const header = Buffer.alloc(LENGTH_BYTES);
    while (await reader.fill(header)) {
      const length = decodeLength(header);
      const [request] = this.#requests;
      if (length === 0 || length > this.#mostAnswerBytes || request === undefined) return;
      const answer = Buffer.allocUnsafe(request.headroom + length);
      if (!(await reader.fill(answer.subarray(request.headroom)))) return;
      this.#requests.shift();
      this.#watch?.refresh();
      if (this.#requests.length === 0) this.#stopWatch();
      request.resolve(answer);
    }
  }

  #stopWatch(): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
  }
}

/** Takes as many bytes from a stream as somebody asks for. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** What is not read holds up the end of the process. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Fills `target`; whether there were enough bytes. */
  async fill(target: Uint8Array): Promise<boolean> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) return false;
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return true;
  }
}
