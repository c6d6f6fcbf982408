import type { InstanceCopy } from '../../operations/open/instance/instance-copy.ts';
import type { ServedSite, ServedState } from '../../operations/open/serve-site.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { formatAddress } from '../../system/server-address.ts';
import { count, formatBytes, formatUtcMoment } from '../format/units.ts';

/** Where a server listens, and a line for each of its storages. */
export function describeServed({ address, storages }: ServedSite): readonly string[] {
  return [formatAddress(address), ...storages.map(describeStorage)];
}

function describeStorage(served: ServedState): string {
  const { storage, zeoName, tid, time, objects, bytes, fingerprint } = served;
  const what = `${count(objects, 'object')}, ${formatBytes(bytes)}${describeCheck(fingerprint)}`;
  return `Storage ${zeoName}: ${storage} at ${formatUtcMoment(time)}, ${tid}, ${what}`;
}

function describeCheck(fingerprint: ServedState['fingerprint']): string {
  if (fingerprint === undefined) return '';
  return fingerprint.remembered === undefined
    ? ', all read, but never verified with --deep before'
    : ', the same as when it was verified with --deep';
}

/** How the instance of a copy is started. */
export function describeCopy({ starter, wsgiIni }: InstanceCopy): string {
  const { program, words } = starter ?? { program: 'runwsgi', words: [] };
  return `Start the copy with: ${[program, ...words, wsgiIni].map(quoteWord).join(' ')}`;
}

/** How a zope.conf names it. */
export function describeUse({ address, storages }: ServedSite): string {
  const name = storages.at(-1)?.zeoName;
  return `In a zope.conf, write "server ${formatAddress(address)}", "storage ${name}" and "read-only true" into <zeoclient>. Ctrl-C ends this command`;
}
