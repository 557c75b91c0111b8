/** A promise, and what settles it. Promise.withResolvers() of Node 22 */

export interface Resolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

export function withResolvers<Value>(): Resolvers<Value> {
  let settle!: Omit<Resolvers<Value>, 'promise'>;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
