// Where the backend finds a tensor's cell: a cell is its own name, so that nothing need be looked up. Data that another
// backend had before keep the name that they had there.

import { DataStorage } from '@tensorflow/tfjs-core';
import { Cell } from './cell.js';

type DataId = Parameters<DataStorage<Cell>['get']>[0];

const isOwn = (id: DataId): id is Cell => id instanceof Cell && !id.isGone;

export class CellStorage extends DataStorage<Cell> {
  #own = 0;

  override get(id: DataId): Cell {
    return isOwn(id) ? id : super.get(id);
  }

  override has(id: DataId): boolean {
    return isOwn(id) || super.has(id);
  }

  override set(id: DataId, cell: Cell): void {
    if (id === cell) this.#own++;
    else super.set(id, cell);
  }

  override delete(id: DataId): boolean {
    if (!isOwn(id)) return super.delete(id);
    this.#own--;
    return true;
  }

  override numDataIds(): number {
    return this.#own + super.numDataIds();
  }
}
