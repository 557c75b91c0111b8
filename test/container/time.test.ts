/** `timeOffsets()` shifts the clocks of a container. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container().namespaces(['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time']);
const DAY_S = 86_400;

/** Seconds that the machine seems to be up. */
async function uptime(container: Container, options: { readonly init?: boolean } = {}): Promise<number> {
  const { stdout } = await container.init(options.init ?? true).run('cat', ['/proc/uptime'], { check: true });
  return Number(stdout.split(' ')[0]);
}

suite('timeOffsets()', requires('time-namespaces'), () => {
  for (const init of [true, false]) {
    test(`the machine seems to be up for a day longer, ${init ? 'with' : 'without'} an init`, async () => {
      const without = await uptime(box, { init });
      const shifted = await uptime(box.timeOffsets({ boottime: DAY_S * 1000 }), { init });
      assert.ok(shifted - without >= DAY_S && shifted - without < DAY_S + 60, `${without} → ${shifted}`);
    });
  }

  test('both clocks, backwards and to the millisecond', async () => {
    const { stdout } = await box
      .timeOffsets({ monotonic: { secs: 7, nanosecs: 5 }, boottime: -1500 })
      .run('cat', ['/proc/self/timens_offsets'], { check: true });
    assert.deepEqual(stdout.trim().split(/\s+/), ['monotonic', '7', '5', 'boottime', '-2', '500000000']);
  });

  test('needs a time namespace', () => {
    assert.throws(() => new Container().timeOffsets({ boottime: 1 }).spawn('true'), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /"time" among the namespaces/,
    });
  });

  test('what goes back beyond 0 is refused by the kernel', async () => {
    const early = box.timeOffsets({ monotonic: -(2 ** 31 - 1) * 1000 });
    await rejectsAtStep(() => early.run('true'), { op: 'setTimeOffset', code: 'ERANGE', option: 'timeOffsets()' });
  });
});
