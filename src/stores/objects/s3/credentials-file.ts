import { stat } from 'node:fs/promises';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { readSmallFile } from '../../../system/files/small-file.ts';

/** What signs requests. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Rights of everybody to read or write a file. */
const OTHERS = 0o006;

/**
 * The credentials in a file, which is written as Amazon's programs do it: `aws_access_key_id = ...` and
 * `aws_secret_access_key = ...`, in the section `[default]` or without one. Failures: `not-found`, `system`; `usage`
 * for what has none; `refused` where everybody may read it.
 */
export async function credentialsIn(path: string): Promise<Credentials> {
  const { mode } = await withSystemErrors(`read "${path}"`, () => stat(path));
  if ((mode & OTHERS) !== 0) {
    throw new Failure('refused', `Cannot use "${path}": every user of this machine may read it`, {
      hint: `Take that right away: chmod o-rw "${path}".`,
    });
  }
  const values = valuesIn((await readSmallFile(path)) ?? '');
  const accessKeyId = values.get('aws_access_key_id');
  const secretAccessKey = values.get('aws_secret_access_key');
  const sessionToken = values.get('aws_session_token');
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Failure('usage', `Cannot use "${path}": it has no credentials`, {
      hint: 'Write two lines into it: aws_access_key_id = ..., and aws_secret_access_key = ...',
    });
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function valuesIn(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = 'default';
  for (const line of text.split('\n')) {
    section = /^\s*\[(.*)\]/.exec(line)?.[1]?.trim() ?? section;
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (section === 'default' && value !== '') values.set(name, value);
  }
  return values;
}
