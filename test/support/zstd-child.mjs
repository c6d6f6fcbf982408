// In place of the process that calls zstd's library to make frames: it knows the frame of one content, and misbehaves at
// the second request.
// usage: node zstd-child.mjs FAULT
import { crc32 } from 'node:zlib';
import { answer, answerRequests, lengthOf } from './library-child.mjs';

const KNOWN_FRAME = Buffer.from('KLUv/QRYSQAAem9kYnZhdWx0huM6PA==', 'base64');
const [fault] = process.argv.slice(2);

const FAULTS = {
  exits: () => process.exit(1),
  'is killed': () => process.kill(process.pid, 'SIGKILL'),
  'says that it failed': () => answer(Buffer.alloc(0)),
  'says a length beyond all answers': () => answer(Buffer.alloc(0), 0xffff_ffff),
  'answers less than a checksum': () => answer(Buffer.alloc(3)),
  'answers for other content': () => answerFor('zodbvault'),
  'answers noise behind the right checksum': (content) =>
    answer(Buffer.concat([lengthOf(crc32(content)), Buffer.alloc(100, 0xa5)])),
};

answerRequests((content, count) => {
  if (count === 0) answerFor(content);
  else FAULTS[fault](content);
});

function answerFor(content) {
  answer(Buffer.concat([lengthOf(crc32(content)), KNOWN_FRAME]));
}
