import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { makeFolder } from './make-folder.ts';
import { PRIVATE } from './rights.ts';

const scratch = scratchFolder();

describe('a folder that is made', () => {
  it('has the usual rights, or those that are asked for, with those above it', async () => {
    const path = join(scratch, 'a', 'b');
    expect(await makeFolder(path)).toEqual({ wasMade: true, uppermost: join(scratch, 'a') });
    expect(await makeFolder(path)).toEqual({ wasMade: false, uppermost: undefined });
    const modeOf = (one: string) => statSync(one).mode & 0o777;
    expect(modeOf(path)).toBe(0o777 & ~process.umask());
    await makeFolder(join(scratch, 'c', 'd'), { rights: PRIVATE });
    expect([modeOf(join(scratch, 'c')), modeOf(join(scratch, 'c/d'))]).toEqual([0o700, 0o700]);
    await makeFolder(join(scratch, 'e'), { rights: { kind: 'exact', mode: 0o660 } });
    expect(modeOf(join(scratch, 'e'))).toBe(0o770);
  });

  it('is a failure where the system lets nobody make one', async () => {
    const outcome = await outcomeOf(() => makeFolder('/proc/zodbvault/below'));
    expect(outcome).toMatchObject({ code: 'not-found' });
  });

  it('is a failure below a file', async () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    expect(await outcomeOf(() => makeFolder(join(file, 'below')))).toMatchObject({
      code: 'system',
    });
  });
});
