import type { Packaging } from '../src/system/processes/packaging.ts';

/** In place of src/system/processes/packaging.ts, in the npm package: all chunks lie beside the command. */
export const PACKAGING: Packaging = {
  kind: 'package',
  command: new URL('main.js', import.meta.url),
  worker: new URL('worker.js', import.meta.url),
  isal: new URL('isal.js', import.meta.url),
  zstd: new URL('zstd.js', import.meta.url),
};
