import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type Environment, programOf } from './real-parts.ts';
import type { TestSite } from './site.ts';

/** A real ZEO server for the Data.fs and the blobs of a site. */
export interface ZeoServer {
  /** Path of the socket on which it listens. */
  readonly socket: string;
  /** Its configuration. */
  readonly conf: string;
  /** Path of the blob directory, which clients share. */
  readonly blobs: string;
  /** Kills it as a power cut would, and starts it again. */
  readonly killAndStart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts it; resolves when it listens. It ends with the test that calls this, at the latest. */
export async function startZeoServer(site: TestSite, environment: Environment): Promise<ZeoServer> {
  const blobs = join(site.folder, 'var/blobstorage');
  const socket = join(site.folder, 'zeo.sock');
  const conf = join(site.folder, 'server.conf');
  for (const name of ['filestorage', 'blobstorage']) {
    mkdirSync(join(site.folder, 'var', name), { recursive: true });
  }
  writeFileSync(
    conf,
    `<zeo>\n  address ${socket}\n</zeo>\n` +
      `<filestorage 1>\n  path ${site.dataFs}\n  blob-dir ${blobs}\n</filestorage>\n`,
  );
  const start = async () => {
    rmSync(socket, { force: true });
    const server = spawn(programOf(environment, 'runzeo'), ['-C', conf], { stdio: 'ignore' });
    onTestFinished(() => void server.kill('SIGKILL'));
    while (!existsSync(socket)) {
      if (server.exitCode !== null) throw new Error(`runzeo ended with ${server.exitCode}`);
      await pause(50);
    }
    return server;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  };
  let server = await start();
  return {
    socket,
    conf,
    blobs,
    killAndStart: async () => {
      await end(server, 'SIGKILL');
      server = await start();
    },
    stop: () => end(server, 'SIGTERM'),
  };
}
