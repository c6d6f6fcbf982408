import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { programOf } from './real-parts.ts';

/** A Zope that runs. Disposed of, it is ended. */
export interface ZopeServer extends AsyncDisposable {
  /** As in `http://localhost:8080/`: Plone has no theme for 127.0.0.1. */
  readonly url: string;
}

/** Starts the instance of a `zope.conf`; resolves when it answers. */
export async function startZope(zopeConf: string): Promise<ZopeServer> {
  const port = await freePort();
  const ini = `${zopeConf}.ini`;
  writeFileSync(
    ini,
    `[app:zope]\nuse = egg:Zope#main\nzope_conf = ${zopeConf}\n` +
      `[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nport = ${port}\n` +
      '[pipeline:main]\npipeline = egg:Zope#httpexceptions zope\n',
  );
  const server = spawn(programOf('plone', 'runwsgi'), [ini], { stdio: 'ignore' });
  const closed = once(server, 'close');
  while (!(await isOpen(port))) {
    if (server.exitCode !== null) throw new Error(`runwsgi ended with ${server.exitCode}`);
    await pause(100);
  }
  return {
    url: `http://localhost:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGKILL');
      await closed;
    },
  };
}

/** For requests of the user that `mkwsgiinstance -u admin:admin` makes. */
export const AS_ADMIN = {
  Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
} as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  return bound !== null && typeof bound !== 'string' ? bound.port : 0;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
