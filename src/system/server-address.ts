import { isIP } from 'node:net';

/** Where a server listens, or is to listen. */
export type ServerAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string };

/** As `<zeoclient>` and `runzeo` write it: `HOST:PORT`, `[HOST]:PORT` for IPv6, or a path. */
export function formatAddress(address: ServerAddress): string {
  if (address.kind === 'socket') return address.path;
  const { host, port } = address;
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/**
 * The reverse: a path has a slash. Undefined for anything else, as for a port over 65535; port 0 is any free one.
 */
export function parseAddress(text: string): ServerAddress | undefined {
  if (text.includes('/')) return { kind: 'socket', path: text };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  return port > 65535 ? undefined : { kind: 'tcp', host: bracketed ?? (plain || LOOPBACK), port };
}

export const LOOPBACK = '127.0.0.1';

/** Whether other machines, or other users of this one, can reach it: a socket belongs to its user alone. */
export function isOpenToOthers(address: ServerAddress): boolean {
  if (address.kind === 'socket') return false;
  const { host } = address;
  return !(host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')));
}
