import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Puts the version itself, and a module that says how the program is put together, where the source looks for them. */
export function inPlaceOf({ packaging }: { readonly packaging: string }): Plugin {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    name: 'in-place-of',
    setup: ({ onLoad }) => {
      onLoad({ filter: /src\/system\/processes\/version\.ts$/ }, () => ({
        contents: `export const VERSION = ${JSON.stringify(version)};`,
      }));
      onLoad({ filter: /src\/system\/processes\/packaging\.ts$/ }, () => ({
        contents: readFileSync(packaging, 'utf8'),
        loader: 'ts',
        resolveDir: import.meta.dirname,
      }));
    },
  };
}
