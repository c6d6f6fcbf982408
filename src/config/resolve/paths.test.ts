import { describe, expect, it } from 'vitest';
import { expandPath } from './paths.ts';

/** The recipe's own acceptance list, "path expansion" (37). */
describe('path of a part', () => {
  const pathEnvironment = {
    variables: { BACKUPS: '/srv/b', NAME: 'x', EMPTY: '' },
    homeOf: (user: string | undefined) =>
      user === undefined ? '/home/me' : user === 'zope' ? '/home/zope' : undefined,
  };

  it.each([
    ['/absolute', '/absolute'],
    ['relative/path', '/base/relative/path'],
    ['', '/base'],
    ['.', '/base'],
    ['a/../b/./c//d', '/base/b/c/d'],
    ['../beside', '/beside'],
    ['../../../above', '/above'],
    ['slash/at/end/', '/base/slash/at/end'],
    ['~', '/home/me'],
    ['~/backups', '/home/me/backups'],
    ['~zope/backups', '/home/zope/backups'],
    ['~nobody/backups', '/base/~nobody/backups'],
    ['a/~', '/base/a/~'],
    ['$BACKUPS/site', '/srv/b/site'],
    ['a$NAME', '/base/ax'],
    [`\${BACKUPS}site`, '/srv/bsite'],
    ['$UNKNOWN/site', '/base/$UNKNOWN/site'],
    ['$EMPTY/site', '/site'],
    ['$', '/base/$'],
    ['with blank and "quote"', '/base/with blank and "quote"'],
  ])('%j is %j', (text, path) => {
    expect(expandPath(text, { base: '/base', pathEnvironment })).toBe(path);
  });
});
