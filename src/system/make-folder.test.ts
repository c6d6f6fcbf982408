import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../test/support/outcome.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { makeFolder } from './make-folder.ts';

const scratch = scratchFolder();

describe('a folder that is made', () => {
  it('is for its owner only, with those above it', async () => {
    const path = join(scratch, 'a', 'b');
    expect(await makeFolder(path)).toEqual({ wasMade: true, uppermost: join(scratch, 'a') });
    expect(await makeFolder(path)).toEqual({ wasMade: false, uppermost: undefined });
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('is a failure below a file', async () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    expect(await outcomeOf(() => makeFolder(join(file, 'below')))).toMatchObject({
      code: 'system',
    });
  });
});
