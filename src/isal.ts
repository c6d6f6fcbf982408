/* Where a process begins that calls ISA-L, at the level that is its argument: see `system/isal/process`. */
import koffi from 'koffi';
import { IsalLibrary } from './system/isal/library.ts';
import { serveIsal } from './system/isal/serve.ts';

const LEVELS = [1, 2, 3] as const;
const level = LEVELS.find((known) => `${known}` === process.argv[2]) ?? 3;
serveIsal(new IsalLibrary(koffi, { path: 'libisal.so.2', level }));
