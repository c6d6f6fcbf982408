import { describe, expect, it } from 'vitest';
import { MAGIC_BYTES } from '../../src/filestorage/format.ts';
import { ROOT_OID } from '../../src/filestorage/oid.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import { ZERO_TID } from '../../src/filestorage/tid.ts';
import { openFileSource } from '../../src/system/files/byte-source.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

const MAPPING = 'persistent.mapping.PersistentMapping';
const BLOB = 'ZODB.blob.Blob';

interface Count {
  readonly objects: number;
  readonly bytes: number;
}

describe('two restore points that are compared', () => {
  it('differ by transactions, objects of classes, and blobs, with or without a pack between', async () => {
    const site = await newSite(scratch, 20);
    const points: string[] = [];
    const backup = async (...words: readonly string[]) => {
      await site.runWell('backup', ...words);
      points.push(site.dataFiles().at(-1)?.slice(0, 19) ?? '');
    };
    const diff = async (from = 0, to = 0) => {
      const words = [points[from] ?? '', points[to] ?? ''];
      const [found] = documentOf(await site.runWell('diff', '--json', ...words)).differences;
      const counts = new Map<string, { readonly added: Count; readonly changed: Count }>(
        found.classes.map((one: { name: string }) => [one.name, one]),
      );
      const objectsOf = (name: string) => {
        const one = counts.get(name);
        return [one?.added.objects ?? 0, one?.changed.objects ?? 0];
      };
      return { found, objectsOf };
    };

    let created = ZERO_TID;
    await backup();
    await growDatabase(site.dataFs, { transactions: 3 });
    {
      await using writer = await openDatabase(site.dataFs);
      const data = new Map([['a', 'b']]);
      const oid = writer.newOid();
      const state = { kind: 'mapping', data } as const;
      await writer.commit({ changes: [{ kind: 'state', oid: ROOT_OID, state }] });
      // Twice, but one object; and one that is gone again.
      await writer.commit({ changes: [{ kind: 'state', oid, state }] });
      await writer.commit({ changes: [{ kind: 'state', oid, state }] });
      const undone = await writer.commit({
        changes: [{ kind: 'state', oid: writer.newOid(), state }],
      });
      await writer.undo(undone);
      const content = Buffer.alloc(1000);
      created = await writer.commit({ changes: [{ kind: 'state', oid: writer.newOid(), state }] });
      await writer.commit({ changes: [{ kind: 'blob', oid: writer.newOid(), content }] });
    }
    await backup();
    const { found, objectsOf } = await diff(0, 1);
    expect(found).toMatchObject({ way: 'continued', transactions: 10, removed: 0 });
    expect(found.transactionBytes).toBe(found.to.dataFsBytes - found.from.dataFsBytes);
    expect([objectsOf(MAPPING), objectsOf(BLOB)]).toEqual([
      [5, 1],
      [1, 0],
    ]);
    expect(found.blobs).toMatchObject({ added: 1, changed: 0 });
    expect(found.blobs.to.sizeBytes - found.blobs.from.sizeBytes).toBe(1000);

    {
      // Its data is in front of the point with which it is compared.
      await using writer = await openDatabase(site.dataFs);
      await writer.undo(await rootChange(site));
      await writer.undo(created);
    }
    await backup();
    const undone = await diff(1, 2);
    expect(undone.found).toMatchObject({ way: 'continued', transactions: 2, removed: 1 });
    expect(undone.found.classes).toMatchObject([
      { added: { objects: 0 }, changed: { objects: 1 } },
    ]);
    expect(undone.found.classes[0].changed.sizeBytes).toBeGreaterThan(0);

    // The same differences where all of both is read.
    await backup('--full');
    const compared = await diff(1, 3);
    expect(compared.found.way).toBe('compared');
    for (const name of ['transactions', 'transactionBytes', 'removed', 'classes', 'blobs'])
      expect([name, compared.found[name]]).toEqual([name, undone.found[name]]);

    await growDatabase(site.dataFs, { transactions: 1 });
    await packDatabase(site.dataFs);
    await backup();
    const packed = await diff(3, 4);
    expect(packed.found).toMatchObject({
      way: 'compared',
      transactions: 1,
      removed: 0,
      classes: [{ name: MAPPING, added: { objects: 1 }, changed: { objects: 0 } }],
    });
    const { stdout } = await site.runWell('diff', points[0] ?? '');
    expect(stdout).toMatch(/Data, from [\d-]{19} to [\d-]{19} \(UTC\): \d+ transactions, /);
    expect(stdout).toMatch(/persistent\.mapping\.PersistentMapping +5 +[\d.]+ kB +1 +\d+/);

    const same = await diff(1, 1);
    expect(same.found).toMatchObject({ way: 'continued', transactions: 0, classes: [] });
    const { status, stderr } = await site.run(['diff', points[1] ?? '', points[0] ?? '']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('the first is the later one')]);
  });
});

/** Tid of the newest transaction that changed the root object alone. */
async function rootChange(site: { readonly dataFs: string }) {
  await using source = await openFileSource(site.dataFs);
  let tid = ZERO_TID;
  await scanTransactions(source, {
    from: MAGIC_BYTES,
    visitor: {
      transaction: ({ header, records }) => {
        if (records.count === 1 && records.record(0).oid === ROOT_OID) tid = header.tid;
      },
    },
  });
  return tid;
}
