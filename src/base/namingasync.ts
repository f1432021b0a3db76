// `naming` and `about` for work that awaits.

import { about, naming } from './naming.js';

/** As `naming`, for errors that a promise is rejected with. */
export async function namingAsync<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return naming(where, () => {
      throw error;
    });
  }
}

/** As `about`, for errors that a promise is rejected with. */
export async function aboutAsync<T>(part: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return about(part, () => {
      throw error;
    });
  }
}
