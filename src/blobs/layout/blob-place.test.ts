import { join } from 'node:path';
import { expect, it } from 'vitest';
import { placeOfBlobs, refuseLostLink } from './blob-place.ts';

it('takes a path that the system refuses to look at for no missing link', async () => {
  const path = join(import.meta.dirname, 'x'.repeat(300));
  await expect(placeOfBlobs(path)).rejects.toMatchObject({ code: 'system' });
  await expect(refuseLostLink(path, path)).rejects.toMatchObject({ code: 'system' });
});
