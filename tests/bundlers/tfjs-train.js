// What all pages train by tf.layers, and Node too: numbers that are close.

/**
 * @param tf the core of TF.js, or all of it
 * @param tfl its layers
 * @returns the backend, and the loss of each epoch
 */
export async function train(tf, tfl) {
  const isSet = await tf.setBackend('wasmgrad');
  const seeded = (seed) => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed }) });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [12, 12, 1], filters: 8, kernelSize: 3, ...seeded(1) }),
      tfl.layers.batchNormalization(),
      tfl.layers.activation({ activation: 'relu' }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 4, activation: 'softmax', ...seeded(2) }),
    ],
  });
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
  const values = Float32Array.from({ length: 32 * 144 }, (_, i) => ((i * 7919) % 1009) / 505 - 1);
  const x = tf.tensor4d(values, [32, 12, 12, 1]);
  const labels = Int32Array.from({ length: 32 }, (_, i) => i % 4);
  const y = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 4), 'float32');
  const { history } = await model.fit(x, y, {
    ...{ batchSize: 16, epochs: 3, shuffle: false, verbose: 0 },
  });
  return { backend: isSet && tf.getBackend(), losses: history.loss };
}
