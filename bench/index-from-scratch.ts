import { OidIndex } from '../src/filestorage/index/oid-index.ts';
import { scanTransactions } from '../src/filestorage/scan-transactions.ts';
import { openFileSource } from '../src/system/files/byte-source.ts';

/** Builds the index of the Data.fs that is named on the command line, from its first byte. */
await using source = await openFileSource(process.argv[2] ?? '');
const index = new OidIndex();
await scanTransactions(source, {
  from: 4,
  visitor: { transaction: ({ records }) => index.apply(records) },
});
process.stdout.write(`${index.size} objects\n`);
