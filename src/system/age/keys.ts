import { bech32 } from '@scure/base';
import { Failure } from '../failure.ts';

/*
 * Keys of age as people keep them: a public key, which is a recipient, in a line; a secret key, which is an identity, in a
 * file of lines that `age-keygen` writes. Lines that begin with # say something to people.
 */

/** A pair of keys. */
export interface KeyPair {
  readonly identity: string;
  readonly recipient: string;
}

/** An X25519 key has 32 bytes. Undefined where the text is none of that kind, or its checksum isn't right. */
const isKey = (text: string, prefix: string) => {
  const key = bech32.decodeUnsafe(text);
  return key?.prefix === prefix && bech32.fromWordsUnsafe(key.words)?.length === 32;
};

/** Whether a text is a public key of age. */
export function isRecipient(text: string): boolean {
  return text === text.toLowerCase() && isKey(text, 'age');
}

/** Whether a text is a secret key of age. */
export function isIdentity(text: string): boolean {
  return text === text.toUpperCase() && isKey(text, 'age-secret-key-');
}

/** Whether somebody has written a secret key, right or not. */
export function looksSecret(text: string): boolean {
  return /^AGE-SECRET-KEY-/i.test(text);
}

export async function newKeyPair(): Promise<KeyPair> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** What `age-keygen` writes of a pair. */
export function formatIdentityFile({ identity, recipient }: KeyPair, createdAt: Date): string {
  const time = createdAt.toISOString().replace(/\.\d+/, '');
  return `# created: ${time}\n# public key: ${recipient}\n${identity}\n`;
}

/**
 * The public keys in a text, one a line. Failure `usage` where a line is something else, or there is none.
 *
 * @param name - how messages call the text
 */
export function parseRecipients(text: string, name: string): readonly string[] {
  const recipients = linesOf(text).map(({ line, number }) => {
    if (looksSecret(line)) throw secretKey(name);
    if (!isRecipient(line)) throw notARecipient({ name, number });
    return line;
  });
  if (recipients.length === 0) throw noKey(name, 'public');
  return recipients;
}

/** The secret keys in a text, one a line; the same failures. No key is ever in a message. */
export function parseIdentities(text: string, name: string): readonly string[] {
  const identities = linesOf(text).map(({ line, number }) => {
    if (isIdentity(line)) return line;
    throw notAnIdentity({ name, number });
  });
  if (identities.length === 0) throw noKey(name, 'secret');
  return identities;
}

function linesOf(text: string): readonly { readonly line: string; readonly number: number }[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}

interface Line {
  readonly name: string;
  readonly number: number;
}

function notARecipient({ name, number }: Line): Failure {
  return new Failure('usage', `Cannot use ${name}: line ${number} is not a public key of age`, {
    hint: 'A public key has 62 characters and begins with age1. "age-keygen -y FILE" prints that of a secret key.',
  });
}

function notAnIdentity({ name, number }: Line): Failure {
  return new Failure('usage', `Cannot use ${name}: line ${number} is not a secret key of age`, {
    hint: 'Name the file with the secret key: it has a line that begins with AGE-SECRET-KEY-1.',
  });
}

function noKey(name: string, kind: 'public' | 'secret'): Failure {
  return new Failure('usage', `Cannot use ${name}: it has no ${kind} key of age`, {
    hint: 'Name another file, or make a pair of keys.',
  });
}

function secretKey(name: string): Failure {
  return new Failure('usage', `Cannot use ${name}: it has a secret key`, {
    hint: 'Who can read this file can read the copies. Keep the secret key elsewhere, and write the public key here: it begins with age1.',
  });
}
