/** Calls that add to a definition: a chain of them is what one call with all of it is, whenever it is read. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type ContainerStep, type Mount, tmpfs } from '#lib/index.js';
import { generator } from '../support/random.js';

suite('additions', () => {
  test('a chain is the same as the constructor with all of it, wherever it was read on the way', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = generator(seed);
      const mounts: Mount[] = [];
      const mask: string[] = [];
      const steps: { step: ContainerStep; before: 'init' }[] = [];
      const env: Record<string, string> = {};
      let box = new Container();
      for (let call = 0; call < 20; call += 1) {
        const name = `n${random.below(30)}`;
        random.pick([
          () => {
            mounts.push(tmpfs(`/${name}`), tmpfs(`/${name}/b`));
            box = box.mount(...mounts.slice(-2));
          },
          () => {
            mask.push(`/${name}`);
            box = box.mask(`/${name}`);
          },
          () => {
            steps.push({ step: { op: 'setHostname', hostname: name }, before: 'init' });
            box = box.step({ op: 'setHostname', hostname: name }, { before: 'init' });
          },
          () => {
            env[name] = String(call);
            box = box.env({ [name]: String(call) });
          },
          () => void JSON.stringify(box),
          () => (box = box.cwd('/tmp')),
        ])();
      }
      const { cwd } = box.toJSON();
      assert.equal(
        JSON.stringify(box),
        JSON.stringify(new Container({ mounts, mask, steps, env, cwd })),
        `seed ${seed}`,
      );
      assert.deepEqual(Object.keys(box.toJSON().env), Object.keys(env));
    }
  });

  test('two that go on from one have nothing of each other', () => {
    const one = new Container().env({ A: '1' }).mask('/a');
    const [left, right] = [one.env({ B: 'left' }).mask('/l'), one.env({ B: 'right' }).mask('/r')];
    assert.deepEqual(right.toJSON().env, { A: '1', B: 'right' });
    assert.deepEqual(left.toJSON().env, { A: '1', B: 'left' });
    assert.deepEqual(left.toJSON().mask, ['/a', '/l']);
    assert.deepEqual(right.toJSON().mask, ['/a', '/r']);
    assert.deepEqual(one.toJSON().mask, ['/a']);
  });

  test('the call that adds something wrong throws, and says which of all entries it is', () => {
    const box = new Container().mount(tmpfs('/a'), tmpfs('/b')).env({ A: '1' }).mask('/a');
    assert.throws(() => box.mount(tmpfs('/c'), {} as Mount), /mounts\[3\]\.type/);
    assert.throws(() => box.mask('/b', 'c'), /mask\[2\]/);
    assert.throws(() => box.env({ 'A=B': '1' }), /a variable's name/);
    assert.throws(() => box.namespaces([]), /mounts and mask need "mount"/);
    assert.throws(() => new Container().namespaces(['user']).mask('/a'), /mounts and mask need "mount"/);
    assert.throws(() => box.step({ op: 'exit', status: 0 } as never), /its own "exit"/);
  });

  test('what is added is frozen, and a variable may have any name', () => {
    const definition = new Container()
      .env({ ['__proto__']: 'x' })
      .env({ constructor: 'y' })
      .mask('/a')
      .toJSON();
    assert.deepEqual(Object.entries(definition.env), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    assert.ok(Object.isFrozen(definition.env) && Object.isFrozen(definition.mask) && Object.isFrozen(definition));
  });
});
