/* Loaded into the command before anything else: it is killed before it renames what KILLED_AT names. */
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { rename } = promises;
promises.rename = (from, to) => {
  if (from === process.env.KILLED_AT) process.kill(process.pid, 'SIGKILL');
  return rename(from, to);
};
syncBuiltinESMExports();
