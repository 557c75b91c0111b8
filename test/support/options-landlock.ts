/** What Landlock is given: what is taken, what becomes of it, and what is refused. */

import type { Option } from './options.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';
const onUnsupported = 'error';

export const LANDLOCK_OPTION: Option = {
  unset: undefined,
  right: [
    [{ execute: '/' }, { onUnsupported, execute: ['/'] }],
    [
      { read: '/etc/', write: ['/tmp', '/var/../tmp'], execute: ['/usr'], onUnsupported: 'warn' },
      { onUnsupported: 'warn', read: ['/etc'], write: ['/tmp'], execute: ['/usr'] },
    ],
    [
      { read: [], execute: ['/bin/sh'], write: undefined },
      { onUnsupported, read: [], execute: ['/bin/sh'] },
    ],
    [{ connectTcp: [] }, { onUnsupported, connectTcp: [] }],
    [
      { connectTcp: [443, 65_535, 443], bindTcp: [0] },
      { onUnsupported, connectTcp: [443, 65_535], bindTcp: [0] },
    ],
    [{ scope: ['signal', 'abstract-unix-socket'] }, { onUnsupported, scope: ['signal', 'abstract-unix-socket'] }],
  ],
  wrong: [
    ['/usr', TYPE],
    [null, TYPE],
    [{}, VALUE],
    [{ read: undefined, onUnsupported: 'warn' }, VALUE],
    [{ reed: '/' }, VALUE],
    [{ read: '/' }, VALUE],
    [{ write: '/tmp', execute: [] }, VALUE],
    [{ execute: 'usr' }, VALUE],
    [{ execute: ['/usr', 1] }, TYPE],
    [{ execute: { 0: '/usr' } }, TYPE],
    [{ execute: '/usr\0' }, VALUE],
    [{ connectTcp: 443 }, TYPE],
    [{ connectTcp: ['443'] }, TYPE],
    [{ connectTcp: [65_536] }, RANGE],
    [{ bindTcp: [-1] }, RANGE],
    [{ bindTcp: [0.5] }, RANGE],
    [{ scope: 'signal' }, TYPE],
    [{ scope: ['signals'] }, VALUE],
    [{ execute: '/', onUnsupported: 'ignore' }, VALUE],
  ],
};
