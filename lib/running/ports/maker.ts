/** How sockets come from a running container. */

import type { ServedSlots } from '../../compile/serve.js';
import { hasEnded, socketsLost } from '../../errors/errors.js';
import { native } from '../../launch/native.js';
import type { ServedStep } from '../../plan/steps.js';
import { type Asked, faultOf } from '../files/fault.js';
import type { Servers } from '../files/servers.js';

/** The servers of a container. */
export interface ServersOf {
  readonly brief: Servers;
  readonly slots: ServedSlots;
}

export class SocketMaker {
  readonly #make: () => ServersOf;
  #made: ServersOf | undefined;

  /** `servers` makes them, at the first call that takes one. */
  constructor(servers: () => ServersOf) {
    this.#make = servers;
  }

  /**
   * Performs steps inside. Gives the descriptor of what is then in the slot that they were made with; where it rejects,
   * nothing is left of them.
   *
   * @throws StepError; CarrelError with `ERR_ENDED` where the container has ended.
   */
  async make(steps: (slot: number) => readonly ServedStep[], asked: Asked): Promise<number> {
    this.#made ??= this.#make();
    const { brief, slots } = this.#made;
    const { lane, passing } = slots;
    const list: readonly ServedStep[] = [...steps(passing), { op: 'handOver', lane, slots: [passing] }];
    return brief.run(async (server) => {
      const answer = await server.perform(list);
      if (answer.error !== 0) throw faultOf(answer, list, asked);
      const [descriptor] = server.take();
      if (descriptor === undefined) throw socketsLost();
      return descriptor;
    });
  }

  /** Closes what nobody takes. */
  drop(descriptor: number): void {
    native().close(descriptor);
  }

  /** Removes a name, as far as that can be done. */
  async remove(path: string): Promise<void> {
    await this.#made?.brief.perform([{ op: 'unlinkat', path, directory: false }]).catch(() => {});
  }

  /** The container has ended. */
  close(): void {
    this.#made?.brief.close(hasEnded('a socket'));
  }
}
