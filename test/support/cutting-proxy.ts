import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a connection: it is cut when so many bytes went through it, of both directions together. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes after which the next connections are cut; undefined: never. */
  cutAfter(bytes: number | undefined): void;
  /** Connections so far, and bytes of those that ended and of those that are open. */
  readonly connections: number;
  readonly bytesToServer: number;
  /** Cuts all that are open. */
  cut(): void;
}

/** Stands in front of a server on the loopback address. */
export async function cuttingProxy(serverPort: number): Promise<CuttingProxy> {
  let limit: number | undefined;
  let connections = 0;
  let bytesToServer = 0;
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    connections += 1;
    const upstream = connect(serverPort, '127.0.0.1');
    let left = limit ?? Number.POSITIVE_INFINITY;
    const pair = [client, upstream];
    for (const socket of pair) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        for (const one of pair) one.destroy();
      });
    }
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (bytes) => {
        const passed = bytes.subarray(0, left);
        left -= passed.length;
        if (to === upstream) bytesToServer += passed.length;
        if (!to.write(passed)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
        if (left === 0) for (const one of pair) one.destroySoon();
      });
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    cutAfter: (bytes) => {
      limit = bytes;
    },
    get connections() {
      return connections;
    },
    get bytesToServer() {
      return bytesToServer;
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
