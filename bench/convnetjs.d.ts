// The part of ConvNetJS 0.3 that the benchmarks use; it has no types of its own.

declare module 'convnetjs' {
  class Vol {
    constructor(sx: number, sy: number, depth: number, value?: number);
    w: Float64Array;
  }
  class Net {
    makeLayers(definitions: Record<string, string | number>[]): void;
    layers: { filters?: Vol[] }[];
  }
  class Trainer {
    constructor(net: Net, options: Record<string, string | number>);
    train(x: Vol, label: number): { loss: number };
  }
  const convnetjs: { Vol: typeof Vol; Net: typeof Net; Trainer: typeof Trainer };
  export default convnetjs;
}
