import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openCopy } from '../src/operations/copies/copy-place.ts';
import { pushSite } from '../src/operations/copies/push-site.ts';
import { changeTags } from '../src/operations/retention/tag-points.ts';
import { parseStamp } from '../src/repository/layout/stamp.ts';
import { zodbvault } from './support/command.ts';
import { type CopiedTestSite, copiedSite, filesBelow, stampOfDay } from './support/copied-site.ts';
import { countedObjects } from './support/counted-objects.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();
const TAG = 'before-upgrade';
let copied: CopiedTestSite;

beforeAll(async () => {
  copied = await copiedSite(scratch);
}, 60_000);

const change = (action: 'give' | 'take', day: number) =>
  changeTags(
    copied.site,
    {
      ...{ action, name: TAG, kind: 'backup', now: () => new Date() },
      stamp: parseStamp(stampOfDay(day)),
    },
    quietContext(),
  );

async function push(): Promise<readonly string[]> {
  const { site, copy } = copied;
  const store = countedObjects(await openCopy(copy));
  const request = { site, copy, now: () => new Date(), open: async () => store };
  await pushSite(request, quietContext());
  return store.requests;
}

/** The days whose restore points have the tag in the copy, as somebody sees it who has nothing else. */
async function taggedDays(): Promise<readonly number[]> {
  const listed = await zodbvault(['list', '--from', copied.place, '--json'], { cwd: scratch });
  const { points } = JSON.parse(listed.stdout) as {
    readonly points: readonly { readonly stamp: string; readonly tags?: readonly string[] }[];
  };
  const tagged = points.filter(({ tags }) => tags?.includes(TAG)).map(({ stamp }) => stamp);
  return [1, 2, 3, 4, 5].filter((day) => tagged.includes(stampOfDay(day)));
}

const changes = () => filesBelow(join(copied.place, 'sites/plone/tags'));

it('a tag comes to the copy after its restore point, and a run with nothing new asks no more for it', async () => {
  await change('give', 2);
  await push();
  expect(await taggedDays()).toEqual([2]);
  const written = changes();
  expect(written.length).toBe(1);
  expect((await push()).length).toBeLessThanOrEqual(3);
  expect(changes()).toEqual(written);
});

it('what is tagged in the copy stays, with what it needs, whoever prunes there', async () => {
  const words = ['prune', '--from', copied.place, '--keep-daily', '1', '--dry-run', '--json'];
  const { stdout } = await zodbvault(words, { cwd: scratch });
  const { points } = JSON.parse(stdout) as {
    readonly points: readonly { stays: boolean; reasons: string[] }[];
  };
  expect(points.map(({ stays }) => stays)).toEqual([true, true, false, true, true]);
  expect(points[1]?.reasons).toEqual([`tagged ${TAG}`]);
});

it('a tag that is removed here goes there, too, though the restore point is gone here', async () => {
  await change('give', 1);
  await push();
  expect(await taggedDays()).toEqual([1, 2]);
  await change('take', 2);
  writeFileSync(
    join(copied.test.folder, 'zodbvault.toml'),
    `copies = [{ url = "${copied.place}", site = "plone" }]\n`,
  );
  await copied.test.runWell('delete', '-n', stampOfDay(2));
  await copied.test.runWell('copy');
  expect(await taggedDays()).toEqual([1]);
  // It has been given, and taken: nothing is written over.
  expect(changes().length).toBe(3);
});

it('a tag that the copy alone knows stays', async () => {
  const other = { ...copied.site, copies: [] };
  await changeTags(
    other,
    { action: 'take', name: TAG, kind: 'backup', stamp: undefined, now: () => new Date() },
    quietContext(),
  );
  await push();
  expect(await taggedDays()).toEqual([1]);
});
