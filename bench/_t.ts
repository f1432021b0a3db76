// Training LeNet-5: wasmgrad against ConvNetJS, the one other library that trains it on the CPU alone.

import convnetjs from 'convnetjs';
import { dispose, init } from '../src/index.js';
import { type Competitor, compete } from './compete.js';
import { asTensors, BATCH, type Batch, CLASSES, LEARNING_RATE, MOMENTUM, makeBatch, makeLenet5, SIDE } from './lenet5.js';
import { atLeast, type Result, type Suite } from './report.js';

const PEER = 'ConvNetJS';

/** Steps on one batch after which the loss must have halved: the proof that a library learns. */
const LEARNING_STEPS = 25;

/**
 * What is fair here: the same network, optimizer, batch size and numbers. Each library has the images
 * in the form it wants (tensors; `Vol`s) before the clock starts. ConvNetJS computes in f64, its only
 * precision, one image at a time, and updates the weights after each 64th: a run is one update.
 */
function competitors(batch: Batch): Competitor[] {
  const ours = ourStep(batch);
  const theirs = theirStep(batch);
  return [
    { name: 'wasmgrad', check: () => checkLearning(ours), run: () => void ours() },
    { name: PEER, check: () => checkLearning(theirs), run: () => void theirs() },
  ];
}

function ourStep(batch: Batch): () => number {
  const model = makeLenet5();
  const { x, y } = asTensors(batch);
  return () => model.trainOnBatch(x, y).loss;
}

function theirStep({ images, labels }: Batch): () => number {
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: 'input', out_sx: SIDE, out_sy: SIDE, out_depth: 1 },
    { type: 'conv', sx: 5, filters: 6, stride: 1, pad: 2, activation: 'relu' },
    { type: 'pool', sx: 2, stride: 2 },
    { type: 'conv', sx: 5, filters: 16, stride: 1, pad: 0, activation: 'relu' },
    { type: 'pool', sx: 2, stride: 2 },
    { type: 'fc', num_neurons: 120, activation: 'relu' },
    { type: 'fc', num_neurons: 84, activation: 'relu' },
    { type: 'softmax', num_classes: CLASSES },
  ]);
  const trainer = new convnetjs.Trainer(net, {
    method: 'sgd',
    learning_rate: LEARNING_RATE,
    momentum: MOMENTUM,
    batch_size: BATCH,
  });
  const pixels = SIDE * SIDE;
  const volumes = Array.from({ length: BATCH }, (_, i) => {
    const volume = new convnetjs.Vol(SIDE, SIDE, 1, 0);
    volume.w.set(images.subarray(i * pixels, (i + 1) * pixels));
    return volume;
  });
  return () => {
    let total = 0;
    for (let i = 0; i < BATCH; i++) total += trainer.train(volumes[i], labels[i]).loss;
    return total / BATCH;
  };
}

/** @throws {Error} unless steps on one batch halve the loss */
function checkLearning(step: () => number): void {
  const first = step();
  let last = first;
  for (let i = 1; i < LEARNING_STEPS; i++) last = step();
  if (!(last < first / 2)) {
    throw new Error(`the loss went from ${first} to ${last} in ${LEARNING_STEPS} steps on one batch`);
  }
}


await init({ threads: 1 });
const mode = process.argv[2];
const show=(l:string,v:number[])=>{v.sort((a,b)=>a-b);console.log(l,'median',v[v.length>>1].toFixed(0),'best',v.at(-1)!.toFixed(0))};
const batch=makeBatch(1);
if(mode==='plain'||mode==='check'){ const st=theirStep(batch); if(mode==='check')checkLearning(st); const v=[];for(let i=0;i<40;i++){const t=process.cpuUsage();st();const d=process.cpuUsage(t);v.push(64e6/(d.user+d.system));} show(mode,v);}
if(mode==='alone'||mode==='both'){ const c=competitors(batch); const r=await compete({name:mode,amount:64,unit:'',rounds:10},mode==='alone'?[c[1]]:c); console.log(mode,r.figures);}
if(mode==='loop'){ const [o,c]=competitors(batch); const v=[];for(let i=0;i<30;i++){for(let k=0;k<30;k++)o.run();const t=process.cpuUsage();c.run();const d=process.cpuUsage(t);v.push(64e6/(d.user+d.system));} show(mode,v);}
