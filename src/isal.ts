/* Where a process begins that calls ISA-L, at the level that is its argument: see `system/foreign/process`. */
import koffi from 'koffi';
import { serveLibrary } from './system/foreign/serve.ts';
import { IsalLibrary } from './system/isal/library.ts';

const LEVELS = [1, 2, 3] as const;
const level = LEVELS.find((known) => `${known}` === process.argv[2]) ?? 3;
serveLibrary(new IsalLibrary(koffi, { path: 'libisal.so.2', level }));
