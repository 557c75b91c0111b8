/** What is run follows from a call and the container's own words. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Container, type SpawnOptions } from '#lib/index.js';
import { errorOf } from '../support/errors.js';

const bare = new Container();
const box = bare.entrypoint('nice', '-n').command('5', 'true');

function commandOf(container: Container, ...call: Parameters<Container['plan']>): readonly string[] {
  const ending = container.plan(...call).steps.at(-1);
  return ending?.op === 'exec' ? ending.args : assert.fail();
}

describe('without a file', () => {
  test('the command runs behind the entrypoint, and each without the other', () => {
    assert.deepEqual(commandOf(box), ['nice', '-n', '5', 'true']);
    assert.deepEqual(commandOf(bare.entrypoint('true')), ['true']);
    assert.deepEqual(commandOf(bare.command('echo', '')), ['echo', '']);
  });

  test('options may come first, or behind what is left out', () => {
    const options: SpawnOptions = { cwd: '/tmp', timeout: 7 };
    for (const call of [[options], [undefined, options], [undefined, undefined, options]] as const) {
      const plan = box.plan(...(call as unknown as Parameters<Container['plan']>));
      assert.equal(plan.timeoutMs, 7);
      assert.deepEqual(commandOf(box, ...(call as unknown as Parameters<Container['plan']>)), commandOf(box));
    }
  });

  test('a later call replaces an earlier one, and none are none', () => {
    assert.deepEqual(commandOf(box.command('3', 'id')), ['nice', '-n', '3', 'id']);
    assert.deepEqual(commandOf(box.entrypoint().command('id')), ['id']);
    assert.deepEqual(commandOf(box.command().entrypoint('id', '-u')), ['id', '-u']);
  });

  test('explain() shows it', () => {
    assert.match(box.explain(), /nice -n 5 true/);
    assert.match(bare.explain(), /sh/);
  });

  test('where there is no command: spawn() throws and run() rejects, plan() shows a shell', async () => {
    for (const container of [bare, box.entrypoint().command()]) {
      for (const call of [() => container.spawn(), () => container.spawn({ cwd: '/tmp' })]) {
        const error = errorOf(call) as NodeJS.ErrnoException;
        assert.ok(error instanceof TypeError);
        assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
        assert.match(error.message, /^file must be .*command\(\).*entrypoint\(\)/);
      }
      await assert.rejects(container.run(), TypeError);
      await assert.rejects(container.run({ timeout: 5 }), TypeError);
      assert.deepEqual(commandOf(container), ['sh']);
    }
  });

  test('there are no arguments', () => {
    const error = errorOf(() => box.spawn(undefined as never, ['-l']));
    assert.match((error as Error).message, /^args .*command\(…\)/);
  });
});

test('a file that is given replaces both', () => {
  assert.deepEqual(commandOf(box, 'id'), ['id']);
  assert.deepEqual(commandOf(box, 'id', ['-u']), ['id', '-u']);
  assert.deepEqual(commandOf(box, 'id', { cwd: '/tmp' }), ['id']);
});

test('options are checked as ever, and named', () => {
  assert.match((errorOf(() => box.spawn({ cmd: 'ls' } as never)) as Error).message, /command\(\)/);
  assert.match((errorOf(() => box.spawn({ timeout: -1 })) as Error).message, /^timeout/);
  assert.match((errorOf(() => bare.command('', 'a').spawn()) as Error).message, /^file/);
});

test('JSON has both, as they were given', () => {
  const json = JSON.parse(JSON.stringify(box)) as object;
  assert.deepEqual(new Container(json).toJSON(), box.toJSON());
  assert.deepEqual(commandOf(new Container(json)), commandOf(box));
  const without = new Container({ ...json, entrypoint: undefined });
  assert.ok(!('entrypoint' in without.toJSON()));
});
