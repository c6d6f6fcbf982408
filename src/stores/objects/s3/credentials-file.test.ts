import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../test/support/outcome.ts';
import { scratchFolder } from '../../../../test/support/scratch.ts';
import { credentialsIn } from './credentials-file.ts';

const path = join(scratchFolder(), 'credentials');
const write = (text: string, mode = 0o600) => {
  writeFileSync(path, text);
  chmodSync(path, mode);
};

const KEY = 'aws_access_key_id = key\n';
const SECRET = 'aws_secret_access_key=se/cr+et==\n';

describe('a file of credentials', () => {
  it.each([
    [`[default]\n${KEY}${SECRET}`],
    [`${KEY}${SECRET}`],
    [`# mine\r\n[default]\r\n  ${KEY}\n${SECRET}\n[other]\naws_access_key_id = other\n`],
    [`[other]\naws_access_key_id = other\n[default]\n${SECRET}${KEY}`],
  ])('gives those without a section, or of the section default: %j', async (text) => {
    write(text);
    const expected = { accessKeyId: 'key', secretAccessKey: 'se/cr+et==' };
    expect(await credentialsIn(path)).toEqual(expected);
  });

  it('may have a token, too', async () => {
    write(`${KEY}${SECRET}aws_session_token = token\n`);
    expect(await credentialsIn(path)).toMatchObject({ sessionToken: 'token' });
  });

  it.each(['', KEY, `[other]\n${KEY}${SECRET}`])(
    'is refused where they are not: %j',
    async (text) => {
      write(text);
      expect(await outcomeOf(() => credentialsIn(path))).toMatchObject({ code: 'usage' });
    },
  );

  it('is refused where everybody may read it, and missed where it is not there', async () => {
    write(`${KEY}${SECRET}`, 0o644);
    expect(await outcomeOf(() => credentialsIn(path))).toMatchObject({ code: 'refused' });
    expect(await outcomeOf(() => credentialsIn(`${path}-not`))).toMatchObject({
      code: 'not-found',
    });
  });
});
