// What the backend is called, and how its peers are had.

/** The name that TF.js knows the backend by. */
export const NAME = 'wasmgrad';

/** The way out where they are missing, or others. */
export const INSTALL = 'npm install @tensorflow/tfjs-core@4 @tensorflow/tfjs-backend-cpu@4';
