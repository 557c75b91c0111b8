/** What copies are made by: two servers each, one of the container's and one of the host's. */

import { planHostServer, type Served, type ServedSlots } from '../../../compile/serve.js';
import { probe } from '../../../host/probe.js';
import { Servers, type ServersOptions, serverOf } from '../servers.js';
import type { Side } from './side.js';

/** So many copies go on at a time. Fewer than there can be servers: one that is stuck is replaced. */
const MOST = 4;

export class Copying {
  readonly #served: Served;
  readonly #options: ServersOptions;
  #inside: Servers | undefined;
  #host: { readonly servers: Servers; readonly slots: ServedSlots } | undefined;
  #going = 0;
  readonly #waiting: (() => void)[] = [];
  #end: Error | undefined;
  readonly #ending = new AbortController();
  /** Those that the host's servers have something to do for. */
  #both = 0;
  #idle: (() => void) | undefined;

  constructor(served: Served, options: ServersOptions) {
    this.#served = served;
    this.#options = options;
  }

  /** The container's umask, which copies do without: modes are those of what is copied. */
  get umask(): number {
    return this.#served.umask;
  }

  /** Aborted by the end of the container, with what is then rejected with. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /** Does a job that has a server of the container's to itself. It waits for others without a clock, until `signal`. */
  async inside<Result>(signal: AbortSignal | undefined, job: (inside: Side) => Promise<Result>): Promise<Result> {
    await this.#begin(signal);
    try {
      const { plan, slots } = serverOf({ ...this.#served, umask: 0 });
      this.#inside ??= new Servers(() => plan, this.#options);
      return await this.#inside.run((server) => job({ server, slots }));
    } finally {
      this.#done();
    }
  }

  /** The same with a server of the host's beside it. */
  both<Result>(signal: AbortSignal | undefined, job: (inside: Side, host: Side) => Promise<Result>): Promise<Result> {
    return this.inside(signal, async (inside) => {
      this.#host ??= this.#serveHost();
      const { servers, slots } = this.#host;
      this.#both += 1;
      try {
        return await servers.run((server) => job(inside, { server, slots }));
      } finally {
        this.#both -= 1;
        if (this.#both === 0) this.#idle?.();
      }
    });
  }

  /** The container has ended. The host's servers stay until what is going on has removed what is not whole. */
  async close(error: Error): Promise<void> {
    this.#end = error;
    this.#ending.abort(error);
    for (const go of this.#waiting.splice(0)) go();
    await this.#inside?.close(error);
    if (this.#both > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    await this.#host?.servers.close(error);
  }

  #serveHost(): { readonly servers: Servers; readonly slots: ServedSlots } {
    const { plan, slots } = planHostServer(probe());
    return { servers: new Servers(() => plan, { clockMs: this.#options.clockMs }), slots };
  }

  async #begin(signal: AbortSignal | undefined): Promise<void> {
    while (this.#end === undefined && this.#going >= MOST) await this.#turn(signal);
    if (this.#end !== undefined) throw this.#end;
    this.#going += 1;
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(go);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #done(): void {
    this.#going -= 1;
    this.#waiting.shift()?.();
  }
}
