import { readFileSync } from 'node:fs';

/**
 * The version of this program, from its package.json, which is three folders up from here. The build of the
 * executable puts the text itself in this module's place.
 */
export const VERSION: string = (() => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const found: unknown = JSON.parse(text);
  if (typeof found === 'object' && found !== null && 'version' in found)
    return String(found.version);
  throw new Error('package.json has no version');
})();
