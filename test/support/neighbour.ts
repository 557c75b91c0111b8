/**
 * All that is outside of a world, as a program in a network namespace of its own: `neighbour.js READY`.
 *
 * It answers on port 8000 by TCP and UDP with who has asked, and on port 53 with one address for every name. The file
 * READY is there when all of it listens.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { answerNames } from './names.js';

const [ready = ''] = process.argv.slice(2);
const plain = (address = ''): string => address.replace('::ffff:', '');
const tcp = createServer((socket) => socket.on('error', () => {}).end(`outside ${plain(socket.remoteAddress)}`));
tcp.listen(8000, '::');
const udp = createSocket('udp6');
udp.on('message', (_, { address, port }) => udp.send(`outside ${plain(address)}`, port, address));
udp.bind(8000, '::');
await Promise.all([once(tcp, 'listening'), once(udp, 'listening'), answerNames('203.0.113.53', '203.0.113.10')]);
writeFileSync(ready, '');
