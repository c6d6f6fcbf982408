/** Where the executable begins. Its worker threads run the same code, of which they want only their own part. */
import { isMainThread } from 'node:worker_threads';
import { main } from '../src/cli/program.ts';
import '../src/worker.ts';

if (isMainThread) void main(process.argv.slice(2));
