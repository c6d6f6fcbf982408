import { userInfo } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../test/support/outcome.ts';
import { formatSftpUrl, parseSftpUrl, pathIn } from './sftp-address.ts';

const me = userInfo().username;

describe('address of a folder on a server', () => {
  it.each([
    ['sftp://u@host/srv/site', { user: 'u', host: 'host', port: 22, folder: '/srv/site' }],
    ['sftp://u@host:2222/srv/', { user: 'u', host: 'host', port: 2222, folder: '/srv' }],
    ['sftp://host/srv', { user: me, host: 'host', port: 22, folder: '/srv' }],
    ['sftp://u@host', { user: 'u', host: 'host', port: 22, folder: '/' }],
    ['sftp://u@host/', { user: 'u', host: 'host', port: 22, folder: '/' }],
    ['sftp://u@host/~/site', { user: 'u', host: 'host', port: 22, folder: 'site' }],
    ['sftp://u@host/~/', { user: 'u', host: 'host', port: 22, folder: '.' }],
    ['sftp://u@[::1]:2222/a', { user: 'u', host: '::1', port: 2222, folder: '/a' }],
    ['sftp://u@host/a%20b%23', { user: 'u', host: 'host', port: 22, folder: '/a b#' }],
    ['sftp://u%40home@host/a', { user: 'u@home', host: 'host', port: 22, folder: '/a' }],
  ])('%s is read', (text, address) => {
    expect(parseSftpUrl(text)).toEqual(address);
  });

  it.each(['sftp://', 'sftp:///path', 'sftp://u@h:99999/a', 'sftp://u@h/a?b', 'sftp://u@h/%zz'])(
    '%s is refused',
    async (text) => {
      expect(await outcomeOf(() => parseSftpUrl(text))).toMatchObject({ code: 'usage' });
    },
  );

  it('with a password is refused, and the message does not repeat it', async () => {
    const outcome = await outcomeOf(() => parseSftpUrl('sftp://u:geheim@host/a'));
    expect(outcome).toMatchObject({ code: 'usage', message: expect.stringContaining('u@host') });
    expect(JSON.stringify(outcome)).not.toContain('geheim');
  });

  it('is written as it is read', () => {
    const names = fc.stringMatching(/^[a-z0-9 #?%~@:äß.-]{1,8}$/).filter((name) => name !== '.');
    const folder = fc
      .array(names, { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'))
      .filter((path) => !path.split('/').some((name) => ['.', '..', '~'].includes(name)));
    fc.assert(
      fc.property(
        names,
        fc.constantFrom('host', 'backup.example.com', '::1', '10.0.0.1'),
        fc.integer({ min: 1, max: 65_535 }),
        fc.oneof(
          folder,
          folder.map((path) => `/${path}`),
          fc.constantFrom('/', '.'),
        ),
        (user, host, port, path) => {
          const address = { user, host, port, folder: path };
          expect(parseSftpUrl(formatSftpUrl(address))).toEqual(address);
        },
      ),
    );
  });

  it('leads to what is in it', () => {
    expect([pathIn('/', 'a'), pathIn('/b', 'a'), pathIn('.', 'a'), pathIn('b', 'a/c')]).toEqual([
      '/a',
      '/b/a',
      'a',
      'b/a/c',
    ]);
    expect([pathIn('/', ''), pathIn('.', ''), pathIn('b', '')]).toEqual(['/', '.', 'b']);
  });
});
