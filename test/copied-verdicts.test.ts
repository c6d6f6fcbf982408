import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifyCopy } from '../src/operations/copies/verify-copy.ts';
import { listSite } from '../src/operations/list/list-site.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import type { ObjectStore } from '../src/stores/objects/object-store.ts';
import { Failure } from '../src/system/failure.ts';
import { copiedSite, filesBelow, seenFrom, stampOfDay } from './support/copied-site.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();

/** What a list of the copy says of each restore point: of its data, and of its blobs. */
async function judged(store: ObjectStore) {
  const { site, backups } = await seenFrom(store);
  await using _backups = backups;
  const [place] = await listSite(site, { kind: 'backup', backups });
  return (place?.points ?? []).map((one) => {
    if (one.kind === 'blobs') throw new Error('there is a Data.fs');
    const { data, blobs } = one.judgement;
    return [data, blobs].map((part) =>
      part.kind === 'good' ? (part.depth ?? 'unknown') : part.kind,
    );
  });
}

it('a copy knows what looks at all of it have found, and lists show it', async () => {
  const { site, copy, place } = await copiedSite(scratch);
  const store = folderObjects(place);
  let hour = 0;
  const events: JobEvent[] = [];
  const verify = (open = async (): Promise<ObjectStore> => folderObjects(place)) => {
    const now = () => new Date(Date.UTC(2026, 2, 9, ++hour));
    return verifyCopy(
      { site, copy, now, open },
      quietContext((event) => events.push(event)),
    );
  };
  expect(await judged(store)).toEqual(Array(5).fill(['unknown', 'unknown']));
  await verify();
  const good = ['verify', 'verify'];
  expect(await judged(store)).toEqual(Array(5).fill(good));

  const objects = join(place, 'sites/plone');
  const damage = (part: string) => {
    const [name = ''] = filesBelow(objects).filter((path) => path.includes(part));
    const path = join(objects, name);
    const bytes = readFileSync(path);
    const other = Buffer.from(bytes);
    other.writeUInt8((other[9] ?? 0) ^ 1, 9);
    writeFileSync(path, other);
    return () => writeFileSync(path, bytes);
  };
  const repairs = [damage(`${stampOfDay(2)}.delta`), damage('manifests/')];
  await verify();
  const after = await judged(store);
  expect(after.map(([data]) => data)).toEqual(['verify', 'bad', 'bad', 'verify', 'verify']);
  expect(after.map(([, blobs]) => blobs)).toContain('bad');

  for (const repair of repairs) repair();
  const refuse = async (key: string): Promise<never> => {
    throw new Failure('refused', `Cannot write "${key}": not allowed`, { hint: 'Ask.' });
  };
  const told = () => events.flatMap((one) => (one.kind === 'warning' ? one.code : []));
  await verify(async () => ({ ...folderObjects(place), put: refuse }));
  expect(told()).toEqual([]);
  const repair = damage(`${stampOfDay(2)}.delta`);
  await verify(async () => ({ ...folderObjects(place), put: refuse }));
  expect(told()).toEqual(['bad-result-not-noted']);
  repair();
  await verify();
  expect(await judged(store)).toEqual(Array(5).fill(good));

  const eventsIn = () => filesBelow(objects).filter((path) => path.startsWith('events/')).length;
  const most = 16;
  for (let looks = 0; looks <= most; looks++) await verify();
  expect(eventsIn()).toBeLessThan(most);
  expect(await judged(store)).toEqual(Array(5).fill(good));
}, 120_000);
