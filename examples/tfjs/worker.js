// The program: TF.js as script tags give it, a model of tf.layers, and the backend that the page names.

importScripts(
  'tf/tfjs-core/tf-core.min.js',
  'tf/tfjs-backend-cpu/tf-backend-cpu.min.js',
  'tf/tfjs-backend-webgl/tf-backend-webgl.min.js',
  'tf/tfjs-backend-wasm/tf-backend-wasm.min.js',
  'tf/tfjs-layers/tf-layers.min.js',
);

const BATCH = 64;

function lenet() {
  const { conv2d, maxPooling2d, flatten, dense } = tf.layers;
  let seed = 1;
  const fresh = () => ({ kernelInitializer: tf.initializers.glorotUniform({ seed: seed++ }) });
  const relu = { activation: 'relu' };
  const model = tf.sequential({
    layers: [
      conv2d({
        ...{ inputShape: [28, 28, 1], filters: 6, kernelSize: 5, padding: 'same' },
        ...relu,
        ...fresh(),
      }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 16, kernelSize: 5, ...relu, ...fresh() }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 120, ...relu, ...fresh() }),
      dense({ units: 84, ...relu, ...fresh() }),
      dense({ units: 10, activation: 'softmax', ...fresh() }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.001), loss: 'sparseCategoricalCrossentropy' });
  return model;
}

/** Trains for some seconds; tells the page of each step. */
async function train(backend, seconds) {
  tf.wasm.setWasmPaths(new URL('tf/tfjs-backend-wasm/', location.href).href);
  if (backend === 'wasmgrad') await import('./wasmgrad/tfjs-script.js');
  if (!(await tf.setBackend(backend))) throw new Error(`there is no ${backend} here`);
  const [pixels, labels] = await Promise.all(
    ['digits', 'labels'].map(async (name) => (await fetch(name)).arrayBuffer()),
  );
  const x = Float32Array.from(new Uint8Array(pixels), (pixel) => pixel / 255);
  const y = Float32Array.from(new Uint8Array(labels));
  const model = lenet();
  const started = performance.now();
  let first = 0;
  for (let step = 0; performance.now() - started < 1000 * seconds; step++) {
    const from = (step * BATCH) % (y.length - BATCH);
    const images = tf.tensor4d(x.subarray(784 * from, 784 * (from + BATCH)), [BATCH, 28, 28, 1]);
    const classes = tf.tensor1d(y.subarray(from, from + BATCH));
    const loss = await model.trainOnBatch(images, classes);
    tf.dispose([images, classes]);
    const now = performance.now();
    // The first step also prepares what all others use.
    if (step === 0) first = now;
    const imagesPerSecond = step > 0 ? (1000 * BATCH * step) / (now - first) : undefined;
    postMessage({
      loss,
      seconds: (now - started) / 1000,
      images: BATCH * (step + 1),
      imagesPerSecond,
    });
  }
}

self.onmessage = ({ data: { backend, seconds } }) =>
  train(backend, seconds).then(
    () => postMessage({ isDone: true }),
    ({ message }) => postMessage({ error: message.split('\n')[0] }),
  );
