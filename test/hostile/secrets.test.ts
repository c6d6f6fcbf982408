/** What is secret shows in no list of processes, no log, no report and no script. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withoutSecrets } from '../../src/config/buildout/address.ts';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const SECRET = 's3cret';

it.each([
  [`https://ana:${SECRET}@host:8/a.cfg`, 'https://***@host:8/a.cfg'],
  [`https://${SECRET}@host/a.cfg?token=${SECRET}#x`, 'https://***@host/a.cfg?***#x'],
  [`http://ana:${SECRET}@${SECRET}@host/`, 'http://***@host/'],
  ['http://host/a@b.cfg', 'http://host/a@b.cfg'],
  ['/srv/ana:b@c/buildout.cfg?x', '/srv/ana:b@c/buildout.cfg?x'],
])('%s is shown as %s', (address, shown) => {
  expect(withoutSecrets(address)).toBe(shown);
});

it('the password of an address is sent to its server, and told nobody else', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer(({ headers, url }, response) => {
    seen.push(headers.authorization);
    if (url?.startsWith('/gone')) response.statusCode = 404;
    response.end(
      url?.startsWith('/broken') ? 'no cfg' : '[backup]\nkeep = 7\nbad_option = 1\ndebug = false\n',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = (name: string) =>
    `http://ana:${SECRET}@127.0.0.1:${port}/${name}.cfg?t=${SECRET}`;
  try {
    const site = await newBuildoutSite(scratch, undefined);
    const outputs: string[] = [];
    for (const [name, ...words] of [
      ['good', 'config'],
      ['good', 'install', '-v'],
      ['gone', 'config', '--json'],
      ['broken', 'config'],
    ]) {
      const cfg = recipeCfg(['backup_blobs = false', 'full = false']);
      site.configure(`[buildout]\nextends = ${address(name ?? '')}\n${cfg}`);
      const { stdout, stderr } = await site.run(words);
      outputs.push(stdout + stderr);
    }
    site.configure(`[buildout]\nextends = http://ana:${SECRET}@127.0.0.1:1/x.cfg\n`);
    outputs.push((await site.run(['list', '-v'])).stderr);
    for (const name of site.scripts()) outputs.push(readFileSync(site.path('bin', name), 'utf8'));
    expect(outputs.join('\n')).not.toContain(SECRET);
    expect(outputs[0]).toContain(`http://***@127.0.0.1:${port}/good.cfg?***:2`);
    expect(outputs.join('\n')).toContain('the server answered 404');
    const expected = `Basic ${Buffer.from(`ana:${SECRET}`).toString('base64')}`;
    expect(new Set(seen)).toEqual(new Set([expected]));
  } finally {
    server.close();
  }
});

it('what a pre_command holds shows in no list of processes, and in no log', async () => {
  const list = join(scratch, 'processes');
  const site = await newBuildoutSite(
    scratch,
    recipeCfg([
      'debug = true',
      'backup_blobs = false',
      `pre_command = PASSWORD=${SECRET}; export OTHER=1; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >${list} || true`,
      'post_command = test "$ZODBVAULT_ACTION" = backup && test -z "$ZODBVAULT_SCRIPT"',
    ]),
  );
  const { stdout, stderr } = await site.scriptWell('backup');
  expect(readFileSync(list, 'utf8')).toContain('/bin/sh');
  expect(readFileSync(list, 'utf8')).not.toContain(SECRET);
  expect(stdout + stderr).not.toContain(SECRET);
  expect(readdirSync(site.path('var/backups')).length).toBeGreaterThan(0);
});
