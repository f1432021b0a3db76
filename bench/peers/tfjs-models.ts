// Models that npm packages ship, run by TF.js: each made ready to be called.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as converter from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Seed } from '../work.js';
import { filled } from './adapter.js';

/** One image, as the model takes it. */
const image = (side: number, scale = 1) =>
  tf.tensor(
    filled([1, side, side, 3], Seed.images).map((value) => scale * (value + 1) * 0.5),
    [1, side, side, 3],
  );

const installed = createRequire(import.meta.url);
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Of nsfwjs: modules that are model.json, and shards in base64. */
function nsfwjs(name: string): tf.io.IOHandler {
  const folder = `${modules}/nsfwjs/dist/models/${name}`;
  const json = installed(`${folder}/model.min.js`);
  const count = readdirSync(folder).filter((file) => file.startsWith('group')).length;
  const shards = Array.from({ length: count }, (_, i) =>
    Buffer.from(installed(`${folder}/group1-shard${i + 1}of${count}.min.js`), 'base64'),
  );
  return tf.io.fromMemory({
    ...json,
    weightSpecs: json.weightsManifest.flatMap((group: { weights: object[] }) => group.weights),
    weightData: Uint8Array.from(Buffer.concat(shards)).buffer,
  });
}

/** Lets tensors have a method. */
const method = (name: string, call: (x: tf.Tensor, ...rest: never[]) => tf.Tensor): void => {
  Object.defineProperty(tf.Tensor.prototype, name, {
    value(this: tf.Tensor, ...rest: never[]) {
      return call(this, ...rest);
    },
  });
};
// face-api calls these as methods, which all of TF.js adds, but the core alone does not.
method('as1D', (x) => tf.reshape(x, [x.size]));
for (const name of ['as2D', 'as3D', 'as4D']) method(name, (x, ...shape) => tf.reshape(x, shape));
method('div', tf.div);
method('mean', tf.mean);
method('mul', tf.mul);
method('sub', tf.sub);
method('add', tf.add);

/** What is used of a network of face-api. */
interface FaceNet {
  loadFromWeightMap(map: tf.NamedTensorMap): void;
  forward(image: tf.Tensor): Promise<tf.Tensor>;
}

/** Of face-api: one of its classes, with the weights of a file. */
async function faceApi(className: string, weights: string): Promise<FaceNet> {
  const folder = `${modules}/@vladmandic/face-api`;
  const net: FaceNet = new (installed(`${folder}/dist/face-api.node-wasm.js`)[className])();
  const path = `${folder}/model/${weights}`;
  const groups = JSON.parse(readFileSync(`${path}-weights_manifest.json`, 'utf8'));
  const bytes = Uint8Array.from(readFileSync(`${path}.bin`)).buffer;
  net.loadFromWeightMap(tf.io.decodeWeights(bytes, groups[0].weights));
  return net;
}

type Run = () => tf.Tensor | Promise<tf.Tensor>;

/** The models by name; each is loaded on TF.js's backend of the moment. */
export const models: Readonly<Record<string, () => Promise<Run>>> = {
  async 'MobileNetV2, loadGraphModel'() {
    const model = await converter.loadGraphModel(nsfwjs('mobilenet_v2_mid'));
    const x = image(224);
    return () => model.predict(x) as tf.Tensor;
  },
  async 'MobileNetV2, loadLayersModel'() {
    const model = await tfl.loadLayersModel(nsfwjs('mobilenet_v2'));
    const x = image(224);
    return () => model.predict(x) as tf.Tensor;
  },
  async 'face-api, recognition'() {
    const net = await faceApi('FaceRecognitionNet', 'face_recognition_model');
    const x = image(150, 255);
    return () => net.forward(x);
  },
  async 'face-api, 68 landmarks'() {
    const net = await faceApi('FaceLandmark68Net', 'face_landmark_68_model');
    const x = image(112, 255);
    return () => net.forward(x);
  },
};
