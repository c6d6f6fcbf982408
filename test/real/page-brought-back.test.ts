import { join } from 'node:path';
import { expect, it } from 'vitest';
import { photographPage } from '../../tools/pictures/page-brought-back.ts';
import { describeReal } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

describeReal('plone', 'page of a Plone site', () => {
  it('looks in a browser as it did before somebody removed it', async () => {
    const { before, gone, back } = await photographPage(join(scratch, 'club'));
    expect(gone.equals(before)).toBe(false);
    expect(back.equals(before)).toBe(true);
  });
});
