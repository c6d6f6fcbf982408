/*
 * In place of the process that calls ISA-L: it serves a library of another version, that does something wrong from time to
 * time, but not with the known block, which comes first.
 * usage: node --import tsx library-in-script-child.ts SEED
 */
import { randomFrom } from '../../src/demo/random.ts';
import { serveLibrary } from '../../src/system/foreign/serve.ts';
import { IsalLibrary } from '../../src/system/isal/library.ts';
import { type LibraryFault, libraryInScript } from './library-in-script.ts';

const random = randomFrom(Number(process.argv[2]));
let calls = 0;

function nextFault(): LibraryFault {
  calls += 1;
  if (calls === 1) return { kind: 'none' };
  switch (random.below(9)) {
    case 0:
      return { kind: 'compresses other content' };
    case 1:
      return { kind: 'changes a byte', at: random.below(2000) - 1000, by: 1 + random.below(255) };
    case 2:
      return { kind: 'says another length', length: random.below(2 ** 21) };
    case 3:
      return { kind: 'has other fields', at: random.below(60), value: random.below(2 ** 32) };
    default:
      return { kind: 'none' };
  }
}

serveLibrary(new IsalLibrary(libraryInScript(nextFault), { path: 'libisal.so.2', level: 3 }));
