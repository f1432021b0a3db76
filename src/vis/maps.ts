// Filters and maps as sheets of tiles.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, flag } from '../base/options.js';
import { show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Data, Model } from '../core.js';
import { anyScale, colorAt, endsOf, placing, type Scale } from './colors.js';
import { withLegend } from './numerals.js';
import { draw, type Picture } from './picture.js';
import { checkModel, samplesOf } from './samples.js';
import { type SheetOptions, sheet, sheetWords } from './sheet.js';
import { temporarily } from './temporary.js';
import { layerOf } from './units.js';

/** How filters and maps are laid out. */
export interface TileOptions extends SheetOptions {
  /**
   * Whether the colours and the numbers at their ends stand below, as pixels. `vis.legend` gives them as SVG. Filters in
   * red, green and blue have a scale each, and no legend.
   */
  legend?: boolean;
}

const tileWords = { ...sheetWords, legend: flag };

/**
 * A layer's filters. With three input channels each is one tile in colour, grey where it is 0. Otherwise each input
 * channel of a filter is a tile, blue below 0 and red above, a row for each filter.
 *
 * @param layer the name of a layer with a kernel [height, width, in, out], such as a convolution
 * @throws {ValueError} for an unknown layer, and one without filters: those that have some are listed
 */
export function filters(model: Model, layer: string, options: TileOptions = {}): Picture {
  return naming('vis.filters', () => {
    checkModel(model);
    const { legend, ...layout } = checkOptions('vis.filters', options, tileWords);
    const { shape, numbers } = kernelOf(model, layer);
    const [height, width, channels, count] = shape;
    const at = (row: number, column: number, channel: number, filter: number) =>
      numbers[((row * width + column) * channels + channel) * count + filter];
    if (channels === 3) {
      const tiles = Array.from({ length: count }, (_, filter) => {
        const place = placing(
          numbers.filter((_, i) => i % count === filter),
          'diverging',
          {},
        );
        const light = (row: number, column: number, c: number) =>
          255 * place(at(row, column, c, filter));
        return draw(width, height, (row, column) => [
          light(row, column, 0),
          light(row, column, 1),
          light(row, column, 2),
        ]);
      });
      return sheet(tiles, layout);
    }
    const place = placing(numbers, 'diverging', {});
    const tiles = Array.from({ length: count * channels }, (_, i) =>
      draw(width, height, (row, column) =>
        colorAt('diverging', place(at(row, column, i % channels, Math.floor(i / channels)))),
      ),
    );
    const picture = sheet(tiles, channels === 1 ? layout : { columns: channels, ...layout });
    const ends = endsOf(numbers, 'diverging', {});
    return legend ? withLegend(picture, 'diverging', ends) : picture;
  });
}

/** The kernel [height, width, in, out] of a layer. @throws {ValueError} */
export function kernelOf(
  model: Model,
  layer: string,
): { shape: readonly number[]; numbers: Float32Array } {
  const found = model.layers.find(({ name }) => name === layer);
  const hasKernel = model.weights.filter(({ tensor }) => tensor.shape.length === 4);
  const known = [...new Set(hasKernel.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))];
  const list =
    known.length > 0 ? `layers with filters are ${known.join(', ')}` : 'no layer has filters';
  if (!found) throw new ValueError(`there is no layer ${shown(layer)}; ${list}`);
  const weight = hasKernel.find(({ name }) => name.startsWith(`${layer}/`));
  if (!weight) throw new ValueError(`'${layer}' (${found.type}) has no filters; ${list}`);
  const { shape, numbers } = weight.tensor;
  return { shape, numbers: Float32Array.from(numbers) };
}

const words = { ...tileWords, scale: anyScale };

/**
 * The maps that a layer makes of an image, a tile for each channel, all with one scale.
 *
 * @param x one image
 * @param options.scale 'viridis' by default
 * @throws {ShapeError} for more than one image, an image of another shape, and a layer without maps
 * @throws {ValueError} for an unknown layer
 */
export function activations(
  model: Model,
  x: Data,
  layer: string,
  options: TileOptions & { scale?: Scale } = {},
): Picture {
  return naming('vis.activations', () => {
    checkModel(model);
    const {
      scale = 'viridis',
      legend,
      ...layout
    } = checkOptions('vis.activations', options, words);
    const { shape } = layerOf(model, layer);
    if (shape.length !== 3) {
      const { nodes } = model.resources.network.graph;
      const known = nodes.filter((node) => node.shape.length === 3);
      const list = known.map((node) => node.layer.name).join(', ') || 'none';
      throw new ShapeError(
        `'${layer}' makes ${show(shape)}, no maps [height, width, channels]; layers with maps are ${list}`,
      );
    }
    const [height, width, channels] = shape;
    const numbers = temporarily((keep) => {
      const images = keep(samplesOf(model, x));
      const [count] = images.shape;
      if (count !== 1) throw new ShapeError(`one image at a time, not ${count}`);
      return Float32Array.from(keep(model.activations(images, layer)).numbers);
    });
    const place = placing(numbers, scale, {});
    const tiles = Array.from({ length: channels }, (_, c) =>
      draw(width, height, (row, column) =>
        colorAt(scale, place(numbers[(row * width + column) * channels + c])),
      ),
    );
    const picture = sheet(tiles, layout);
    return legend ? withLegend(picture, scale, endsOf(numbers, scale, {})) : picture;
  });
}
