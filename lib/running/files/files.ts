/** The files of a running container, in the manner of `node:fs/promises`. */

import { planServer, type Served } from '../../compile/serve.js';
import { probe } from '../../host/probe.js';
import { type ReadFileOptions, readFile } from './reading.js';
import { CLOCK_MS, Servers } from './servers.js';
import type { ContainerPath, View } from './view.js';

/** What a container's files follow from. */
export interface FilesOf {
  readonly served: Served;
  /** Where relative paths count from. */
  readonly cwd: string;
  /** Milliseconds that one list of steps has. */
  readonly clockMs?: number;
}

export class Files {
  readonly #view: View;

  /** @internal */
  constructor({ served, cwd, clockMs = CLOCK_MS }: FilesOf) {
    const { plan, slots } = planServer(served, probe());
    this.#view = { brief: new Servers(() => plan, clockMs), long: new Servers(() => plan, clockMs), slots, cwd };
  }

  readFile(
    path: ContainerPath,
    options: BufferEncoding | (ReadFileOptions & { readonly encoding: BufferEncoding }),
  ): Promise<string>;
  readFile(path: ContainerPath, options?: (ReadFileOptions & { readonly encoding?: null }) | null): Promise<Buffer>;
  async readFile(path: ContainerPath, options?: BufferEncoding | ReadFileOptions | null): Promise<string | Buffer> {
    return readFile(this.#view, path, options);
  }

  /** @internal The container has ended: nothing more can be asked. */
  close(error: Error): void {
    this.#view.brief.close(error);
    this.#view.long.close(error);
  }
}
