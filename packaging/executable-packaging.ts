import { getAsset } from 'node:sea';
import type { Packaging } from '../src/system/processes/packaging.ts';

/** In place of src/system/processes/packaging.ts, in the executable. */
export const PACKAGING: Packaging = {
  kind: 'executable',
  source: () => getAsset('zodbvault.cjs', 'utf8'),
};
