// The check of what functions are given that take a model.

import { ValueError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import { Model, type Tensors } from '../core.js';

/** @throws {ValueError} for anything but a model */
export function checkModel(model: Model<Tensors>): void {
  if (model instanceof Model) return;
  throw new ValueError(
    `expected a model, such as new Sequential([…], { inputShape }), not ${shown(model)}`,
  );
}
