import { parseRecipients } from '../../../system/age/keys.ts';
import { Failure } from '../../../system/failure.ts';
import { readSmallFile } from '../../../system/files/small-file.ts';

/** The public keys that settings name: each a key, or `@` and a file of them. Failures: `usage`, `not-found`. */
export async function readRecipients(written: readonly string[]): Promise<readonly string[]> {
  const recipients: string[] = [];
  for (const word of written) {
    recipients.push(...(word.startsWith('@') ? await readFile(word.slice(1)) : parse(word)));
  }
  return recipients;
}

function parse(word: string): readonly string[] {
  return parseRecipients(word, `recipients, "${word}"`);
}

async function readFile(path: string): Promise<readonly string[]> {
  const text = await readSmallFile(path);
  if (text !== undefined) return parseRecipients(text, `"${path}"`);
  throw new Failure('not-found', `Cannot read the public keys in "${path}": it does not exist`, {
    hint: 'Correct "recipients" in the settings of the copy: without these keys, nothing is copied.',
  });
}
