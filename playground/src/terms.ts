// Words of the trade, explained where they stand: whatever has `data-term` shows what it means, on hover and on focus.

import { element } from './dom.js';

const meanings: Readonly<Record<string, string>> = {
  activation:
    'What becomes of each number of a layer: ReLU makes those below zero 0, linear leaves all as they are.',
  accuracy: 'The share of the images that are taken for what they are.',
  'batch norm':
    'Batch normalisation: scales what a layer gives to mean 0 and deviation 1, over the images of a batch. Deep networks learn faster with it.',
  batch: 'How many images the network sees before its weights change once.',
  convolution:
    'Lays a small filter on each place of the image: the sum of the pixels there, each times its number of the filter.',
  dense: 'Each of its units sums up all numbers below, each times a weight of its own.',
  epoch: 'Once through all training images.',
  filter:
    'A small square of numbers that a convolution multiplies the image with. A network learns these numbers.',
  flatten: 'Writes the numbers of all maps into one row, for the dense layers.',
  'grad-cam':
    'Where a layer’s maps speak for the class: each map counts as much as it moves the class’s score.',
  'gradient norm':
    'How long the gradient is that the weights move along: near 0, nothing is learned any more; growing without end, the training bursts.',
  kernel: 'The numbers of a filter; its size is the side of the square.',
  'learning rate':
    'How far the weights move in each step. Too small, and it takes for ever; too large, and it never settles.',
  loss: 'How wrong the network is: 0 is perfect, and guessing among ten classes gives 2.3.',
  map: 'What one filter makes of the image: bright where it finds what it looks for.',
  optimizer:
    'How the weights are changed: SGD goes downhill with a momentum, Adam gives each weight a step of its own.',
  padding:
    'Zeros around the image, so that the filter fits at the edges too: “same” adds as many as keep its size, “valid” none.',
  pooling: 'Makes a map smaller: of each little window it keeps the largest number, or the mean.',
  residual:
    'A block that adds what it finds to what it was given, so that deep networks still learn.',
  saliency: 'How much the class’s score changes when a pixel changes a little.',
  simd: 'One instruction for several numbers at once. Strict gives the same bits on every machine; relaxed multiplies and adds in one go, which is faster.',
  stride: 'How many pixels the window goes on from one place to the next.',
  't-sne':
    'Puts images side by side in the plane that are alike to the network, however many numbers it describes them by.',
  threads: 'Parts of the work that run at the same time, one on each core.',
  'test accuracy':
    'The share of right answers on images that are never trained on: what the network really knows.',
  winograd: 'A way to compute convolutions with fewer multiplications.',
};

const tip = element('div', { id: 'tip', className: 'tip', hidden: true });
tip.setAttribute('role', 'tooltip');

/** Shows a meaning below its word, within the page. */
function show(word: HTMLElement): void {
  tip.textContent = meanings[word.dataset.term ?? ''] ?? '';
  tip.hidden = false;
  word.setAttribute('aria-describedby', tip.id);
  const { left, bottom, top } = word.getBoundingClientRect();
  const most = innerWidth - tip.offsetWidth - 8;
  const isRoom = bottom + tip.offsetHeight + 12 < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(left, most))}px`;
  tip.style.top = `${isRoom ? bottom + 6 : top - tip.offsetHeight - 6}px`;
}

function hide(word: HTMLElement): void {
  tip.hidden = true;
  word.removeAttribute('aria-describedby');
}

/** Explains the words that the page has. */
export function explainTerms(): void {
  document.body.append(tip);
  for (const word of document.querySelectorAll<HTMLElement>('[data-term]')) {
    word.tabIndex = 0;
    for (const event of ['pointerenter', 'focus']) word.addEventListener(event, () => show(word));
    for (const event of ['pointerleave', 'blur']) word.addEventListener(event, () => hide(word));
    // In a label a press would go on to the field, and what the word means away.
    word.addEventListener('click', (event) => event.preventDefault());
    word.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') hide(word);
    });
  }
}
