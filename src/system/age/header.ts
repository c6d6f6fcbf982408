/**
 * The header of an age file: lines of text, of which the last begins with `---` and has a checksum. It holds the key of
 * the file, once for each recipient: https://age-encryption.org/v1, "File format".
 */
import { Failure } from '../failure.ts';

type Age = typeof import('age-encryption');

/** Where a header ends: a line that begins so. */
const LAST_LINE = Buffer.from('\n--- ');
const NEW_LINE = 0x0a;

/** Most bytes of a header: each recipient takes some 100. */
export const MOST_HEADER_BYTES = 1 << 16;

/** Where the header ends with which these bytes begin; undefined: it goes on behind them. */
export function headerEnd(bytes: Buffer): number | undefined {
  const lastLine = bytes.indexOf(LAST_LINE);
  const end = lastLine < 0 ? -1 : bytes.indexOf(NEW_LINE, lastLine + LAST_LINE.length);
  return end < 0 ? undefined : end + 1;
}

/** Makes headers of files for the owners of keys, which are public keys of age. */
export class HeaderMaker {
  readonly #recipients: readonly string[];
  readonly #age: Age;

  private constructor(recipients: readonly string[], age: Age) {
    this.#recipients = recipients;
    this.#age = age;
  }

  /** @param recipients - at least one: see {@link isRecipient} */
  static async for(recipients: readonly string[]): Promise<HeaderMaker> {
    return new HeaderMaker(recipients, await import('age-encryption'));
  }

  /** A new header, and the key of the file that it begins: one file only. */
  async make(): Promise<{ readonly header: Uint8Array; readonly fileKey: Uint8Array }> {
    let fileKey: Uint8Array | undefined;
    const encrypter = new this.#age.Encrypter();
    for (const recipient of this.#recipients) encrypter.addRecipient(recipient);
    // This one is told the key, and leaves nothing in the header.
    encrypter.addRecipient({
      wrapFileKey: (key) => {
        fileKey = Uint8Array.from(key);
        return [];
      },
    });
    const file = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
    const end = headerEnd(file);
    if (fileKey === undefined || end === undefined) throw new Error('age made no header');
    return { header: file.subarray(0, end), fileKey };
  }
}

/** Opens headers with secret keys. */
export class HeaderOpener {
  readonly #decrypter: InstanceType<Age['Decrypter']>;
  readonly #named: () => Promise<readonly string[]>;
  readonly #closedFor: readonly string[];

  private constructor(
    decrypter: InstanceType<Age['Decrypter']>,
    {
      named,
      closedFor,
    }: {
      readonly named: () => Promise<readonly string[]>;
      readonly closedFor: readonly string[];
    },
  ) {
    this.#decrypter = decrypter;
    this.#named = named;
    this.#closedFor = closedFor;
  }

  /**
   * @param identities - see {@link isIdentity}
   * @param closedFor - public keys for which files were closed, as far as settings tell: a header doesn't
   */
  static async with(
    identities: readonly string[],
    closedFor: readonly string[] = [],
  ): Promise<HeaderOpener> {
    const { Decrypter, identityToRecipient } = await import('age-encryption');
    const named = () => Promise.all(identities.map((one) => identityToRecipient(one)));
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    // It is asked when no other had the key.
    decrypter.addIdentity({
      unwrapFileKey: () => {
        throw new NoneOpens();
      },
    });
    return new HeaderOpener(decrypter, { named, closedFor });
  }

  /**
   * The key of a file. Failures: `refused` where it was encrypted for others; `damaged` where the header is not as it
   * was made.
   *
   * @param name - how messages call the file
   */
  async fileKey(header: Uint8Array, name: string): Promise<Uint8Array> {
    try {
      return await this.#decrypter.decryptHeader(header);
    } catch (error) {
      if (error instanceof NoneOpens) throw await this.#otherRecipients(name);
      throw damagedSeal(name, 'its header is not as it was made');
    }
  }

  async #otherRecipients(name: string): Promise<Failure> {
    const named = await this.#named();
    return new Failure('refused', `Cannot decrypt "${name}": it was encrypted for other keys`, {
      hint: { kind: 'name-other-identity', named, closedFor: this.#closedFor },
    });
  }
}

class NoneOpens extends Error {}

/** The failure for an encrypted file that is not what it was. */
export function damagedSeal(name: string, state: string): Failure {
  return new Failure('damaged', `Cannot decrypt "${name}": ${state}`, {
    hint: 'Somebody changed or cut the file. Bring it back from another copy.',
  });
}
